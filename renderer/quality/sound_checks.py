"""Checks of the sound itself: broken samples, silence, clipping, offset, peaks, level, encoder.

Each takes metrics and limits and returns one finding, or None when its limit is None: then it is
not held and not shown. `gate.decide` asks `check_non_finite` and `SILENCE` first.
"""

from __future__ import annotations

from renderer.domain.verdict import Finding
from renderer.quality.finding import at_least, at_most
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics
from renderer.quality.rule import Check, Rule


def check_non_finite(metrics: Metrics, limits: Limits) -> Finding | None:
    """Every sample is a number."""
    return at_most(
        "non_finite",
        metrics.needed("non_finite"),
        0.0,
        "samples",
        "Samples that are no number.",
        "Render again; if it stays, the voice's model is broken for this line: change the wording.",
    )


SILENCE = Rule(
    "silence",
    "peak_dbfs",
    "least_peak_dbfs",
    "dBFS",
    "Loudest sample of the line.",
    "The engine said nothing: check the text and its phonemes with `barkline preview`.",
)


def check_true_peak(metrics: Metrics, limits: Limits) -> Finding | None:
    """The master keeps the project's ceiling."""
    if limits.most_peak_over_db is None:
        return None
    return at_most(
        "true_peak",
        metrics.needed("master_peak_dbtp"),
        metrics.line.ceiling_dbtp + limits.most_peak_over_db,
        "dBTP",
        "True peak of the master.",
        "Lower the line's energy.",
    )


def check_level(metrics: Metrics, limits: Limits) -> Finding | None:
    """The line is about as loud as its direction asks."""
    expected = metrics.line.expected_lufs
    either, over = limits.most_level_off_lu, limits.most_level_over_lu
    if expected is None or (either is None and over is None):
        return None
    off = metrics.needed("loudness_lufs") - expected
    # Few voiced moments and a devoiced word make a line softer; nothing makes one louder.
    limit = over if off > 0 and over is not None else either
    if limit is None:
        return None
    return at_most(
        "level",
        min(abs(off), 120.0),
        limit,
        "LU",
        f"The line is {abs(off):.1f} LU {'louder' if off > 0 else 'softer'} than it should be "
        f"({expected:.1f} LUFS).",
        f"Change the line's energy by {-off:+.0f} dB, or let the voice be measured again.",
    )


def check_duration(metrics: Metrics, limits: Limits) -> Finding | None:
    """The file has a possible length."""
    least, most = limits.least_duration_s, limits.most_duration_s
    if least is None and most is None:
        return None
    value = metrics.needed("duration_s")
    message, hint = "Length of the file.", "Check the line's text; cut a speech into lines."
    if least is not None and (most is None or value < least):
        return at_least("duration", value, least, "s", message, hint)
    return None if most is None else at_most("duration", value, most, "s", message, hint)


SOUND_CHECKS: tuple[Check, ...] = (
    Rule(
        "clipping",
        "flat_permille",
        "most_flat_permille",
        "‰",
        "Share of samples on a flat top: the take was overdriven before mastering.",
        "Lower the energy of line or words; for a recording, use an undistorted one.",
    ),
    Rule(
        "dc",
        "dc_dbfs",
        "most_dc_dbfs",
        "dBFS",
        "Constant offset of the samples.",
        "Mastering removes offsets, so this points to a broken encoder: choose another codec.",
    ),
    check_true_peak,
    Rule(
        "delivered_peak",
        "delivered_peak_dbtp",
        "most_delivered_peak_dbtp",
        "dBTP",
        "True peak of the delivered file, after the encoder.",
        "Raise the delivery quality or lower the ceiling (mastering.true_peak_dbtp).",
    ),
    Rule(
        "limiting",
        "limited_db",
        "most_limiting_db",
        "dB",
        "How much the limiter pressed the loudest peak.",
        "Lower the line's energy, or the project's loudness target.",
    ),
    check_level,
    check_duration,
    Rule(
        "codec_length",
        "codec_drift_s",
        "most_codec_drift_s",
        "s",
        "Difference in length between master and delivered file.",
        "The encoder lost sound: choose another codec.",
    ),
    Rule(
        "codec_level",
        "codec_level_db",
        "most_codec_level_db",
        "dB",
        "Difference in level between master and delivered file.",
        "Raise the delivery quality or choose another codec.",
    ),
    Rule(
        "codec_distance",
        "codec_distance_db",
        "most_codec_distance_db",
        "dB",
        "Difference of the spectra of master and delivered file: the encoder garbles.",
        "Raise the delivery quality or choose another codec.",
    ),
    Rule(
        "codec_band",
        "codec_band_loss_db",
        "most_codec_band_loss_db",
        "dB",
        "Loss of the band that the encoder left least of.",
        "Raise the delivery quality or choose another codec.",
    ),
    Rule(
        "codec_lost",
        "codec_lost_s",
        "most_codec_lost_s",
        "s",
        "Time in which the delivered file is silent and the master is not.",
        "The file is damaged: encode it again.",
    ),
)
