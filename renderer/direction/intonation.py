"""What of a direction goes to an engine that has pitch and durations as inputs.

Every engine takes the rate and the pauses. One with prosody inputs (`Synthesiser.has_intonation`)
also takes the melody and the timing of words, and then nothing has to be moved in the finished
sound: the signal stage keeps level, tilt, whisper, onsets and added pauses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from renderer.direction.controls import SignalControls, WordControl
from renderer.direction.phone_control import PhoneControl
from renderer.domain.direction import Delivery


@dataclass(frozen=True, slots=True)
class WordIntonation:
    """What is asked of one spoken word, on top of the line.

    Attributes:
        rate: ×.
        pitch_st: Semitones.
        pitch_range: F0 excursion around the word's mean, ×.
    """

    rate: float = 1.0
    pitch_st: float = 0.0
    pitch_range: float = 1.0


@dataclass(frozen=True, slots=True)
class PhoneIntonation:
    """What is asked of one phone, on top of its word.

    Attributes:
        word: Index of the spoken word.
        phone: Which symbol of the word (`text.inventory.phonemes`), from 0.
        stretch: Duration, ×.
        pitch_st: Semitones.
        energy_db: Energy the model is asked for, dB; colours the sound rather than its level.
    """

    word: int
    phone: int
    stretch: float = 1.0
    pitch_st: float = 0.0
    energy_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Intonation:
    """The melody and timing of a line, against what the engine would do by itself.

    Attributes:
        pitch_st: Mean F0 shift, semitones.
        pitch_range: F0 excursion around the line's mean, ×.
        words: One entry per spoken word, or () when no word is edited.
        phones: Edits of single phones.
    """

    pitch_st: float = 0.0
    pitch_range: float = 1.0
    words: tuple[WordIntonation, ...] = ()
    phones: tuple[PhoneIntonation, ...] = ()


PLAIN = Intonation()


def hand_over(controls: SignalControls) -> tuple[Intonation, SignalControls]:
    """Split a line's controls into what the engine realises and what is left for the signal stage.

    A whisper has no voice, so its melody is nobody's; its words and phones keep their timing.
    Phones go to the engine whole, energy included.
    """
    has_voice = controls.delivery is not Delivery.WHISPER
    words = tuple(_intonation(word, has_voice) for word in controls.words)
    intonation = Intonation(
        controls.pitch_st if has_voice else 0.0,
        controls.pitch_range if has_voice else 1.0,
        () if all(word == WordIntonation() for word in words) else words,
        tuple(_phone(one, has_voice) for one in controls.phones),
    )
    left = tuple(replace(w, rate=1.0, pitch_st=0.0, pitch_range=1.0) for w in controls.words)
    is_edited = any(word != WordControl() for word in left)
    return intonation, replace(
        controls, pitch_st=0.0, pitch_range=1.0, words=left if is_edited else (), phones=()
    )


def _intonation(word: WordControl, has_voice: bool) -> WordIntonation:
    if not has_voice:
        return WordIntonation(word.rate)
    return WordIntonation(word.rate, word.pitch_st, word.pitch_range)


def _phone(asked: PhoneControl, has_voice: bool) -> PhoneIntonation:
    pitch_st = asked.pitch_st if has_voice else 0.0
    return PhoneIntonation(asked.word, asked.phone, 1 / asked.rate, pitch_st, asked.energy_db)
