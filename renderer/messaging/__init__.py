"""The only door to Dramatiq outside workers/."""
