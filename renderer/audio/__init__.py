"""Sound as numbers: waveform, spectrum, pitch, loudness, mastering, codec. Pure functions."""
