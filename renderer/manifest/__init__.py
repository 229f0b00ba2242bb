"""Reads what writers commit and returns checked utterances, or every fault at once."""
