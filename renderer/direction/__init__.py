"""Emotion and prosody: measured profiles, controls, and the signal stage that realises them."""

# Part of every render key. Raise it when the same controls and speech may give other samples.
STAGE_REVISION = "direction-1"
