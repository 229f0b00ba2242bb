"""Moments at which the sound itself says where a phone ends: what phone times are held against.

A landmark is where a level (dB, a value per millisecond) rises or falls most between the 25 ms
before and after, within 90 ms of where it is expected, by 14 dB at least; otherwise there is none.
A silence's edges are where the level passes 25 dB below the line's loud frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan
from renderer.text.phones import VOWELS

HOP_S, WINDOW_S, N_FFT = 0.001, 0.010, 512
SIDE_S, REACH_S, LEAST_DB, QUIET_DB = 0.025, 0.09, 14.0, 25.0
LEAST_SILENCE_S = 0.03
BANDS = {"low": (150, 2000), "mid": (2000, 7500), "high": (3500, 7500), "all": (150, 5000)}
CLASSES = {
    "s": frozenset("s"),
    "ʃ": frozenset("ʃ"),
    "f": frozenset("fθ"),
    "stop": frozenset("ptk"),
    "nasal": frozenset("mnŋ"),
    "vowel": VOWELS,
}
# (class before, class after): name, and the bands whose levels rise minus those that fall.
KINDS = {
    ("vowel", "s"): ("vowel to hiss", "high", "low"),
    ("vowel", "ʃ"): ("vowel to hiss", "mid", "low"),
    ("vowel", "f"): ("vowel to f, θ", "", "low"),
    ("vowel", "stop"): ("vowel to closure", "", "all"),
    ("vowel", "nasal"): ("vowel to nasal", "", "mid"),
    ("s", "vowel"): ("hiss to vowel", "low", "high"),
    ("ʃ", "vowel"): ("hiss to vowel", "low", "mid"),
    ("f", "vowel"): ("f, θ to vowel", "low", ""),
    ("nasal", "vowel"): ("nasal to vowel", "mid", ""),
    ("s", "stop"): ("hiss to closure", "", "mid"),
    ("stop", "vowel"): ("release to vowel", "low", ""),
}
SOUND, SILENCE = "silence to sound", "sound to silence"
ORDER = (*dict.fromkeys(name for name, _, _ in KINDS.values()), SOUND, SILENCE)

Curve = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Landmark:
    """A moment heard between two phones.

    Attributes:
        kind: Of `ORDER`.
        at_s: When, by the sound.
        index: Of the phone that begins.
        across: Whether a new word begins there.
    """

    kind: str
    at_s: float
    index: int
    across: bool


def levels(waveform: Waveform) -> dict[str, Curve]:
    """Return the level of each band in dB, a value per millisecond, centred on it."""
    rate = waveform.sample_rate
    size = round(WINDOW_S * rate)
    centres = np.round(np.arange(int(waveform.duration_s / HOP_S)) * HOP_S * rate).astype(int)
    padded = np.pad(waveform.samples.astype(np.float64), (size // 2, size))
    frames = padded[centres[:, None] + np.arange(size)] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, N_FFT, axis=1)) ** 2
    hz = np.fft.rfftfreq(N_FFT, 1 / rate)
    return {
        name: 10 * np.log10(power[:, (hz >= low) & (hz < high)].sum(1) + 1e-7)
        for name, (low, high) in BANDS.items()
    }


def steepest(curve: Curve, near_s: float) -> float | None:
    """Return where a curve rises most, or None where it does not rise enough.

    The place is that of the largest difference of two means, which a symmetric ramp does not move.
    """
    side, sums = round(SIDE_S / HOP_S), np.concatenate([[0.0], np.cumsum(curve)])
    first = max(side, round((near_s - REACH_S) / HOP_S))
    places = np.arange(first, min(len(curve) - side, round((near_s + REACH_S) / HOP_S)))
    if len(places) < 3:
        return None
    rises = (sums[places + side] - 2 * sums[places] + sums[places - side]) / side
    best = int(rises.argmax())
    if best in (0, len(rises) - 1) or rises[best] < LEAST_DB:
        return None
    return float(places[best] * HOP_S)


def landmarks(waveform: Waveform, phones: list[PhoneSpan]) -> list[Landmark]:
    """Return what can be heard of a line's boundaries.

    Args:
        waveform: The line.
        phones: Its phones in time, silences as `_`; only tell where to look.
    """
    bands = levels(waveform)
    quiet = bands["all"] < np.percentile(bands["all"], 95) - QUIET_DB
    found = []
    for index, (before, after) in enumerate(pairwise(phones), 1):
        if "_" in (before.phoneme, after.phoneme):
            mark = _edge(quiet, before, after)
        else:
            mark = _step(bands, before, after)
        if mark is not None:
            kind, at_s = mark
            across = "_" not in (before.phoneme, after.phoneme) and before.word != after.word
            found.append(Landmark(kind, at_s, index, across))
    return found


def class_of(phoneme: str) -> str:
    letters = [c for c in phoneme if c not in "ˈˌːˑ"]
    found = [name for name, members in CLASSES.items() if letters and letters[-1] in members]
    return found[0] if found else ""


def _step(bands: dict[str, Curve], before: PhoneSpan, after: PhoneSpan) -> tuple[str, float] | None:
    known = KINDS.get((class_of(before.phoneme), class_of(after.phoneme)))
    if known is None:
        return None
    name, rising, falling = known
    curve = (bands[rising] if rising else 0.0) - (bands[falling] if falling else 0.0)
    at_s = steepest(np.asarray(curve), before.end_s)
    return None if at_s is None else (name, at_s)


def _edge(quiet: npt.NDArray[np.bool_], before: PhoneSpan, after: PhoneSpan) -> tuple | None:
    """Return where a silence between the middles of two neighbours begins or ends."""
    if before.phoneme == after.phoneme:
        return None
    pause, is_end = (after, True) if after.phoneme == "_" else (before, False)
    if pause.end_s - pause.start_s < LEAST_SILENCE_S:
        return None
    first = round((before.start_s if is_end else (before.start_s + before.end_s) / 2) / HOP_S)
    last = round(((after.start_s + after.end_s) / 2 if is_end else after.end_s) / HOP_S)
    part = quiet[first : min(last, len(quiet))]
    loud = np.flatnonzero(~part)
    if not len(loud) or len(loud) == len(part):
        return None
    place = int(loud[-1]) + 1 if is_end else int(loud[0])
    if place in (0, len(part)):
        return None
    return (SILENCE if is_end else SOUND), (first + place) * HOP_S
