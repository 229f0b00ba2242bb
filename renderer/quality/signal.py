"""Every metric of a sound that needs neither a model nor a reference.

All read one `Hearing`, so speech, pauses, spectrum and pitch are found once. What each hears, where
it is valid and what it costs: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from renderer.audio.artefact import comb_db, nearest_repeat
from renderer.audio.hearing import Hearing
from renderer.audio.noise import hum, noise_floor_dbfs, snr_db
from renderer.audio.phonation import cpps_db, hnr_db, jitter, shimmer, voiced_share
from renderer.audio.steady import floor_snr_db, steady_hum
from renderer.audio.timbre import bandwidth_hz, centroid_hz, flatness_db, tilt_db_per_octave
from renderer.quality.metrics import Score, Unsure

NO_PAUSE = "There is no pause in which a noise floor could be heard."
NO_LONG_PAUSE = "There is no pause of 0.2 s in which hum could be heard."
NO_SPEECH = "There is less than 0.1 s of speech."
NO_VOICE = "There is less than 0.1 s of voiced speech."
NO_WINDOWS = "There is too little sound to look for lines that stand still."
NO_MOTION = "There is too little moving speech for anything to come back."

SignalMeasure = Callable[[Hearing], float | Score | Unsure]


def _or(how: Callable[[Hearing], float | None], why: str) -> SignalMeasure:
    """Return a measure that is unsure, and says why, where a sound does not tell."""

    def measure(hearing: Hearing) -> float | Unsure:
        value = how(hearing)
        return Unsure(why) if value is None else value

    return measure


def _hum(hearing: Hearing) -> Score | Unsure:
    found = hum(hearing)
    if found is None:
        return Unsure(NO_LONG_PAUSE)
    return Score(found.level_db, note=f"{found.base_hz:.0f} Hz" if found.base_hz else "")


def _steady_hum(hearing: Hearing) -> Score | Unsure:
    found = steady_hum(hearing)
    if found is None:
        return Unsure(NO_SPEECH)
    return Score(found.level_db, note=f"{found.base_hz:.0f} Hz" if found.base_hz else "")


def _repeat(hearing: Hearing) -> Score | Unsure:
    found = nearest_repeat(hearing)
    if found is None:
        return Unsure(NO_MOTION)
    return Score(found.ratio, found.start_s + found.lag_s, f"as {found.lag_s:.2f} s before")


SIGNAL_MEASURES: Mapping[str, SignalMeasure] = {
    "snr_db": _or(snr_db, NO_PAUSE),
    "noise_dbfs": _or(noise_floor_dbfs, NO_PAUSE),
    "floor_snr_db": _or(floor_snr_db, NO_SPEECH),
    "steady_hum_db": _steady_hum,
    "hum_db": _hum,
    "bandwidth_hz": _or(bandwidth_hz, NO_SPEECH),
    "tilt_db_per_octave": _or(tilt_db_per_octave, NO_SPEECH),
    "centroid_hz": _or(centroid_hz, NO_SPEECH),
    "flatness_db": _or(flatness_db, NO_SPEECH),
    "voiced_share": _or(voiced_share, NO_SPEECH),
    "hnr_db": _or(hnr_db, NO_VOICE),
    "jitter": _or(jitter, NO_VOICE),
    "shimmer": _or(shimmer, NO_VOICE),
    "cpps_db": _or(cpps_db, NO_SPEECH),
    "comb_db": _or(comb_db, NO_WINDOWS),
    "repeat_ratio": _repeat,
}
