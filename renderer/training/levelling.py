"""The second pass over recordings: trim and level a clip; find out a speaker's range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Samples
from renderer.training.corpus import MEL, Speaker
from renderer.training.features import frame_count
from renderer.training.listening import Heard, decoded

_TARGET_LUFS = -23.0
_MOST_GAIN_DB = 40.0
_PEAK = 0.98
_MARGIN_S = 0.08  # of silence that is kept around the speech
_LEAST_MARGIN_S = 0.024  # what a clip begins and ends with even where the recording is cut tightly
_FADE_S = 0.005
_PITCH_CLIPS = 20
_F0_BOUNDS_HZ = (50.0, 800.0)
_FLOOR_OF_Q1, _CEILING_OF_Q3 = 0.7, 2.5  # after De Looze & Hirst (2008), for acted speech
_FEWEST_VOICED = 50  # frames


def gains_db(heard: Sequence[Heard]) -> dict[str, float]:
    """Return one gain per speaker: the median of the clips comes to −23 LUFS."""
    levels: dict[str, list[float]] = defaultdict(list)
    for one in heard:
        levels[one.recording.speaker].append(one.sound.loudness_lufs)
    return {
        name: float(np.clip(_TARGET_LUFS - median(own), -_MOST_GAIN_DB, _MOST_GAIN_DB))
        for name, own in levels.items()
    }


def levelled(one: Heard, gain_db: float) -> Samples:
    """Return the clip's sound: resampled, trimmed, levelled, whole frames long.

    A sound whose peaks would go over is turned down further, by itself.
    """
    import soxr

    sound = decoded(one.recording)
    samples = soxr.resample(sound.samples, sound.sample_rate, MEL.sample_rate, quality="VHQ")
    margin = round(_MARGIN_S * MEL.sample_rate)
    start = max(0, round(one.sound.lead_s * MEL.sample_rate) - margin)
    end = min(samples.size, samples.size - round(one.sound.tail_s * MEL.sample_rate) + margin)
    kept = np.array(samples[start:end] if end > start else samples, dtype=np.float32)
    fade = min(round(_FADE_S * MEL.sample_rate), kept.size // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    kept[:fade] *= ramp
    kept[kept.size - fade :] *= ramp[::-1]
    peak = float(np.abs(kept).max(initial=0.0))
    gain = min(10 ** (gain_db / 20), _PEAK / peak) if peak > 0 else 1.0
    edge = round(_LEAST_MARGIN_S * MEL.sample_rate)
    before = max(0, edge - round(one.sound.lead_s * MEL.sample_rate))
    after = max(0, edge - round(one.sound.tail_s * MEL.sample_rate))
    size = frame_count(before + kept.size + after) * MEL.hop_length
    out = np.zeros(size, dtype=np.float32)
    out[before : before + kept.size] = kept * np.float32(gain)
    return out


def f0_bounds_hz(
    speaker: str, heard: Sequence[Heard], faults: Mapping[str, tuple[str, ...]]
) -> tuple[float, float]:
    """Return where a speaker's F0 lies, from some of the clips that passed, evenly spread."""
    own = [h for h in heard if h.recording.speaker == speaker and not faults[h.recording.id]]
    found = [np.zeros(0)]
    for one in own[:: max(1, len(own) // _PITCH_CLIPS)][:_PITCH_CLIPS]:
        f0, voiced = track_f0(decoded(one.recording), *_F0_BOUNDS_HZ)
        found.append(f0[voiced])
    pooled = np.concatenate(found)
    if pooled.size < _FEWEST_VOICED:
        return Speaker("").f0_floor_hz, Speaker("").f0_ceiling_hz
    low, high = np.quantile(pooled, (0.25, 0.75))
    floor = max(_F0_BOUNDS_HZ[0], _FLOOR_OF_Q1 * float(low))
    ceiling = min(_F0_BOUNDS_HZ[1], _CEILING_OF_Q3 * float(high))
    return round(floor, 1), round(ceiling, 1)
