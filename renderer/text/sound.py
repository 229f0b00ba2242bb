"""The sounds a judge tells apart: symbols of the inventory without what is not heard at once.

Length, stress, palatalisation and the like are left out; a nasal vowel is another sound than the
plain one.
"""

from __future__ import annotations

from renderer.domain.transcript import Transcript
from renderer.text.inventory import is_pause, phonemes

SILENCE = "_"
_NASAL = "\u0303"
_RARE = {"ɱ": "m"}  # said before f and v alone


def sound_of(symbol: str) -> str:
    """Return the sound of an inventory's symbol.

    >>> sound_of("ɱ")
    'm'
    >>> sound_of("ɑː"), sound_of("ɛ\u0303"), sound_of(","), sound_of("pʲ")
    ('ɑ', 'ɛ̃', '_', 'p')
    """
    if is_pause(symbol):
        return SILENCE
    return _RARE.get(symbol[0], symbol[0]) + (_NASAL if _NASAL in symbol else "")


def sounds_of(transcript: Transcript) -> tuple[tuple[str, ...], ...]:
    """Return the sounds of each word of a line.

    Raises:
        TextError: A word holds phonemes that nobody knows.
    """
    return tuple(
        tuple(sound_of(symbol) for symbol, _ in phonemes(word.phonemes))
        for word in transcript.words
    )
