"""What is measured of one take: who speaks, how the voice is coloured, where its pitch lies.

References:
    Long-term average spectrum as a mark of a speaker: Pittam & Millar (1989), "The long-term
    spectrum of the voice as a marker of personality"; Löfqvist (1986), J. Acoust. Soc. Am. 79.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.mastering import resample
from renderer.audio.pitch import CEILING_HZ, FLOOR_HZ, track_f0
from renderer.audio.spectrum import MelSpec, mel_power
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan

Vector = npt.NDArray[np.float32]

REVISION = "1"  # a new number measures every take again
RATE = 16_000
BANDS = 32
MEL = MelSpec(sample_rate=RATE, n_fft=512, hop_length=160, n_mels=BANDS, f_min=80, f_max=7_600)
BINS_PER_SEMITONE = 2
BINS = int(np.ceil(12 * np.log2(CEILING_HZ / FLOOR_HZ))) * BINS_PER_SEMITONE
LOUD_DB = 30.0  # frames further below the loudest say nothing of the voice
MEASURED = BANDS + BINS
_LEAST_PHONES = 3


@dataclass(frozen=True, slots=True, eq=False)
class SoundPrint:
    """What one take sounds like.

    Attributes:
        embedding: Unit vector, float32 (D,), or None where the judge could not tell.
        spectrum_db: Long-term average spectrum, float32 (BANDS,) on the mel scale from 80 Hz to
            7.6 kHz, dB around its own mean: level is no part of it.
        f0_counts: Voiced frames of 10 ms by pitch, float32 (BINS,), half a semitone each from
            60 Hz.
        why: Why there is no embedding, or "".
    """

    embedding: Vector | None
    spectrum_db: Vector
    f0_counts: Vector
    why: str = ""


def measure_voice(waveform: Waveform) -> Vector:
    """Measure spectrum and pitch of a take.

    Args:
        waveform: Any rate and level, silence included (then all is 0).

    Returns:
        float32 (MEASURED,): `spectrum_db`, then `f0_counts`.
    """
    clean = np.nan_to_num(waveform.samples, nan=0.0, posinf=0.0, neginf=0.0)
    whole = Waveform.of(clean, waveform.sample_rate)
    return np.concatenate([_spectrum_db(whole), _f0_counts(whole)])


def split(measured: Vector) -> tuple[Vector, Vector]:
    """Return spectrum and pitch counts of what `measure_voice` gave."""
    return measured[:BANDS], measured[BANDS:]


def _spectrum_db(waveform: Waveform) -> Vector:
    mel = mel_power(resample(waveform, RATE).samples, MEL)  # (frames, BANDS)
    energy = mel.sum(axis=1)
    if energy.size == 0 or float(energy.max()) <= 0:
        return np.zeros(BANDS, np.float32)
    loud = mel[energy > energy.max() * 10 ** (-LOUD_DB / 10)]
    decibels = 10 * np.log10(np.maximum(loud.mean(axis=0), 1e-12))
    return np.asarray(decibels - decibels.mean(), dtype=np.float32)


def _f0_counts(waveform: Waveform) -> Vector:
    f0, voiced = track_f0(waveform)
    steps = 12 * BINS_PER_SEMITONE * np.log2(np.maximum(f0[voiced], FLOOR_HZ) / FLOOR_HZ)
    index = np.clip(steps.astype(int), 0, BINS - 1)
    return np.bincount(index, minlength=BINS).astype(np.float32)


def bin_hz() -> npt.NDArray[np.float64]:
    """Return the middle of each bin of `f0_counts`, Hz, float64 (BINS,)."""
    return np.asarray(FLOOR_HZ * 2 ** ((np.arange(BINS) + 0.5) / (12 * BINS_PER_SEMITONE)))


def speaking_rate(phones: Sequence[PhoneSpan]) -> float | None:
    """Return phones per second of speech, pauses left out; None for fewer than three phones."""
    spoken = [phone for phone in phones if phone.phoneme != "_"]
    seconds = sum(phone.end_s - phone.start_s for phone in spoken)
    return len(spoken) / seconds if len(spoken) >= _LEAST_PHONES and seconds > 0 else None
