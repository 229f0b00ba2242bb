"""Voices and engines: the registry and one file per engine."""

# Engines that can run on a GPU; the others are rendered by processor cores alone.
GPU_ENGINES = frozenset({"piper", "fastpitch"})
