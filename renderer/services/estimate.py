"""When each phoneme of a recording is said, where nobody knows: an estimate."""

from __future__ import annotations

from renderer.audio.activity import sound_bounds
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, Transcript, is_phoneme


def spread(transcript: Transcript, waveform: Waveform) -> tuple[PhoneSpan, ...]:
    """Spread a transcript's phonemes evenly over the sound of a recording: an estimate."""
    bounds = sound_bounds(waveform)
    start, end = bounds.start / waveform.sample_rate, bounds.end / waveform.sample_rate
    symbols = [
        (symbol, index)
        for index, word in enumerate(transcript.words)
        for symbol in word.phonemes
        if is_phoneme(symbol)
    ]
    if not symbols or end <= start:
        return ()
    step = (end - start) / len(symbols)
    return tuple(
        PhoneSpan(symbol, start + i * step, start + (i + 1) * step, index)
        for i, (symbol, index) in enumerate(symbols)
    )
