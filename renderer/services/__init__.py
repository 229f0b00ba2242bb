"""Use cases. Read render.py first."""
