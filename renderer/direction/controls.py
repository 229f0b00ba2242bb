"""From what a writer asks to what the engine and the signal stage are told to do.

Emotion, delivery, line prosody and attempt are combined into one set of numbers, held within what
sounds like the same person, and split: the engine takes the rate, the pauses and its noise; the
stage takes the rest (`renderer.direction.stage`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from renderer.direction.phone_control import PhoneControl, plan_phones
from renderer.direction.profile import NEUTRAL, EmotionShape
from renderer.domain.direction import Delivery, Direction, Emphasis, Prosody
from renderer.domain.transcript import PhonePlace, Transcript, find_spoken

# What any sum of requests is held to.
LIMITS = {
    "rate": (0.5, 2.0),
    "pitch_st": (-12.0, 12.0),
    "pitch_range": (0.0, 2.5),
    "energy_db": (-24.0, 14.0),
    "tilt_db": (-12.0, 12.0),
    "pause_scale": (0.25, 4.0),
    "pause_s": (0.0, 5.0),
}

# Whisper: no voice, so pitch is nothing; softer and a little slower than speech (Jovičić & Šarić
# 2008: voiced sounds lose far more level than unvoiced ones; the stage sees to that).
# Shout: the direction of what Raitio et al. (2013) measure in shouted speech (F0 up by more than an
# octave, flatter spectrum, longer vowels), as far as a voice recorded at speaking level bears it.
DELIVERIES: dict[Delivery, EmotionShape] = {
    Delivery.NORMAL: NEUTRAL,
    Delivery.WHISPER: EmotionShape(rate=0.94, energy_db=-12.0),
    Delivery.SHOUT: EmotionShape(
        pitch_st=4.0, pitch_range=1.2, rate=0.95, energy_db=6.0, tilt_db=4.0
    ),
}

# An emphasised word is higher, longer and louder together, as in natural accents (Fry 1955;
# Terken 1991); a reduced one the opposite.
EMPHASES: dict[Emphasis, Prosody] = {
    Emphasis.REDUCED: Prosody(rate=1.12, pitch_st=-1.0, pitch_range=0.8, energy_db=-3.0),
    Emphasis.NONE: Prosody(),
    Emphasis.MODERATE: Prosody(rate=0.88, pitch_st=2.0, pitch_range=1.15, energy_db=2.0),
    Emphasis.STRONG: Prosody(rate=0.78, pitch_st=3.5, pitch_range=1.3, energy_db=4.0),
}


@dataclass(frozen=True, slots=True)
class AttemptChange:
    """What an automatic attempt does differently from the first.

    Attributes:
        label: For the listener ("slower by 6 %"); "" for the first attempt.
        rate: Speaking rate, ×.
        soften: 1 is the direction as asked, 0 none of the stage's pitch, range and tilt changes.
        noise_scale: The engine's variation of sound, or None for the voice's default.
        noise_w: The engine's variation of durations, or None for the voice's default.
    """

    label: str = ""
    rate: float = 1.0
    soften: float = 1.0
    noise_scale: float | None = None
    noise_w: float | None = None


# A retry must change something an engine without randomness can hear (rate, splitting), and what
# is likeliest to have broken the take (a heavy pitch change).
ATTEMPTS = (
    AttemptChange(),
    AttemptChange("6 % slower, direction softened to 75 %", 0.94, 0.75, 0.5, 0.6),
    AttemptChange("5 % faster, direction softened to 50 %", 1.05, 0.5, 0.35, 0.4),
    AttemptChange("12 % slower, direction softened to 25 %", 0.88, 0.25, 0.2, 0.2),
)


def attempt_change(number: int) -> AttemptChange:
    """Return the change of an attempt, counted from 1; later ones repeat the last.

    >>> attempt_change(1) == AttemptChange()
    True
    """
    return ATTEMPTS[min(max(number, 1), len(ATTEMPTS)) - 1]


@dataclass(frozen=True, slots=True)
class EngineControls:
    """What the engine is asked for.

    Attributes:
        rate: Speaking rate, × (0.5–2).
        pause_scale: Multiplies the pauses at punctuation.
        noise_scale: Variation of the sound, or None for the voice's default.
        noise_w: Variation of durations, or None for the voice's default.
    """

    rate: float = 1.0
    pause_scale: float = 1.0
    noise_scale: float | None = None
    noise_w: float | None = None


@dataclass(frozen=True, slots=True)
class WordControl:
    """What the stage does to one spoken word, on top of the line.

    Attributes:
        rate: ×.
        pitch_st: Semitones.
        pitch_range: ×.
        energy_db: dB.
        pause_before_s: Silence added before, seconds.
        pause_after_s: Silence added after, seconds.
    """

    rate: float = 1.0
    pitch_st: float = 0.0
    pitch_range: float = 1.0
    energy_db: float = 0.0
    pause_before_s: float = 0.0
    pause_after_s: float = 0.0


UNEDITED = WordControl()


@dataclass(frozen=True, slots=True)
class SignalControls:
    """What the signal stage does to a line.

    Attributes:
        pitch_st: Mean F0 shift, semitones.
        pitch_range: F0 excursion around the line's mean, ×.
        energy_db: Level change, dB; with `delivery` included.
        tilt_db: Level of 1–5 kHz against 50 Hz–1 kHz, dB.
        delivery: Whisper takes the voice out; shout sharpens the onsets.
        words: One entry per spoken word, or () when no word is edited.
        phones: The phones that are edited.
        lead_s: Silence asked for before the line; for mastering to add to the head, because
            mastering trims silence.
        trail_s: Silence asked for after the line, likewise.
        clamps: What was asked beyond the limits, one sentence each.
    """

    pitch_st: float = 0.0
    pitch_range: float = 1.0
    energy_db: float = 0.0
    tilt_db: float = 0.0
    delivery: Delivery = Delivery.NORMAL
    words: tuple[WordControl, ...] = ()
    phones: tuple[PhoneControl, ...] = ()
    lead_s: float = 0.0
    trail_s: float = 0.0
    clamps: tuple[str, ...] = ()

    @property
    def is_neutral(self) -> bool:
        """Whether the stage has nothing to do."""
        bare = replace(self, words=(), lead_s=0.0, trail_s=0.0, clamps=())
        return bare == SignalControls() and all(w == UNEDITED for w in self.words)


def plan_controls(
    direction: Direction,
    transcript: Transcript,
    shape: EmotionShape = NEUTRAL,
    attempt: AttemptChange = ATTEMPTS[0],
    phones: Sequence[PhonePlace] = (),
) -> tuple[EngineControls, SignalControls]:
    """Combine everything asked for one line into what is done.

    Factors multiply, shifts add: emotion × delivery × line prosody × attempt; word edits on top.
    Of emotion and delivery, shifts of one direction are added as squares: a furious actor is
    shouting already, and both in full would count the same effort twice.
    Edits whose word is not in the line do nothing here: the reader reports them.

    Args:
        direction: What the writer asks.
        transcript: The line as it will be spoken.
        shape: The emotion's shape at its intensity (`EmotionProfiles.shape`).
        attempt: What this automatic attempt does differently.
        phones: Where the phones of the direction's edits are (`text.phone_place.find_phones`).
    """
    clamps: list[str] = []

    def held(name: str, value: float, unit: str = "") -> float:
        return _hold(name, value, LIMITS[unit or name], clamps)

    asked, delivery = direction.prosody, DELIVERIES[direction.delivery]
    soft = attempt.soften
    engine = EngineControls(
        rate=held("rate", asked.rate * shape.rate * delivery.rate * attempt.rate),
        # Engines stretch pauses with the rate; an emotion's pauses were measured by themselves.
        pause_scale=held("pause_scale", shape.pause_scale * shape.rate * delivery.pause_scale),
        noise_scale=attempt.noise_scale,
        noise_w=attempt.noise_w,
    )
    words = _word_controls(direction, transcript, soft, clamps)
    lead, trail = asked.pause_before_s, asked.pause_after_s
    if words:  # silence at the ends of the line is the mastering's
        lead, trail = lead + words[0].pause_before_s, trail + words[-1].pause_after_s
        words[0] = replace(words[0], pause_before_s=0.0)
        words[-1] = replace(words[-1], pause_after_s=0.0)
    signal = SignalControls(
        pitch_st=held(
            "pitch_st", soft * (asked.pitch_st + _joint(shape.pitch_st, delivery.pitch_st))
        ),
        pitch_range=held(
            "pitch_range", (asked.pitch_range * shape.pitch_range * delivery.pitch_range) ** soft
        ),
        energy_db=held("energy_db", asked.energy_db + _joint(shape.energy_db, delivery.energy_db)),
        tilt_db=held("tilt_db", soft * _joint(shape.tilt_db, delivery.tilt_db)),
        delivery=direction.delivery,
        words=() if all(w == UNEDITED for w in words) else tuple(words),
        phones=plan_phones(phones, direction.delivery, soft, held, clamps),
        lead_s=held("pause_before_s", lead, "pause_s"),
        trail_s=held("pause_after_s", trail, "pause_s"),
    )
    return engine, replace(signal, clamps=tuple(clamps))


def _joint(one: float, other: float) -> float:
    """Add two shifts; those of one direction as squares.

    >>> _joint(3.0, 4.0), _joint(-2.0, 5.0), _joint(-3.0, -4.0), _joint(0.0, 5.0)
    (5.0, 3.0, -5.0, 5.0)
    """
    if one * other <= 0:
        return one + other
    return math.copysign(math.hypot(one, other), one)


def _hold(name: str, value: float, bounds: tuple[float, float], clamps: list[str]) -> float:
    low, high = bounds
    held = min(max(value, low), high)
    if held != value:
        clamps.append(f"{name} {value:.3g} was asked in all; {held:.3g} is the most that is done")
    return round(held, 6)


def _word_controls(
    direction: Direction, transcript: Transcript, soften: float, clamps: list[str]
) -> list[WordControl]:
    """Return one control per spoken word: every edit of the word combined, within limits."""
    asked: list[Prosody] = [Prosody()] * len(transcript.words)
    for edit in direction.words:
        spoken = find_spoken(edit.word, edit.occurrence, transcript)
        for place, index in enumerate(spoken):
            inner = EMPHASES[edit.emphasis].then(_inside(edit.prosody, place, len(spoken)))
            asked[index] = asked[index].then(inner)
    return [_word_control(prosody, soften, clamps) for prosody in asked]


def _inside(prosody: Prosody, place: int, count: int) -> Prosody:
    """Give a word's pauses to the first and last of the words it is spoken as."""
    return replace(
        prosody,
        pause_before_s=prosody.pause_before_s if place == 0 else 0.0,
        pause_after_s=prosody.pause_after_s if place == count - 1 else 0.0,
    )


def _word_control(asked: Prosody, soften: float, clamps: list[str]) -> WordControl:
    if asked == Prosody():
        return UNEDITED

    def held(name: str, value: float, limit: str = "") -> float:
        return _hold(f"word {name}", value, LIMITS[limit or name], clamps)

    return WordControl(
        rate=held("rate", asked.rate),
        pitch_st=held("pitch_st", soften * asked.pitch_st),
        pitch_range=held("pitch_range", asked.pitch_range**soften),
        energy_db=held("energy_db", asked.energy_db),
        pause_before_s=held("pause_before_s", asked.pause_before_s, "pause_s"),
        pause_after_s=held("pause_after_s", asked.pause_after_s, "pause_s"),
    )


__all__ = [
    "ATTEMPTS",
    "AttemptChange",
    "EngineControls",
    "SignalControls",
    "WordControl",
    "attempt_change",
    "plan_controls",
]
