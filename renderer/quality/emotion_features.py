"""What a listener hears an emotion by: melody, effort, voice quality and tempo, one number each.

Everything is measured at 16 kHz on the frames that sound, so that the rate, silence at the ends and
(but for `level_db`) the loudness of a file are no part of it. A clip is measured by itself; a batch
is a loop.

References:
    Eyben, F. et al. (2016). The Geneva minimalistic acoustic parameter set (GeMAPS). IEEE
    Transactions on Affective Computing 7(2), 190–202: which parameters, and the alpha ratio and
    Hammarberg index.
    Boersma, P. (1993). IFA Proceedings 17, 97–110: F0, harmonics-to-noise ratio (Praat's code).
    de Jong, N. and Wempe, T. (2009). Behavior Research Methods 41, 385–390: syllables as peaks of
    the level of voiced sound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import dct
from scipy.signal import find_peaks

from renderer.audio.activity import runs
from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, mel_filters, power_frames
from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RATE = 16_000
HOP = 160  # 10 ms
N_FFT = 512
CEPSTRA = 12
SILENT_PEAK = 1e-4
LEAST_SOUND_S = 0.3
LEAST_VOICED_S = 0.12
LONGEST_S = 60.0  # of a longer line the first minute is heard

_MEL = MelSpec(RATE, N_FFT, HOP, 26, 60.0, 7_600.0)
_UNDER_LOUD_DB = 32.0  # below the loud frames: pauses, breath, room
_PAUSE_FRAMES = 8  # 80 ms; shorter ones are closures of stops
_FLOOR_HZ, _CEILING_HZ = 60.0, 700.0
_NUCLEUS_DB = 2.0  # a syllable stands out from the dips beside it by that much
_NUCLEUS_GAP = 8  # frames
_TINY = 1e-12

MELODY = (
    *("f0_mean_st", "f0_spread_st", "f0_range_st", "f0_low_st", "f0_high_st"),
    *("f0_slope_st_s", "f0_motion_st_s", "f0_end_st", "voiced_share"),
)
EFFORT = ("level_db", "level_spread_db", "level_range_db", "level_slope_db_s")
COLOUR = ("alpha_db", "hammarberg_db", "centroid_oct", "centroid_spread_oct", "flatness_db", "flux")
QUALITY = ("hnr_db", "jitter", "shimmer")
TEMPO = ("syllables_s", "voiced_run_s", "pause_share")
CEPSTRUM = (
    *(f"mfcc_{i}_mean" for i in range(1, CEPSTRA + 1)),
    *(f"mfcc_{i}_spread" for i in range(1, CEPSTRA + 1)),
)
NAMES = (*MELODY, *EFFORT, *COLOUR, *QUALITY, *TEMPO, *CEPSTRUM)


def measure_emotion(waveform: Waveform) -> Floats:
    """Measure what an emotion is heard by.

    Args:
        waveform: Of any rate and level.

    Returns:
        float64 (len(NAMES),), in the order of `NAMES`; units are in the names, `_oct` is octaves,
        what has no unit is a share or a ratio. All are finite.

    Raises:
        JudgeError: The clip is silent, not finite, too short or has hardly any voice.
    """
    samples = _prepared(waveform)
    power = power_frames(samples, N_FFT, HOP).astype(np.float64)  # (frames, bins)
    level = 10 * np.log10(_frame_power(samples, len(power)) + _TINY)
    loud = level > np.quantile(level, 0.95) - _UNDER_LOUD_DB
    first, last = _ends(loud)
    if int(loud.sum()) * HOP < LEAST_SOUND_S * RATE:
        raise JudgeError(f"{loud.sum() * HOP / RATE:.2f} s of sound is too little for an emotion")
    sound, f0 = _praat_pitch(samples, len(power))
    voiced = (f0 > 0) & loud
    if int(voiced.sum()) * HOP < LEAST_VOICED_S * RATE:
        raise JudgeError(f"{voiced.sum() * HOP / RATE:.2f} s of voice is too little for an emotion")
    inner = slice(first, last + 1)
    found = np.concatenate(
        [
            _melody(f0, voiced, loud),
            _effort(level, loud),
            _colour(power[loud]),
            _quality(sound),
            _tempo(level[inner], loud[inner], voiced[inner]),
            _cepstrum(power[loud]),
        ]
    )
    if not np.isfinite(found).all():
        broken = [name for name, value in zip(NAMES, found, strict=True) if not np.isfinite(value)]
        raise JudgeError(f"no number could be measured for {', '.join(broken)}")
    return found


def baseline_of(rows: Floats) -> Floats:
    """Return a speaker's neutral baseline, float64 (features,): the median of neutral clips.

    Args:
        rows: (clips, features), at least one clip, all of one speaker and neutral.
    """
    return np.asarray(np.median(rows, axis=0), dtype=np.float64)


def _prepared(waveform: Waveform) -> npt.NDArray[np.float32]:
    if waveform.samples.size == 0 or not np.isfinite(waveform.samples).all():
        raise JudgeError("there are no samples, or some are no number")
    if float(np.abs(waveform.samples).max()) < SILENT_PEAK:
        raise JudgeError("the sound is silent")
    kept = waveform.samples[: int(LONGEST_S * waveform.sample_rate)]
    samples = resample(Waveform(kept, waveform.sample_rate), RATE).samples
    if samples.size < LEAST_SOUND_S * RATE:
        raise JudgeError(f"{samples.size / RATE:.2f} s is too short for an emotion")
    return np.asarray(samples, dtype=np.float32)


def _frame_power(samples: npt.NDArray[np.float32], frames: int) -> Floats:
    """Return the mean power of 25 ms around the centre of each frame."""
    size = RATE // 40
    padded = np.pad(np.square(samples, dtype=np.float64), size)
    total = np.concatenate([[0.0], np.cumsum(padded)])
    starts = np.minimum(np.arange(frames) * HOP + size - size // 2, padded.size - size)
    return np.asarray((total[starts + size] - total[starts]) / size)


def _ends(loud: Mask) -> tuple[int, int]:
    where = np.flatnonzero(loud)
    return int(where[0]), int(where[-1])


def _praat_pitch(samples: npt.NDArray[np.float32], frames: int) -> tuple[Any, Floats]:
    """Return Praat's sound and F0 per frame, Hz (0 unvoiced), in bounds that fit the speaker."""
    import parselmouth

    sound = parselmouth.Sound(samples.astype(np.float64), RATE)
    wide = sound.to_pitch_ac(HOP / RATE, _FLOOR_HZ, pitch_ceiling=_CEILING_HZ)
    hz = wide.selected_array["frequency"]
    floor, ceiling = _FLOOR_HZ, _CEILING_HZ
    if np.count_nonzero(hz) > 4:  # noqa: PLR2004 - enough for quartiles
        low, high = np.quantile(hz[hz > 0], (0.25, 0.75))
        floor, ceiling = max(_FLOOR_HZ, 0.75 * low), min(_CEILING_HZ, 1.9 * high)
    pitch = sound.to_pitch_ac(HOP / RATE, floor, pitch_ceiling=ceiling)
    f0 = pitch.selected_array["frequency"]
    at = np.round((np.arange(frames) * HOP / RATE - pitch.xs()[0]) / (HOP / RATE)).astype(int)
    inside = (at >= 0) & (at < f0.size)
    return (sound, pitch), np.where(inside, f0[np.clip(at, 0, f0.size - 1)], 0.0)


def _melody(f0: Floats, voiced: Mask, loud: Mask) -> Floats:
    tones = 12 * np.log2(f0[voiced] / 100.0)
    tones = tones[np.abs(tones - np.median(tones)) < 14.0]  # noqa: PLR2004 - beyond: octave errors
    time_s = np.flatnonzero(voiced)[: tones.size] * HOP / RATE
    low, high = np.quantile(tones, (0.1, 0.9))
    steps = np.diff(12 * np.log2(np.where(f0 > 0, f0, 1.0)))[voiced[1:] & voiced[:-1]]
    steps = steps[np.abs(steps) < 2.0]  # noqa: PLR2004 - semitones in 10 ms: an octave error
    motion = float(np.abs(steps).mean()) * RATE / HOP if steps.size else 0.0
    end = float(tones[-max(1, tones.size // 4) :].mean() - tones.mean())
    share = float(voiced.sum() / loud.sum())
    slope = _slope(time_s, tones)
    return np.array(
        [tones.mean(), tones.std(), high - low, low, high, slope, motion, end, min(share, 1.0)]
    )


def _slope(time_s: Floats, values: Floats) -> float:
    """Return the least-squares slope per second, 0 for what is too short to have one."""
    away = time_s - time_s.mean()
    spread = float((away**2).sum())
    return float((away * (values - values.mean())).sum() / spread) if spread > 1e-3 else 0.0  # noqa: PLR2004


def _effort(level: Floats, loud: Mask) -> Floats:
    heard = level[loud]
    mean = 10 * np.log10(np.mean(10 ** (heard / 10)))
    low, high = np.quantile(heard, (0.2, 0.95))
    slope = _slope(np.flatnonzero(loud) * HOP / RATE, heard)
    return np.array([mean, heard.std(), high - low, slope])


def _colour(power: Floats) -> Floats:
    """Measure the spectrum of the frames that sound, (frames, bins)."""
    hz = np.fft.rfftfreq(N_FFT, 1 / RATE)
    power = power + power.max() * 1e-9
    mean = power.mean(axis=0)
    alpha = mean[(hz >= 1000) & (hz < 5000)].sum() / mean[(hz >= 50) & (hz < 1000)].sum()  # noqa: PLR2004
    hammarberg = mean[hz < 2000].max() / mean[(hz >= 2000) & (hz < 5000)].max()  # noqa: PLR2004
    audible = power[:, hz >= 50]  # noqa: PLR2004
    centroid = np.log2((audible * hz[hz >= 50]).sum(axis=1) / audible.sum(axis=1))  # noqa: PLR2004
    flatness = 10 * (np.log10(audible).mean(axis=1) - np.log10(audible.mean(axis=1)))
    shapes = np.sqrt(audible / audible.sum(axis=1, keepdims=True))
    flux = np.sqrt((np.diff(shapes, axis=0) ** 2).sum(axis=1)).mean() if len(shapes) > 1 else 0.0
    ratios = 10 * np.log10([alpha, hammarberg])
    return np.array([*ratios, centroid.mean(), centroid.std(), flatness.mean(), flux])


def _quality(analysed: Any) -> Floats:  # noqa: ANN401 - Praat's own objects
    """Measure how regular the voice is: HNR in dB, jitter and shimmer as shares."""
    from parselmouth.praat import call

    sound, pitch = analysed
    chosen = pitch.selected_array
    # Boersma's equation 4, on the very peaks the F0 was chosen by.
    periodic = np.clip(chosen["strength"][chosen["frequency"] > 0], 0.01, 0.9999)
    harmonicity = 10 * np.log10(periodic / (1 - periodic))
    pulses = call([sound, pitch], "To PointProcess (cc)")
    jitter = call(pulses, "Get jitter (local)", 0, 0, 0.0001, 0.02, 1.3)
    shimmer = call([sound, pulses], "Get shimmer (local)", 0, 0, 0.0001, 0.02, 1.3, 1.6)
    # Without two regular periods in a row there is no jitter: then the voice is as rough as any.
    rough = np.nan_to_num([jitter, shimmer], nan=0.3)
    return np.array([harmonicity.mean() if harmonicity.size else 0.0, *np.minimum(rough, 0.3)])


def _tempo(level: Floats, loud: Mask, voiced: Mask) -> Floats:
    """Measure syllables per second of sound, mean length of voice, and the share of pauses."""
    pauses = sum(int(n) for n in runs(~loud)[1] if n >= _PAUSE_FRAMES)
    smooth = np.convolve(np.pad(level, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    tops, _ = find_peaks(smooth, prominence=_NUCLEUS_DB, distance=_NUCLEUS_GAP)
    nuclei = int(np.count_nonzero(voiced[tops]))
    lengths = runs(voiced)[1]
    sounding_s = max(1, loud.size - pauses) * HOP / RATE
    run_s = float(np.mean(lengths)) * HOP / RATE if lengths.size else 0.0
    return np.array([nuclei / sounding_s, run_s, pauses / loud.size])


def _cepstrum(power: Floats) -> Floats:
    """Return mean and spread of mel cepstra 1–12 (natural logarithm, orthonormal DCT-II)."""
    mel = power @ mel_filters(_MEL).T.astype(np.float64)
    log = np.log(np.maximum(mel, mel.max() * 1e-8))
    cepstra = dct(log, type=2, norm="ortho", axis=1)[:, 1 : CEPSTRA + 1]
    return np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0)])
