"""Written text to phonemes: normalise, lexicon, phonemise, visemes."""
