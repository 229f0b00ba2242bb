"""What an encoder left of its master: both are there, so damage shows on a line of any length.

Nothing is heard here and nothing learned: spectra of the same moments are held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import FRAME_S, frame_levels_dbfs
from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, Spectrum, mel_filters, power_frames
from renderer.audio.waveform import Samples, Waveform

WINDOW_S, HOP_S = 0.02, 0.01
BANDS, LOW_HZ, HIGH_HZ = 26, 80.0, 16_000.0
BELOW_LOUD_DB = 40.0  # under the loud moments: softer ones are no speech
BELOW_FRAME_DB = 50.0  # under a moment's strongest band: masked by it
BELOW_ALL_DB = 65.0  # under the strongest band of all: nobody hears it
LEAST_MOMENTS = 3  # of a band that sounds
LOST_DB = 15.0  # softer than the master
SOUNDS_DB = 50.0  # below the master's loudest 5 ms
SOUNDS_DBFS = -70.0  # softer is nothing to lose

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """A delivery against its master.

    Attributes:
        distance_db: Root mean square of the level differences over moments and bands, dB.
        band_loss_db: Mean loss of the band that lost most, dB; at most 65.
        band_hz: Middle of that band.
        lost_s: Time in which the master sounds and the delivery is 15 dB softer or more.
        lost_at_s: Where the first of it is.
    """

    distance_db: float
    band_loss_db: float
    band_hz: float
    lost_s: float
    lost_at_s: float


def fidelity(master: Waveform, delivered: Waveform) -> Fidelity:
    """Hold a delivery against its master, at the same times.

    A log-spectral distance over windows of 20 ms and 26 mel bands from 80 Hz to 16 kHz. A band
    counts at moments when the master has something to hear in it. What the delivery adds in
    silence is not looked at. Nothing is aligned: a delivery that is late is far from its master.

    Args:
        master: Before the encoder.
        delivered: Decoded; brought to the master's rate, and of the same length up to some
            samples.

    Returns:
        The differences; all 0 for a silent master.

    References:
        Gray, A. and Markel, J. (1976). Distance measures for speech processing. IEEE Trans. ASSP
        24(5), 380–391: the root-mean-square log-spectral distance, eq. 1.
    """
    size = min(master.samples.size, delivered.samples.size)
    rated = resample(delivered, master.sample_rate).samples[:size]
    here = master.samples[: rated.size]
    loss, sounds = _losses(here, rated, master.sample_rate)
    moments = sounds.sum(axis=0)
    mean = np.where(sounds, loss, 0.0).sum(axis=0) / np.maximum(moments, 1)
    mean[moments < LEAST_MOMENTS] = 0.0
    worst = int(mean.argmax())
    heard = loss[sounds]
    distance = float(np.sqrt(np.mean(np.square(heard)))) if heard.size else 0.0
    lost = _lost_at_s(here, rated, master.sample_rate)
    hop_s = max(1, round(FRAME_S * master.sample_rate)) / master.sample_rate
    return Fidelity(
        distance_db=distance,
        band_loss_db=max(0.0, float(mean[worst])),
        band_hz=_middle_hz(worst, master.sample_rate),
        lost_s=lost.size * hop_s,
        lost_at_s=float(lost[0]) if lost.size else 0.0,
    )


def _losses(master: Samples, delivered: Samples, rate: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return how much softer each band is at each moment, and where the master is heard.

    Returns:
        dB (moments, bands), and bool of the same shape.
    """
    before, after = (_bands(sound, rate) for sound in (master, delivered))
    whole = before.sum(axis=1)
    loudest = float(before.max(initial=0.0))
    if loudest <= 0:
        return np.zeros(before.shape), np.zeros(before.shape, dtype=bool)
    floor = np.maximum(
        before.max(axis=1, keepdims=True) * 10 ** (-BELOW_FRAME_DB / 10),
        loudest * 10 ** (-BELOW_ALL_DB / 10),
    )
    speaks = whole > np.quantile(whole, 0.95) * 10 ** (-BELOW_LOUD_DB / 10)
    level, left = (10 * np.log10(np.maximum(power, floor)) for power in (before, after))
    return level - left, (before > floor) & speaks[:, None]


def _spec(rate: int) -> MelSpec:
    n_fft = 1 << int(np.ceil(np.log2(WINDOW_S * rate)))
    hop = max(1, round(HOP_S * rate))
    return MelSpec(rate, n_fft, hop, BANDS, LOW_HZ, min(HIGH_HZ, 0.48 * rate))


def _bands(samples: Samples, rate: int) -> Spectrum:
    spec = _spec(rate)
    return power_frames(samples, spec.n_fft, spec.hop_length) @ mel_filters(spec).T


def _middle_hz(band: int, rate: int) -> float:
    spec = _spec(rate)
    return float(mel_filters(spec)[band].argmax() * rate / spec.n_fft)


def _lost_at_s(master: Samples, delivered: Samples, rate: int) -> Floats:
    """Return the starts of the frames of 5 ms of which next to nothing is left, seconds."""
    hop = max(1, round(FRAME_S * rate))
    level, left = (frame_levels_dbfs(sound, hop) for sound in (master, delivered))
    if level.size == 0:
        return np.zeros(0)
    sounds = level > max(float(level.max()) - SOUNDS_DB, SOUNDS_DBFS)
    is_lost = sounds & (level - left > LOST_DB)
    return np.asarray(np.flatnonzero(is_lost) * hop / rate)
