"""Emotion and prosody: measured profiles, controls, and the signal stage that realises them."""
