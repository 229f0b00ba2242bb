"""Between encoder and decoder: what the model would say, made what was asked for.

The same rules as the signal stage's (`direction.stage.bend`): the excursion is scaled around the
line's mean, a word's around its own, and no farther than 14 semitones; shifts add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.direction.intonation import Intonation, WordIntonation
from renderer.domain.speaker import Speaker
from renderer.errors import SynthesisError
from renderer.ports import SpeechRequest
from renderer.speech import noise
from renderer.speech.fastpitch_row import Row
from renderer.text.inventory import SILENCE, is_pause

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_FRAMES = 8_192
"""Frames of a row at most: beyond, the model has gone astray or nobody wants to wait."""
_MOST_PER_TOKEN = 1_024.0
_EXCURSION_ST = 14.0
_PITCH_ST = (-12.0, 42.0)  # 50 Hz to 1.1 kHz: beyond is no voice
_JOINT_FRAMES = 1.0
_VARIATION_PLACE = 1  # which random stream of the seed; 0 is the vocoder's
# One standard deviation at a variation of 1: per word, per word, per line.
_VARIED_ST, _VARIED_RATE, _VARIED_RANGE = 0.6, 0.05, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Prosody:
    """One line's tokens over all its rows.

    Attributes:
        durations: float64 (N,), frames, ≥ 0; or whole numbers of frames once shaped.
        pitch: float64 (N,), semitones: from the encoder relative to the speaker's mean, shaped
            relative to 100 Hz.
        energy: float64 (N,), dB relative to the speaker's mean.
        spread: float64 (N,), what is made of F0's movement within the token, ×.
    """

    durations: Floats
    pitch: Floats
    energy: Floats
    spread: Floats

    @classmethod
    def of(cls, durations: npt.ArrayLike, pitch: npt.ArrayLike, energy: npt.ArrayLike) -> Prosody:
        """Take what an encoder says: movements within tokens as the model has them."""
        frames, tone, level = (np.asarray(v, np.float64) for v in (durations, pitch, energy))
        return cls(frames, tone, level, np.ones(frames.size))


class Score:
    """Which tokens of a line are what."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Read a line's rows, in order."""
        symbols = [s for row in rows for s in row.symbols]
        self.words = np.array([w for row in rows for w in row.words])  # (N,)
        self.is_phone: Flags = np.array([not is_pause(s) for s in symbols])  # (N,)
        self.is_silence: Flags = np.array([s == SILENCE for s in symbols])
        self.starts = np.cumsum([0, *(len(row) for row in rows)])
        # Where rows of one phrase meet, nobody should hear it.
        self.joints = [
            int(i)
            for start, row in zip(self.starts, rows, strict=False)
            if row.is_joined
            for i in (start - 1, start)
        ]

    @property
    def inner_pauses(self) -> Flags:
        """Return (N,) True for pauses between the first and the last phone of the line."""
        places = np.flatnonzero(self.is_phone)
        inside = np.zeros(self.is_phone.size, bool)
        inside[places[0] : places[-1]] = True
        return inside & ~self.is_phone

    def split(self, prosody: Prosody) -> list[Prosody]:
        """Cut a line's prosody into one per row."""
        parts = (prosody.durations, prosody.pitch, prosody.energy, prosody.spread)
        rows = zip(*(np.split(part, self.starts[1:-1]) for part in parts), strict=True)
        return [Prosody(*row) for row in rows]

    @staticmethod
    def join(rows: Sequence[Prosody]) -> Prosody:
        """Return the prosody of a line from its rows'."""
        return Prosody(
            np.concatenate([row.durations for row in rows]),
            np.concatenate([row.pitch for row in rows]),
            np.concatenate([row.energy for row in rows]),
            np.concatenate([row.spread for row in rows]),
        )


def shape(
    said: Prosody, score: Score, request: SpeechRequest, speaker: Speaker, variation: float
) -> Prosody:
    """Return a line's prosody as asked for.

    Args:
        said: What the encoder says.
        score: Which tokens are what.
        request: Rate, pauses, intonation and seed.
        speaker: Whose mean pitch, rate and shift.
        variation: How much the seed changes melody and timing, 0 not at all.

    Raises:
        SynthesisError: The model's numbers cannot be used, or the line becomes too long.
    """
    _check(said)
    intonation = request.intonation
    durations = _stretched(said.durations, score, request, speaker.rate)
    pitch, energy = said.pitch, said.energy
    if variation > 0:
        durations, pitch = _varied(durations, pitch, score, request.seed, variation)
    durations = _timed(durations, score, intonation)
    pitch = bend(pitch, durations, score, intonation)
    spread = said.spread * _spread(score, intonation)
    pitch, durations, energy = _phones(pitch, durations, energy, score, intonation)
    frames = whole_frames(durations, score)
    mean = speaker.mean_pitch_st + speaker.pitch_st
    shaped = Prosody(frames, np.clip(mean + pitch, *_PITCH_ST), energy, spread)
    for row in score.split(shaped):
        if (count := int(row.durations.sum())) > MOST_FRAMES:
            raise SynthesisError(
                f"A part of the line would last {count} frames; {MOST_FRAMES} are the most. Ask "
                "for a higher rate, or cut the line."
            )
    return shaped


def _check(said: Prosody) -> None:
    for values in (said.durations, said.pitch, said.energy):
        if not np.isfinite(values).all():
            raise SynthesisError("The voice's model gave numbers that are none; it is damaged.")
    if said.durations.max(initial=0.0) > _MOST_PER_TOKEN or said.durations.min(initial=0.0) < 0:
        raise SynthesisError("The voice's model gave impossible durations; it is damaged.")


def _stretched(durations: Floats, score: Score, request: SpeechRequest, own: float) -> Floats:
    """Apply the line's rate to all, and the pause scale to the pauses inside the line."""
    durations = durations / (request.rate * own)
    durations = np.where(score.inner_pauses, durations * request.pause_scale, durations)
    durations[score.joints] = np.minimum(durations[score.joints], _JOINT_FRAMES)
    return durations


def _timed(durations: Floats, score: Score, intonation: Intonation) -> Floats:
    """Apply the rates of words."""
    rates = np.ones(durations.size)
    for index, word in enumerate(intonation.words):
        rates[score.words == index] = word.rate
    return durations / rates


def _varied(
    durations: Floats, pitch: Floats, score: Score, seed: int, variation: float
) -> tuple[Floats, Floats]:
    """Vary words a little; the line keeps its length and its mean pitch."""
    spoken = np.unique(score.words[score.is_phone])
    numbers = noise.stream(seed & 0xFFFFFFFF, _VARIATION_PLACE, 1 + 2 * spoken.size, "normal")
    drawn = np.clip(numbers.astype(np.float64), -2.0, 2.0) * variation
    place = np.searchsorted(spoken, score.words)
    place = np.where(score.is_phone, place, 0)
    stretch = np.where(score.is_phone, np.exp(_VARIED_RATE * drawn[1::2][place]), 1.0)
    longer = durations * stretch
    if (total := float(longer[score.is_phone].sum())) > 0:
        before = float(durations[score.is_phone].sum())
        longer = np.where(score.is_phone, longer * (before / total), durations)
    mean = _mean(pitch, longer, score.is_phone)
    new = mean + (pitch - mean) * np.exp(_VARIED_RANGE * drawn[0])
    new = new + np.where(score.is_phone, _VARIED_ST * drawn[2::2][place], 0.0)
    return longer, new + (mean - _mean(new, longer, score.is_phone))


def bend(pitch: Floats, durations: Floats, score: Score, intonation: Intonation) -> Floats:
    """Return the new melody, in semitones.

    Args:
        pitch: float64 (N,), semitones.
        durations: float64 (N,), frames: what each token weighs in a mean.
        score: Which tokens are what.
        intonation: What is asked.
    """
    mean = _mean(pitch, durations, score.is_phone)
    excursion = np.clip(pitch - mean, -_EXCURSION_ST, _EXCURSION_ST) * intonation.pitch_range
    new = mean + intonation.pitch_st + np.clip(excursion, -_EXCURSION_ST, _EXCURSION_ST)
    for index, word in enumerate(intonation.words):
        inside = (score.words == index) & score.is_phone
        if not inside.any() or word == WordIntonation(rate=word.rate):
            continue
        local = _mean(new, durations, inside)
        new = np.where(inside, local + (new - local) * word.pitch_range + word.pitch_st, new)
    return new


def _spread(score: Score, intonation: Intonation) -> Floats:
    """Return the range asked for at each token: F0 moves within phones as between them."""
    spread = np.full(score.words.size, intonation.pitch_range)
    for index, word in enumerate(intonation.words):
        spread[score.words == index] *= word.pitch_range
    return spread


def _mean(values: Floats, durations: Floats, chosen: Flags) -> float:
    weights = np.where(chosen, np.maximum(durations, 1e-3), 0.0)
    return float((values * weights).sum() / weights.sum())


def _phones(
    pitch: Floats, durations: Floats, energy: Floats, score: Score, intonation: Intonation
) -> tuple[Floats, Floats, Floats]:
    """Apply the edits of single phones; those of phones that are not there do nothing."""
    pitch, durations, energy = pitch.copy(), durations.copy(), energy.copy()
    for edit in intonation.phones:
        places = np.flatnonzero((score.words == edit.word) & score.is_phone)
        if 0 <= edit.phone < places.size:
            at = places[edit.phone]
            durations[at] *= edit.stretch
            pitch[at] += edit.pitch_st
            energy[at] += edit.energy_db
    return pitch, durations, energy


def whole_frames(durations: Floats, score: Score) -> Floats:
    """Return whole numbers of frames whose sum is that of the durations.

    What rounding adds to a token is taken from the next ones, so the error of any stretch stays
    under a frame. Every phone keeps one frame at least, and so does the silence at both ends.
    """
    least = np.where(score.is_phone | score.is_silence, 1.0, 0.0)
    frames = np.empty(durations.size)
    carry = 0.0
    for i, (wanted, floor) in enumerate(zip(durations, least, strict=True)):
        frames[i] = max(floor, np.floor(wanted + carry + 0.5))
        carry += wanted - frames[i]
    return frames
