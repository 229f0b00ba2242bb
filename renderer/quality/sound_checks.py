"""Checks of the sound itself: broken samples, silence, clipping, offset, peaks, level, encoder.

Each takes an attempt and its limits and returns one finding, or None when its limit is None: then
it is not held and not shown. All but `check_finite` and `check_silence` may assume finite, sounding
audio; `gate.judge` asks those two first.
"""

from __future__ import annotations

import math

import numpy as np

from renderer.audio.loudness import decibels
from renderer.audio.waveform import Samples
from renderer.domain.verdict import Finding
from renderer.quality.finding import at_least, at_most, placed
from renderer.quality.limits import Limits
from renderer.quality.take import Measured


def check_finite(measured: Measured, limits: Limits) -> Finding | None:
    """Every sample is a number."""
    take = measured.take
    broken = sum(
        int(np.count_nonzero(~np.isfinite(w.samples)))
        for w in (take.raw, take.master, take.delivered)
    )
    return at_most(
        "non_finite",
        float(broken),
        0.0,
        "samples",
        "Samples that are no number.",
        "Render again; if it stays, the voice's model is broken for this line: change the wording.",
    )


def check_silence(measured: Measured, limits: Limits) -> Finding | None:
    """There is something to hear."""
    if limits.least_peak_dbfs is None:
        return None
    return at_least(
        "silence",
        max(measured.peak_dbfs, -120.0),
        limits.least_peak_dbfs,
        "dBFS",
        "Loudest sample of the line.",
        "The engine said nothing: check the text and its phonemes with `barkline preview`.",
    )


def check_clipping(measured: Measured, limits: Limits) -> Finding | None:
    """The raw take does not sit on a flat top, at whatever level."""
    if limits.most_flat_permille is None:
        return None
    finding = at_most(
        "clipping",
        measured.flat.value,
        limits.most_flat_permille,
        "‰",
        "Share of samples on a flat top: the take was overdriven before mastering.",
        "Lower the energy of line or words; for a recording, use an undistorted one.",
    )
    return placed(finding, measured.flat.start_s)


def check_dc(measured: Measured, limits: Limits) -> Finding | None:
    """The delivery swings around zero."""
    if limits.most_dc_dbfs is None:
        return None
    mean = abs(float(np.mean(measured.take.delivered.samples, dtype=np.float64)))
    return at_most(
        "dc",
        max(decibels(mean), -120.0),
        limits.most_dc_dbfs,
        "dBFS",
        "Constant offset of the samples.",
        "Mastering removes offsets, so this points to a broken encoder: choose another codec.",
    )


def check_peak(measured: Measured, limits: Limits) -> Finding | None:
    """The master keeps the project's ceiling."""
    if limits.most_peak_over_db is None:
        return None
    return at_most(
        "true_peak",
        max(measured.master_peak_dbtp, -120.0),
        measured.take.ceiling_dbtp + limits.most_peak_over_db,
        "dBTP",
        "True peak of the master.",
        "Lower the line's energy.",
    )


def check_delivered_peak(measured: Measured, limits: Limits) -> Finding | None:
    """The encoder's overshoot does not distort in the player."""
    if limits.most_delivered_peak_dbtp is None:
        return None
    return at_most(
        "delivered_peak",
        max(measured.delivered_peak_dbtp, -120.0),
        limits.most_delivered_peak_dbtp,
        "dBTP",
        "True peak of the delivered file, after the encoder.",
        "Raise the delivery quality or lower the ceiling (mastering.true_peak_dbtp).",
    )


def check_limiting(measured: Measured, limits: Limits) -> Finding | None:
    """The limiter only touched peaks."""
    if limits.most_limiting_db is None:
        return None
    return at_most(
        "limiting",
        measured.take.limited_db,
        limits.most_limiting_db,
        "dB",
        "How much the limiter pressed the loudest peak.",
        "Lower the line's energy, or the project's loudness target.",
    )


def check_level(measured: Measured, limits: Limits) -> Finding | None:
    """The line is about as loud as its direction asks."""
    expected = measured.take.expected_lufs
    if limits.most_level_off_lu is None or expected is None:
        return None
    off = measured.loudness_lufs - expected
    return at_most(
        "level",
        min(abs(off), 120.0),
        limits.most_level_off_lu,
        "LU",
        f"The line is {abs(off):.1f} LU {'louder' if off > 0 else 'softer'} than it should be "
        f"({expected:.1f} LUFS).",
        f"Change the line's energy by {-off:+.0f} dB, or let the voice be measured again.",
    )


def check_duration(measured: Measured, limits: Limits) -> Finding | None:
    """The file has a possible length."""
    value = measured.take.delivered.duration_s
    least, most = limits.least_duration_s, limits.most_duration_s
    message, hint = "Length of the file.", "Check the line's text; cut a speech into lines."
    if least is not None and value < least:
        return at_least("duration", value, least, "s", message, hint)
    return None if most is None else at_most("duration", value, most, "s", message, hint)


def check_codec(measured: Measured, limits: Limits) -> Finding | None:
    """The delivery is as long and as loud as its master."""
    take = measured.take
    if limits.most_codec_drift_s is None:
        return None
    drift = abs(take.delivered.duration_s - take.master.duration_s)
    return at_most(
        "codec_length",
        drift,
        limits.most_codec_drift_s,
        "s",
        "Difference in length between master and delivered file.",
        "The encoder lost sound: choose another codec.",
    )


def check_codec_level(measured: Measured, limits: Limits) -> Finding | None:
    """The encoder kept the energy."""
    if limits.most_codec_level_db is None:
        return None
    take = measured.take
    ratio = _rms(take.delivered.samples) / max(_rms(take.master.samples), 1e-9)
    return at_most(
        "codec_level",
        min(abs(decibels(ratio)), 120.0),
        limits.most_codec_level_db,
        "dB",
        "Difference in level between master and delivered file.",
        "Raise the delivery quality or choose another codec.",
    )


SOUND_CHECKS = (
    check_clipping,
    check_dc,
    check_peak,
    check_delivered_peak,
    check_limiting,
    check_level,
    check_duration,
    check_codec,
    check_codec_level,
)


def _rms(samples: Samples) -> float:
    if samples.size == 0:
        return 0.0
    return math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))
