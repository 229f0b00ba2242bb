"""PESQ and STOI: what is left of a sound, held against the sound it was made from.

Both compare two recordings of the SAME performance, sample beside sample. So they judge a codec
against its master, the copy synthesis of a vocoder against its recording, or one runtime against
another, and nothing else: a synthesised line has no reference, and another reading of its words is
none. What does not line up is refused.

References:
    ITU-T P.862 (2001), P.862.1 and P.862.2 (2005-2007), by the `pesq` package (MIT; its C code is
    the ITU's, under the ITU's terms). Taal, Hendriks, Heusdens and Jensen (2011), An algorithm for
    intelligibility prediction of time-frequency weighted noisy speech, IEEE TASLP 19(7), by the
    `pystoi` package (MIT).
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import correlate, correlation_lags

from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, mel_power
from renderer.audio.waveform import Samples, Waveform
from renderer.errors import JudgeError
from renderer.ports import Comparison

WIDE_RATE, NARROW_RATE = 16_000, 8_000
SHORTEST_S, LONGEST_S = 0.25, 30.0  # of P.862; its code holds 50 utterances and no more
SILENT_PEAK = 1e-4
MOST_LENGTH_APART_S = 0.1
FRAME_S = 0.01
BANDS = 20
QUIETEST_DB = -50.0  # below the loudest frame; deeper is silence


class Bounds(NamedTuple):
    """How near two sounds must be: delay, seconds; likeness of samples and of spectra, −1–1."""

    delay_s: float
    samples: float
    spectra: float


# A vocoder makes phases of its own, so its samples may differ; what sounds when may not. Readings
# of one sentence by one actor have spectra 0.82 alike in the median and 0.96 in one of a hundred
# pairs (RAVDESS, 164 pairs); Griffin-Lim copies, the poorest of vocoders, 0.976 and more.
BOUNDS = {
    Comparison.CODEC: Bounds(0.1, 0.6, 0.5),
    Comparison.COPY_SYNTHESIS: Bounds(0.05, -1.0, 0.965),
    Comparison.RUNTIME: Bounds(0.001, 0.6, 0.5),
}


class PesqStoiJudge:
    """Scores a sound against its reference. May be shared by threads; PESQ runs one at a time."""

    _one_at_a_time = threading.Lock()  # the ITU's code keeps its state in globals

    @property
    def revision(self) -> str:
        """Names of the metrics and of how sounds are aligned."""
        return "pesq-p862.2+stoi-aligned-1"

    def compare(
        self, purpose: Comparison, reference: Waveform, sound: Waveform
    ) -> Mapping[str, float]:
        """Hold a sound against its reference.

        Args:
            purpose: What for; it says how near the two must be.
            reference: Mono, 8 kHz or more, 0.25–30 s.
            sound: Of the same rate and, within 0.1 s, length.

        Returns:
            `pesq_wb` (1.04–4.64; MOS-LQO of P.862.2 at 16 kHz), or `pesq_nb` (1.02–4.55) for a
            rate below 16 kHz; `stoi` (about 0–1). Identical sounds have 4.644, 4.549 and 1.

        Raises:
            JudgeError: The two are not the same performance at one rate and length, are silent,
                too short or too long, a package is missing, or a metric failed.
        """
        if not isinstance(purpose, Comparison):
            raise JudgeError("say what is compared: a codec, a copy synthesis or a runtime.")
        _check(reference, sound)
        rate = WIDE_RATE if reference.sample_rate >= WIDE_RATE else NARROW_RATE
        pair = _aligned(resample(reference, rate), resample(sound, rate), purpose)
        mode = "wb" if rate == WIDE_RATE else "nb"
        with self._one_at_a_time:
            pesq = _pesq(*pair, rate, mode)
        return {f"pesq_{mode}": pesq, "stoi": _stoi(*pair, rate)}


def _check(reference: Waveform, sound: Waveform) -> None:
    """Refuse what cannot be compared at all."""
    if reference.sample_rate != sound.sample_rate:
        raise JudgeError(
            f"the reference has {reference.sample_rate} Hz and the sound {sound.sample_rate}; "
            "compare at one rate."
        )
    if reference.sample_rate < NARROW_RATE:
        raise JudgeError(f"{reference.sample_rate} Hz is too low; PESQ needs 8000 Hz or more.")
    for name, one in (("reference", reference), ("sound", sound)):
        if not np.isfinite(one.samples).all():
            raise JudgeError(f"the {name} has samples that are no number.")
        if not SHORTEST_S <= one.duration_s <= LONGEST_S:
            raise JudgeError(
                f"the {name} lasts {one.duration_s:.2f} s; 0.25 to 30 s can be judged."
            )
        if float(np.abs(one.samples).max()) < SILENT_PEAK:
            raise JudgeError(f"the {name} is silent.")
    apart = abs(reference.duration_s - sound.duration_s)
    if apart > MOST_LENGTH_APART_S:
        raise JudgeError(f"the sounds differ by {apart:.2f} s in length; they are not one sound.")


def _aligned(reference: Waveform, sound: Waveform, purpose: Comparison) -> tuple[Samples, Samples]:
    """Cut both to what they share, the sound moved onto the reference, or refuse them."""
    bounds, rate = BOUNDS[purpose], reference.sample_rate
    delay = _delay(reference.samples, sound.samples, rate)
    if abs(delay) > bounds.delay_s * rate:
        raise JudgeError(
            f"the sound lies {1000 * delay / rate:.0f} ms beside its reference, more than "
            f"{1000 * bounds.delay_s:.0f} ms for a {purpose.value}."
        )
    first, second = reference.samples[max(0, -delay) :], sound.samples[max(0, delay) :]
    size = min(first.size, second.size)
    first, second = first[:size], second[:size]
    spectra = _likeness(_spectra(first, rate), _spectra(second, rate))
    if _likeness(first, second) < bounds.samples or spectra < bounds.spectra:
        raise JudgeError(
            f"the sound is not its reference's performance (spectra correlate by {spectra:.2f}); "
            "PESQ and STOI cannot judge another reading, so no free synthesised line."
        )
    return first, second


def _delay(reference: Samples, sound: Samples, rate: int) -> int:
    """Return by how many samples the sound is late.

    Levels say where (phases may differ), samples say exactly, where they agree.
    """
    lags = correlation_lags(sound.size, reference.size)
    found = correlate(sound, reference, method="fft")
    near = np.abs(lags) <= 2 * MOST_LENGTH_APART_S * rate
    at = int(np.argmax(np.where(near, found, -np.inf)))
    norm = math.sqrt(float(np.sum(np.square(sound)) * np.sum(np.square(reference))))
    if found[at] >= 0.5 * norm:
        return int(lags[at])
    first, second = _levels(reference, rate), _levels(sound, rate)
    coarse = correlate(second - second.mean(), first - first.mean(), method="fft")
    steps = int(correlation_lags(second.size, first.size)[int(np.argmax(coarse))])
    return 0 if abs(steps) <= 1 else round(steps * FRAME_S * rate)


def _levels(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Return levels of frames of 10 ms, dB, not below 50 dB under the loudest."""
    hop = round(FRAME_S * rate)
    frames = samples[: samples.size // hop * hop].reshape(-1, hop)
    level = 10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + 1e-14)
    return np.asarray(np.maximum(level, level.max() + QUIETEST_DB))


def _spectra(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Return log-mel levels without each band's mean, dB (frames, bands): what moves, and how."""
    spec = MelSpec(rate, round(0.032 * rate), round(FRAME_S * rate), BANDS, 100.0)
    level = 10 * np.log10(mel_power(samples, spec).astype(np.float64) + 1e-14)
    level = np.maximum(level, level.max() + QUIETEST_DB)
    return np.asarray(level - level.mean(axis=0))


def _likeness(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Return the correlation coefficient, 0 where one of them is constant."""
    one, two = (x.ravel().astype(np.float64) - float(x.mean()) for x in (first, second))
    norm = math.sqrt(float(one @ one) * float(two @ two))
    return float(one @ two) / norm if norm > 0 else 0.0


def _pesq(reference: Samples, sound: Samples, rate: int, mode: str) -> float:
    try:
        import pesq
    except ImportError as error:
        raise JudgeError("PESQ needs pesq: pip install 'barkline[quality]'.") from error
    try:
        return _finite("PESQ", float(pesq.pesq(rate, reference, sound, mode)))
    except (pesq.PesqError, ValueError, RuntimeError) as error:
        raise JudgeError(f"PESQ failed: {error}") from error


def _stoi(reference: Samples, sound: Samples, rate: int) -> float:
    try:
        import pystoi
    except ImportError as error:
        raise JudgeError("STOI needs pystoi: pip install 'barkline[quality]'.") from error
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # it warns and returns 1e-5: no score
        try:
            return _finite("STOI", float(pystoi.stoi(reference, sound, rate)))
        except (RuntimeWarning, ValueError, IndexError) as error:
            raise JudgeError("STOI needs 0.4 s of speech after silence is taken out.") from error


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise JudgeError(f"{name} gave no number.")
    return value
