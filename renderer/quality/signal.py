"""Every metric of a sound that needs neither a model nor a reference, measured in one pass.

What each hears, where it is valid and what it costs: docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from renderer.audio.artefact import comb_db, nearest_repeat
from renderer.audio.hearing import Hearing
from renderer.audio.noise import hum, noise_floor_dbfs, snr_db
from renderer.audio.phonation import cpps_db, hnr_db, jitter_and_shimmer, voiced_share
from renderer.audio.timbre import bandwidth_hz, centroid_hz, flatness_db, tilt_db_per_octave
from renderer.audio.waveform import Waveform

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class SignalMetrics:
    """What was measured; None where a sound does not say.

    Attributes:
        snr_db: Speech against the noise in its pauses, dB.
        noise_dbfs: Level of the pauses, dBFS.
        hum_db: Mains hum against speech, dB; −120 for none.
        hum_hz: 50 or 60; 0 for none.
        bandwidth_hz: Up to where the voice reaches, Hz.
        tilt_db_per_octave: Fall of the long-term spectrum, dB per octave.
        centroid_hz: Centre of gravity of the long-term spectrum, Hz.
        flatness_db: Likeness to noise, dB; 0 is flat.
        hnr_db: Harmonics against noise in voiced frames, dB.
        jitter: Unsteadiness of the periods' lengths, share.
        shimmer: Unsteadiness of the periods' heights, share.
        cpps_db: Smoothed cepstral peak prominence, dB.
        voiced_share: Voiced frames per frame of speech, 0–1.
        comb_db: Lines at a vocoder's frame rate over their surroundings, dB.
        repeat_ratio: Distance of the two stretches most alike; 0 is the same.
        repeat_start_s: Where the second of them begins, seconds.
        errors: Metric (by its function's name) to why it broke; its fields are None.
    """

    snr_db: float | None = None
    noise_dbfs: float | None = None
    hum_db: float | None = None
    hum_hz: float | None = None
    bandwidth_hz: float | None = None
    tilt_db_per_octave: float | None = None
    centroid_hz: float | None = None
    flatness_db: float | None = None
    hnr_db: float | None = None
    jitter: float | None = None
    shimmer: float | None = None
    cpps_db: float | None = None
    voiced_share: float | None = None
    comb_db: float | None = None
    repeat_ratio: float | None = None
    repeat_start_s: float | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def _hum(hearing: Hearing) -> Values:
    found = hum(hearing)
    return {} if found is None else {"hum_db": found.level_db, "hum_hz": found.base_hz}


def _periods(hearing: Hearing) -> Values:
    return dict(zip(("jitter", "shimmer"), jitter_and_shimmer(hearing), strict=True))


def _repeat(hearing: Hearing) -> Values:
    found = nearest_repeat(hearing)
    if found is None:
        return {}
    return {"repeat_ratio": found.ratio, "repeat_start_s": found.start_s + found.lag_s}


# Metric to how it is measured; benchmarks/metrics.py times each by itself.
SIGNAL_METRICS: Mapping[str, Callable[[Hearing], Values]] = {
    "snr": lambda h: {"snr_db": snr_db(h), "noise_dbfs": noise_floor_dbfs(h)},
    "hum": _hum,
    "bandwidth": lambda h: {"bandwidth_hz": bandwidth_hz(h)},
    "tilt": lambda h: {"tilt_db_per_octave": tilt_db_per_octave(h)},
    "centroid": lambda h: {"centroid_hz": centroid_hz(h)},
    "flatness": lambda h: {"flatness_db": flatness_db(h)},
    "hnr": lambda h: {"hnr_db": hnr_db(h), "voiced_share": voiced_share(h)},
    "periods": _periods,
    "cpps": lambda h: {"cpps_db": cpps_db(h)},
    "comb": lambda h: {"comb_db": comb_db(h)},
    "repeat": _repeat,
}


def measure_signal(waveform: Waveform) -> SignalMetrics:
    """Measure a sound.

    Args:
        waveform: Any length and rate; the raw take, at the engine's own rate, says most.

    Returns:
        Every metric; one that broke is named in `errors` with its reason and has no value. The
        same sound gives the same values, alone or among others.
    """
    hearing = Hearing(waveform)
    values: dict[str, float | None] = {}
    errors: dict[str, str] = {}
    for name, measure in SIGNAL_METRICS.items():
        try:
            values |= measure(hearing)
        except Exception as error:  # whatever it is: an error of this metric, and the others go on
            errors[name] = f"{type(error).__name__}: {error}"
    return SignalMetrics(**values, errors=errors)
