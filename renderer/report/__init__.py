"""Dataclasses to HTML pages."""
