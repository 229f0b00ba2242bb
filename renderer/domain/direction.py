"""How a line is to be said: emotion, delivery and prosody, per line and per word."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

RATE_RANGE = (0.5, 2.0)
PITCH_RANGE_ST = (-12.0, 12.0)
PITCH_SPREAD_RANGE = (0.0, 2.5)
ENERGY_RANGE_DB = (-12.0, 12.0)
PAUSE_RANGE_S = (0.0, 5.0)


class Emotion(StrEnum):
    """The eight emotions of RAVDESS (Livingstone & Russo 2018)."""

    NEUTRAL = "neutral"
    CALM = "calm"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"
    SURPRISED = "surprised"


class Delivery(StrEnum):
    """How loud the voice is meant to be at the source."""

    NORMAL = "normal"
    WHISPER = "whisper"
    SHOUT = "shout"


class Emphasis(StrEnum):
    """How much a word stands out."""

    REDUCED = "reduced"
    NONE = "none"
    MODERATE = "moderate"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Prosody:
    """Asked-for change against the voice's own way of saying it.

    Attributes:
        rate: Speaking rate, × (0.5–2); 1.25 is faster, so shorter.
        pitch_st: Mean F0 shift in semitones (−12–12).
        pitch_range: F0 excursion around its mean, × (0–2.5); 0 is monotone.
        energy_db: Level change in dB (−12–12).
        pause_before_s: Silence added before, seconds (0–5).
        pause_after_s: Silence added after, seconds (0–5).
    """

    rate: float = 1.0
    pitch_st: float = 0.0
    pitch_range: float = 1.0
    energy_db: float = 0.0
    pause_before_s: float = 0.0
    pause_after_s: float = 0.0

    def then(self, inner: Prosody) -> Prosody:
        """Combine with a more specific request: factors multiply, shifts add.

        >>> Prosody(rate=1.2, pitch_st=1).then(Prosody(rate=0.5, pitch_st=2)).pitch_st
        3.0
        """
        return Prosody(
            rate=self.rate * inner.rate,
            pitch_st=float(self.pitch_st + inner.pitch_st),
            pitch_range=self.pitch_range * inner.pitch_range,
            energy_db=self.energy_db + inner.energy_db,
            pause_before_s=self.pause_before_s + inner.pause_before_s,
            pause_after_s=self.pause_after_s + inner.pause_after_s,
        )


@dataclass(frozen=True, slots=True)
class PhoneEdit:
    """A request for one phone of a word, named by what is heard and not by its place.

    Attributes:
        phone: IPA as the word is spoken; several symbols (`oʊ`, `tʃ`) are edited together.
        occurrence: Which one of them in the word, from 1.
        rate: × (0.5–2) on top of the word's; 0.5 is twice as long.
        pitch_st: F0 shift in semitones (−12–12).
        energy_db: Level change in dB (−12–12).
    """

    phone: str
    occurrence: int = 1
    rate: float = 1.0
    pitch_st: float = 0.0
    energy_db: float = 0.0


@dataclass(frozen=True, slots=True)
class WordEdit:
    """A request for one written word, anchored to the word and not to its position.

    Attributes:
        word: The written word (compared by `words.fold`).
        occurrence: Which one of them, from 1.
        prosody: Change of this word, on top of the line's.
        emphasis: How much it stands out.
        phonemes: IPA to speak instead of what the lexicon and phonemiser say, or "".
        phones: Changes of single phones, on top of the word's.
    """

    word: str
    occurrence: int = 1
    prosody: Prosody = field(default_factory=Prosody)
    emphasis: Emphasis = Emphasis.NONE
    phonemes: str = ""
    phones: tuple[PhoneEdit, ...] = ()


@dataclass(frozen=True, slots=True)
class Direction:
    """How a line is to be said.

    Attributes:
        emotion: One of the eight.
        intensity: 0 (not heard) – 1 (as strong as the actors played it).
        delivery: Normal, whisper or shout.
        prosody: Change over the whole line.
        words: Edits of single words, in the order of the line.
    """

    emotion: Emotion = Emotion.NEUTRAL
    intensity: float = 0.5
    delivery: Delivery = Delivery.NORMAL
    prosody: Prosody = field(default_factory=Prosody)
    words: tuple[WordEdit, ...] = ()

    def with_base(self, base: Direction) -> Direction:
        """Put this line's direction on top of a character's base prosody."""
        return replace(self, prosody=base.prosody.then(self.prosody))
