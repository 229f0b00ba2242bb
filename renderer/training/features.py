"""What the models learn from a clip: mel frames, F0, voicing and energy (kept by `feature_store`).

Frame i covers samples [i × hop, (i + 1) × hop) and everything here is measured at its centre, so
that durations in frames are exact: `frames` = ⌈samples / hop⌉, the last frame filled with zeros.

References:
    Kong, Kim & Bae (2020), HiFi-GAN, arXiv 2010.05646: natural logarithm of the magnitude mel,
    not below 1e-5, reflected by (n_fft − hop) / 2 at the ends.
    Łańcucki (2020), FastPitch, arXiv 2006.06873, section 2: pitch averaged over each phone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.pitch import semitones, track_f0
from renderer.audio.spectrum import MelSpec, mel_filters
from renderer.audio.waveform import Samples, Waveform
from renderer.training.corpus import MEL, Speaker

Frames = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

REVISION = "features-1"
MEL_FLOOR = 1e-5
_CHUNK = 1024  # frames per FFT batch: bounds the memory of a long clip


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A clip as the models see it.

    Attributes:
        mel: float32 (n_mels, frames), natural logarithm of the magnitude mel; kept in 16 bits.
        f0: float32 (frames,), Hz, 0 where unvoiced.
        voiced: bool (frames,).
        energy: float32 (frames,), dB, see `frame_energy`.
    """

    mel: Frames
    f0: Frames
    voiced: Mask
    energy: Frames


def log_mel(samples: Samples, spec: MelSpec = MEL) -> Frames:
    """Return the log mel spectrogram of a sound.

    Args:
        samples: float32 (T,); filled with zeros to whole frames.
        spec: How it is cut; n_fft − hop_length is even.

    Returns:
        float32 (n_mels, ⌈T / hop⌉), natural logarithm of the magnitude, at least log 1e-5.
    """
    count = frame_count(samples.size, spec)
    if count == 0:
        return np.zeros((spec.n_mels, 0), dtype=np.float32)
    whole = np.pad(samples, (0, count * spec.hop_length - samples.size))
    padded = np.pad(whole, (spec.n_fft - spec.hop_length) // 2, mode="reflect")
    cut = np.lib.stride_tricks.sliding_window_view(padded, spec.n_fft)[:: spec.hop_length]
    window = np.hanning(spec.n_fft + 1)[:-1].astype(np.float32)
    filters = mel_filters(spec)
    parts = [
        np.abs(np.fft.rfft(cut[at : at + _CHUNK] * window, axis=1)).astype(np.float32) @ filters.T
        for at in range(0, count, _CHUNK)
    ]
    mel = np.concatenate(parts).T
    return np.ascontiguousarray(np.log(np.maximum(mel, MEL_FLOOR)), dtype=np.float32)


def frame_count(size: int, spec: MelSpec = MEL) -> int:
    """Return how many frames cover a number of samples.

    >>> frame_count(0), frame_count(1), frame_count(256), frame_count(257)
    (0, 1, 1, 2)
    """
    return -(-size // spec.hop_length)


def frame_f0(
    samples: Samples, spec: MelSpec = MEL, floor_hz: float = 60.0, ceiling_hz: float = 600.0
) -> tuple[Frames, Mask]:
    """Track F0 at the centres of the mel frames.

    Args:
        samples: float32 (T,).
        spec: Its rate and hop.
        floor_hz: Lowest F0 looked for.
        ceiling_hz: Highest F0 looked for.

    Returns:
        `f0`, float32 (frames,), Hz, 0 where unvoiced; `voiced`, bool (frames,).
    """
    count = frame_count(samples.size, spec)
    if count == 0:
        return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=bool)
    # The tracker's frame i is centred at i × hop: half a hop of silence moves frame i + 1 of the
    # longer sound to the centre of frame i.
    half = spec.hop_length // 2
    end = count * spec.hop_length - samples.size
    shifted = Waveform.of(np.pad(samples, (half, end)), spec.sample_rate)
    f0, voiced = track_f0(shifted, floor_hz, ceiling_hz, spec.hop_length / spec.sample_rate)
    return f0[1 : count + 1].astype(np.float32), voiced[1 : count + 1]


def frame_energy(mel: Frames) -> Frames:
    """Return 20 log10 of the L2 norm of each magnitude mel frame.

    Args:
        mel: (n_mels, frames), natural logarithm of the magnitude.

    Returns:
        float32 (frames,), dB; full-scale speech is near 0, silence near −80.
    """
    power = np.square(np.exp(mel.astype(np.float64))).sum(axis=0)
    return np.asarray(10.0 * np.log10(power), dtype=np.float32)


def extract(samples: Samples, speaker: Speaker, spec: MelSpec = MEL) -> Features:
    """Measure everything a model learns from a sound.

    Args:
        samples: float32 (T,) at the spec's rate.
        speaker: Whose it is: bounds the search for F0.
        spec: How it is cut.
    """
    mel = log_mel(samples, spec)
    f0, voiced = frame_f0(samples, spec, speaker.f0_floor_hz, speaker.f0_ceiling_hz)
    return Features(mel, f0, voiced, frame_energy(mel))


def phone_pitch(
    f0: Frames, voiced: Mask, durations: Iterable[int], fallback_st: float = 0.0
) -> Frames:
    """Average F0 over each phone.

    Args:
        f0: (frames,), Hz.
        voiced: (frames,).
        durations: N lengths in frames that add up to `frames`; 0 is allowed.
        fallback_st: Returned throughout where nothing at all is voiced.

    Returns:
        float32 (N,), semitones re 100 Hz: the mean of a phone's voiced frames; a phone without any
        has the mean of the line drawn through the voiced frames around it.
    """
    contour = np.full(len(f0), fallback_st)
    where = np.flatnonzero(voiced)
    if where.size:
        tones = semitones(f0[where].astype(np.float64))
        contour = np.interp(np.arange(len(f0)), where, tones)
    return _phone_means(contour, durations, voiced)


def phone_energy(energy: Frames, durations: Iterable[int]) -> Frames:
    """Average energy (frames,) in dB over each of N phones; float32 (N,)."""
    return _phone_means(energy.astype(np.float64), durations, np.zeros(len(energy), dtype=bool))


def _phone_means(values: npt.NDArray[np.float64], durations: Iterable[int], first: Mask) -> Frames:
    """Average over each phone's frames, over those marked `first` where it has such."""
    lengths = np.asarray(list(durations), dtype=np.int64)
    if lengths.sum() != values.size:
        raise ValueError(f"durations cover {lengths.sum()} of {values.size} frames")
    if values.size == 0:
        return np.zeros(lengths.size, dtype=np.float32)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    marked = _span_sums(first.astype(np.float64), starts, ends)
    of_marked = _span_sums(np.where(first, values, 0.0), starts, ends) / np.maximum(marked, 1)
    of_all = _span_sums(values, starts, ends) / np.maximum(lengths, 1)
    at = values[np.minimum(starts, values.size - 1)]
    means = np.where(marked > 0, of_marked, np.where(lengths > 0, of_all, at))
    return means.astype(np.float32)


def _span_sums(
    values: npt.NDArray[np.float64], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(total[ends] - total[starts])
