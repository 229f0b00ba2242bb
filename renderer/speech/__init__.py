"""Voices and engines: the registry and one file per engine."""
