"""The sound side of augmentation: another size of speaker, another melody, another tempo, noise.

Three ways to another voice, from the cleanest to the freest:

    resampled    plays the sound at another speed: pitch, vocal tract and tempo change together,
                 and nothing is lost but the top of the band
    overlapped   resampled to another vocal tract, then pitch and tempo by overlap-add (PSOLA)
    vocoded      the same by WORLD, which takes the voice apart and makes it anew

References:
    Morise, Yokomori & Ozawa (2016). WORLD: a vocoder-based high-quality speech synthesis system.
    IEICE Transactions E99-D(7), 1877–1884.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import frame_levels_dbfs, silence_threshold_dbfs
from renderer.audio.waveform import Samples, Waveform
from renderer.direction.psola import resynthesise
from renderer.errors import TrainingError

Floats = npt.NDArray[np.float64]

_WORLD_FRAME_MS = 5.0
_WORLD_BOUNDS_HZ = (60.0, 700.0)
_LEVEL_HOP_S = 0.01


@dataclass(frozen=True, slots=True)
class Melody:
    """What becomes of the F0 contour.

    Attributes:
        shift_st: Semitones up.
        range_factor: Widens the contour around its mean.
    """

    shift_st: float = 0.0
    range_factor: float = 1.0

    @property
    def changes(self) -> bool:
        """Whether the contour is another one afterwards."""
        return self.shift_st != 0 or self.range_factor != 1

    def of(self, tones: Floats) -> Floats:
        """Return the new contour in semitones; (n,) → (n,)."""
        mean = tones.mean() if tones.size else 0.0
        return np.asarray(mean + self.range_factor * (tones - mean) + self.shift_st)


def resampled(samples: Samples, sample_rate: int, factor: float) -> Samples:
    """Play a sound at `factor` × its speed: every frequency × factor, its length / factor.

    Args:
        samples: float32 (T,).
        sample_rate: Hz, of the sound and of the result.
        factor: 0.5–2; below 1 a longer vocal tract. Band-limited: nothing folds back.

    Returns:
        float32 (⌈T / factor⌋,).
    """
    if factor == 1:
        return samples
    import soxr

    made = soxr.resample(samples, sample_rate * factor, sample_rate, quality="VHQ")
    out = np.zeros(round(samples.size / factor), dtype=np.float32)
    out[: made.size] = made[: out.size]
    return out


def overlapped(
    sound: Waveform, melody: Melody, formant: float, source_s: Floats, target_s: Floats
) -> Waveform:
    """Change vocal tract, melody and tempo, by resampling and overlap-add.

    Args:
        sound: What to change.
        melody: What becomes of its F0.
        formant: Factor on the formant frequencies; below 1 a longer vocal tract.
        source_s: Corners of the time map in the sound, seconds, rising from 0.
        target_s: The same corners in the result.

    Returns:
        A waveform of `target_s[-1]` seconds.
    """
    sized = Waveform.of(resampled(sound.samples, sound.sample_rate, formant), sound.sample_rate)
    undone = Melody(melody.shift_st - 12 * float(np.log2(formant)), melody.range_factor)
    contour = (lambda _times, tones: undone.of(tones)) if undone.changes else None
    return resynthesise(sized, contour, source_s / formant, target_s)


def vocoded(
    sound: Waveform, melody: Melody, formant: float, source_s: Floats, target_s: Floats
) -> Waveform:
    """Do what `overlapped` does, by WORLD (needs the package pyworld).

    Raises:
        TrainingError: pyworld is not installed.
    """
    try:
        world = importlib.import_module("pyworld")
    except ImportError as error:
        raise TrainingError(
            "the augmentation `world` needs pyworld: `pip install pyworld`, or leave it out."
        ) from error
    samples, rate = sound.samples.astype(np.float64), sound.sample_rate
    floor, ceiling = _WORLD_BOUNDS_HZ
    f0, times = world.harvest(samples, rate, floor, ceiling, _WORLD_FRAME_MS)
    envelope = world.cheaptrick(samples, f0, times, rate)
    breath = world.d4c(samples, f0, times, rate)
    taken = _frames_taken(times, source_s, target_s)
    spoken = f0[taken]
    voiced = spoken > 0
    spoken[voiced] = 2 ** (melody.of(12 * np.log2(spoken[voiced])) / 12)
    made = world.synthesize(
        spoken,
        _stretched(envelope[taken], formant),
        np.ascontiguousarray(breath[taken]),
        rate,
        _WORLD_FRAME_MS,
    )
    out = np.zeros(round(float(target_s[-1]) * rate), dtype=np.float32)
    out[: min(out.size, made.size)] = made[: out.size]
    return Waveform(out, rate)


def _frames_taken(times: Floats, source_s: Floats, target_s: Floats) -> npt.NDArray[np.intp]:
    """Return which analysis frame stands at each frame of the result."""
    step = _WORLD_FRAME_MS / 1000
    wanted = np.interp(np.arange(0.0, float(target_s[-1]) + step, step), target_s, source_s)
    frames: npt.NDArray[np.intp] = np.rint(wanted / step).astype(np.intp)
    return np.minimum(frames, np.intp(times.size - 1))


def _stretched(envelope: Floats, factor: float) -> Floats:
    """Move an envelope (frames, bins) along the frequency axis."""
    bins = np.arange(envelope.shape[1])
    source = np.minimum(bins / factor, bins[-1])
    low = np.minimum(source.astype(np.intp), bins[-1] - 1)
    part = source - low
    logs = np.log(np.maximum(envelope, 1e-16))
    return np.ascontiguousarray(np.exp(logs[:, low] * (1 - part) + logs[:, low + 1] * part))


def noisy(
    samples: Samples, sample_rate: int, snr_db: float, random: np.random.Generator
) -> Samples:
    """Add pink noise, `snr_db` below the level of the speech without its pauses."""
    if not np.any(samples):
        return samples
    white = np.fft.rfft(random.standard_normal(samples.size))
    pink = np.fft.irfft(white / np.sqrt(np.maximum(np.arange(white.size), 1)), samples.size)
    levels = frame_levels_dbfs(samples, round(_LEVEL_HOP_S * sample_rate))
    active = levels[levels > silence_threshold_dbfs(levels)]
    loud = levels.max() if active.size == 0 else 10 * np.log10(np.mean(10 ** (active / 10)))
    gain = 10 ** ((loud - snr_db) / 20) / np.sqrt(np.mean(pink**2))
    return np.asarray(samples + gain * pink, dtype=np.float32)


def scaled_durations(durations: Sequence[int], factor: float, total: int) -> tuple[int, ...]:
    """Stretch lengths in frames, each end rounded to the nearest frame.

    Args:
        durations: N lengths, not all 0.
        factor: On all of them.
        total: Their new sum, about `factor` × the old one: the last end is moved there.

    Raises:
        ValueError: There are more phones than frames.

    >>> scaled_durations((4, 0, 2, 10), 0.5, 8)
    (2, 0, 1, 5)
    >>> scaled_durations((1, 1, 14), 0.25, 4)
    (1, 1, 2)
    """
    lengths = np.asarray(durations, dtype=np.int64)
    held = np.cumsum(lengths > 0)
    if not lengths.any() or total < held[-1]:
        raise ValueError(f"{len(durations)} phones do not fit into {total} frames")
    ends = np.rint(np.cumsum(lengths) * factor).astype(np.int64)
    ends[ends == ends[-1]] = total
    # Beyond one frame for each sounding phone, the ends may lie anywhere in between, in order.
    spare = np.clip(np.maximum.accumulate(ends - held), 0, total - held[-1])
    return tuple(int(n) for n in np.diff(spare + held, prepend=0))
