"""Learned metrics."""
