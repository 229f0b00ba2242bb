"""Revisions of the sound stages, for render keys. Imports nothing, so that planning stays light.

Raise a number when the same input may give other samples.
"""

MASTERING_REVISION = "mastering-1"
LIMITER_REVISION = "limiter-2"
CODEC_REVISION = "codec-1"
LEVEL_REVISION = "level-2"  # how the one gain per voice is measured: its passages, its gating
