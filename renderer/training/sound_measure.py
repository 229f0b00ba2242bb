"""What can be told of a recording from its sound alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import (
    FLOOR_DBFS,
    frame_levels_dbfs,
    silence_threshold_dbfs,
    silent_spans,
    sound_bounds,
)
from renderer.audio.loudness import integrated_loudness_lufs
from renderer.audio.waveform import Waveform
from renderer.quality.measure import edge_levels_db, flat_top_share, release_db

_HOP_S = 0.01
_QUIETEST = 5.0  # percentile that is taken for the noise: stops and pauses are in any sentence
_LEAST_GAP_S = 0.1
_QUIETEST_LUFS = -120.0


@dataclass(frozen=True, slots=True)
class SoundMeasures:
    """A recording in numbers.

    Attributes:
        duration_s: Of the file.
        sample_rate: Of the file, Hz.
        lead_s: Silence before the first sound.
        tail_s: Silence after the last.
        gap_s: Longest silence inside.
        speech_s: From the first sound to the last, without the silences of 0.1 s and more inside.
        flat_permille: Share of the samples on a flat top.
        flat_s: Where the first one is, seconds.
        snr_db: Mean level of the speech over that of its quietest frames.
        loudness_lufs: Integrated loudness.
        peak: Largest magnitude of a sample.
        head_db: Level of the file's first milliseconds below its loudest.
        release_db: How loud the last sound still is when it ends, below the loudest.
        sha256: Of the samples.
    """

    duration_s: float
    sample_rate: int
    lead_s: float
    tail_s: float
    gap_s: float
    speech_s: float
    flat_permille: float
    flat_s: float
    snr_db: float
    loudness_lufs: float
    peak: float
    head_db: float
    release_db: float
    sha256: str

    def plain(self) -> dict[str, float]:
        """Return the numbers a clip keeps among its `checks`, rounded."""
        kept = ("lead_s", "tail_s", "gap_s", "flat_permille", "snr_db", "loudness_lufs")
        rest = ("head_db", "release_db")
        return {
            "source_rate_hz": float(self.sample_rate),
            **{name: round(float(getattr(self, name)), 3) for name in (*kept, *rest)},
        }


def measure_sound(sound: Waveform) -> SoundMeasures:
    """Measure a recording of any length, silence and none at all included."""
    rate = sound.sample_rate
    start, end = sound_bounds(sound)
    levels = frame_levels_dbfs(sound.samples, round(_HOP_S * rate))
    threshold = silence_threshold_dbfs(levels) if levels.size else FLOOR_DBFS
    inner = Waveform(sound.samples[start:end], rate)
    gaps = [end - start for start, end in silent_spans(inner, threshold, _LEAST_GAP_S)]
    flat = flat_top_share(sound.samples)
    return SoundMeasures(
        duration_s=sound.duration_s,
        sample_rate=rate,
        lead_s=start / rate,
        tail_s=(sound.samples.size - end) / rate,
        gap_s=max(gaps, default=0.0),
        speech_s=max(0.0, inner.duration_s - sum(gaps)),
        flat_permille=flat.value,
        flat_s=flat.start_s / rate,
        snr_db=_snr_db(levels, threshold),
        loudness_lufs=max(_QUIETEST_LUFS, integrated_loudness_lufs(sound)),
        peak=float(np.abs(sound.samples).max(initial=0.0)),
        head_db=edge_levels_db(sound)[0],
        release_db=release_db(inner),
        sha256=hashlib.sha256(sound.samples.tobytes()).hexdigest(),
    )


def _snr_db(levels: npt.NDArray[np.float64], threshold: float) -> float:
    """Return the level of the active frames over the quietest; 0 for silence."""
    active = levels[levels > threshold]
    if active.size == 0:
        return 0.0
    loud = 10 * np.log10(np.mean(10 ** (active / 10)))
    return float(loud - np.percentile(levels, _QUIETEST))
