"""What a take looks like: a waveform, a spectrogram and the fundamental over it.

The frequency axis is logarithmic, so that the F0 line lies on the fundamental it claims to follow:
an octave error of the tracker is seen at once. Words and phonemes are no part of the picture; the
page draws them from the alignment.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Waveform
from renderer.report.png import palette_png

REVISION = "1"  # a new number draws every picture again
BOTTOM_HZ = 60.0
TOP_HZ = 10_000.0
ROWS = 112
LEVELS = 24
RANGE_DB = 66.0
WINDOW_S = 0.032
F0_HOP_S = 0.01
_COLUMN_S = 0.0125
_MAX_COLUMNS = 2_000
_PEAK_COLUMNS_PER_S = 200.0
_MAX_PEAKS = 3_000

Power = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Everything the page draws of one sound.

    Attributes:
        duration_s: Seconds.
        peaks: Lowest and highest sample of each column as int8 (−127..127), interleaved.
        zoom: What the samples were multiplied with to be seen, 1–8.
        spectrogram: A PNG file; left is 0 s, right `duration_s`, bottom `bottom_hz`.
        bottom_hz: Lowest frequency of the picture.
        top_hz: Highest frequency of the picture; the axis between them is logarithmic.
        f0_hz: Fundamental per hop, whole Hz; 0 where unvoiced.
        f0_hop_s: Seconds between two values, the first at 0 s.
    """

    duration_s: float
    peaks: bytes
    spectrogram: bytes
    zoom: int = 1
    bottom_hz: float = BOTTOM_HZ
    top_hz: float = TOP_HZ
    f0_hz: tuple[int, ...] = ()
    f0_hop_s: float = F0_HOP_S

    def plain(self) -> dict[str, Any]:
        """Return everything but the PNG, ready for JSON."""
        return {
            "duration": round(self.duration_s, 4),
            "peaks": base64.b64encode(self.peaks).decode("ascii"),
            "zoom": self.zoom,
            "bottom": round(self.bottom_hz, 2),
            "top": round(self.top_hz, 2),
            "f0": list(self.f0_hz),
            "hop": round(self.f0_hop_s, 6),
        }


def draw_pictures(
    waveform: Waveform,
    f0: npt.ArrayLike = (),
    voiced: npt.ArrayLike = (),
    hop_s: float = F0_HOP_S,
) -> Pictures:
    """Draw one sound.

    Args:
        waveform: Any length, silence and none at all included.
        f0: Hz (frames,), the first at 0 s; what is not finite or not positive counts as unvoiced.
        voiced: bool (frames,), or empty for "voiced wherever f0 is positive".
        hop_s: Seconds between two values of `f0`.
    """
    top_hz = float(min(TOP_HZ, 0.5 * waveform.sample_rate))
    decibels = spectrogram(waveform, top_hz)
    levels = np.clip(np.round((decibels / RANGE_DB + 1.0) * (LEVELS - 1)), 0, LEVELS - 1)
    zoom = _zoom(waveform)
    return Pictures(
        duration_s=waveform.duration_s,
        peaks=draw_peaks(waveform, zoom),
        spectrogram=palette_png(levels[::-1].astype(np.uint8), cubehelix(LEVELS)),
        zoom=zoom,
        bottom_hz=BOTTOM_HZ,
        top_hz=top_hz,
        f0_hz=_whole_hertz(f0, voiced),
        f0_hop_s=hop_s,
    )


def draw_sound(waveform: Waveform) -> Pictures:
    """Track F0 and draw one sound, of any length."""
    whole = Waveform(_finite(waveform), waveform.sample_rate)
    f0, voiced = track_f0(whole, hop_s=F0_HOP_S)
    return draw_pictures(whole, f0, voiced, F0_HOP_S)


def _zoom(waveform: Waveform) -> int:
    """1, 2, 4 or 8: what keeps the loudest sample of a quiet sound within full scale."""
    loudest = float(np.abs(_finite(waveform)).max(initial=0.0))
    return next((zoom for zoom in (8, 4, 2) if 0.0 < loudest * zoom <= 1.0), 1)


def _finite(waveform: Waveform) -> npt.NDArray[np.float32]:
    return np.nan_to_num(waveform.samples, nan=0.0, posinf=1.0, neginf=-1.0)


def draw_peaks(waveform: Waveform, zoom: int = 1) -> bytes:
    """Return the lowest and highest sample of each column, times `zoom`, int8, interleaved.

    Full scale is ±1; louder samples are drawn at full scale, samples that are no number at 0.
    """
    samples = _finite(waveform)
    if samples.size == 0:
        return b""
    columns = int(np.clip(waveform.duration_s * _PEAK_COLUMNS_PER_S, 1, _MAX_PEAKS))
    starts = np.linspace(0, samples.size, min(columns, samples.size), endpoint=False).astype(int)
    both = np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], 1)
    bounds: bytes = np.round(np.clip(both * zoom, -1.0, 1.0) * 127.0).astype(np.int8).tobytes()
    return bounds


def spectrogram(waveform: Waveform, top_hz: float) -> Power:
    """Return the power in logarithmic bands, in dB under the loudest cell.

    Args:
        waveform: Any length.
        top_hz: Upper end of the highest band, at most half the sample rate.

    Returns:
        float64 (ROWS, columns), −RANGE_DB..0, the lowest band first; all −RANGE_DB for silence.
    """
    power = _frame_power(waveform)
    bands = _bands(waveform.sample_rate, 2 * (power.shape[1] - 1), top_hz)
    cells = bands @ power.T
    loudest = float(cells.max(initial=0.0))
    if loudest <= 1e-12:  # noqa: PLR2004 - digital silence
        return np.full(cells.shape, -RANGE_DB)
    floor = loudest * 10.0 ** (-RANGE_DB / 10.0)
    return np.asarray(10.0 * np.log10(np.maximum(cells, floor) / loudest))


def _frame_power(waveform: Waveform) -> Power:
    """Power of Hann windows centred on the columns: float64 (columns, n_fft // 2 + 1)."""
    samples = np.nan_to_num(waveform.samples.astype(np.float64), posinf=0.0, neginf=0.0)
    window_length = max(16, round(WINDOW_S * waveform.sample_rate))
    n_fft = 1 << window_length.bit_length()  # zero padding: smooth rows at the bottom
    columns = int(np.clip(waveform.duration_s / _COLUMN_S, 1, _MAX_COLUMNS))
    centres = ((np.arange(columns) + 0.5) * samples.size / columns).astype(int)
    padded = np.pad(samples, (window_length // 2, window_length))
    window = np.hanning(window_length)
    frames = padded[centres[:, None] + np.arange(window_length)] * window
    return np.asarray(np.abs(np.fft.rfft(frames, n_fft)) ** 2 / window.sum() ** 2)


def _bands(sample_rate: int, n_fft: int, top_hz: float) -> Power:
    """Triangular bands, equally spaced in log frequency, each at least one bin wide.

    Returns:
        float64 (ROWS, n_fft // 2 + 1), rows that sum to one.
    """
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    centres = np.geomspace(BOTTOM_HZ, top_hz, ROWS)
    half = np.maximum(centres * (top_hz / BOTTOM_HZ) ** (1.0 / ROWS) - centres, bins_hz[1])
    weights = np.maximum(0.0, 1.0 - np.abs(bins_hz[None] - centres[:, None]) / half[:, None])
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _whole_hertz(f0: npt.ArrayLike, voiced: npt.ArrayLike) -> tuple[int, ...]:
    hertz = np.nan_to_num(np.asarray(f0, np.float64), posinf=0.0, neginf=0.0)
    mask = np.asarray(voiced, bool)
    if mask.size:
        hertz = np.where(mask, hertz, 0.0)
    return tuple(round(h) for h in np.maximum(hertz, 0.0).tolist())


def cubehelix(colours: int, start: float = 2.6, rotations: float = 0.55) -> npt.NDArray[np.uint8]:
    """Return a colour map whose perceived brightness rises evenly, black to near white.

    Args:
        colours: How many, from 2.
        start: Hue of the dark end (1 red, 2 green, 3 blue).
        rotations: Turns through the hues from dark to light.

    Returns:
        uint8 (colours, 3), sRGB.

    References:
        D. A. Green, "A colour scheme for the display of astronomical intensity images", Bulletin
        of the Astronomical Society of India 39 (2011), equation 2.
    """
    brightness = np.linspace(0.02, 0.97, colours)
    angle = 2.0 * np.pi * (start / 3.0 + 1.0 + rotations * brightness)
    amplitude = 1.3 * brightness * (1.0 - brightness) / 2.0
    helix = np.stack([np.cos(angle), np.sin(angle)])
    plane = np.array([[-0.14861, 1.78277], [-0.29227, -0.90649], [1.97294, 0.0]])
    rgb = brightness + amplitude * (plane @ helix)
    return np.asarray(np.round(np.clip(rgb, 0.0, 1.0) * 255.0), np.uint8).T
