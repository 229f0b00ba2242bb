"""Dramatiq actors and the processes that run them."""
