from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.audio.waveform import Waveform
from renderer.report.picture import (
    BOTTOM_HZ,
    RANGE_DB,
    ROWS,
    cubehelix,
    draw_peaks,
    draw_pictures,
    draw_sound,
    spectrogram,
)
from renderer.report.png import palette_png


def tone(hertz: float, seconds: float = 0.5, rate: int = 24_000, level: float = 0.5) -> Waveform:
    return Waveform.of(
        level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate), rate
    )


def read_png(data: bytes) -> tuple[int, int, int, np.ndarray]:
    """Width, height, colours and pixels, by the specification; every CRC is checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height, depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    stride = 1 + (width * depth + 7) // 8
    raw = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, stride)
    assert not raw[:, 0].any()
    rows = raw[:, 1:]
    pixels = rows if depth == 8 else np.stack([rows >> 4, rows & 15], 2).reshape(height, -1)
    return width, height, len(chunks[b"PLTE"]) // 3, pixels[:, :width]


@pytest.mark.parametrize("colours", [2, 16, 17, 256])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 8)])
def test_a_png_gives_back_its_pixels(colours: int, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, colours, shape).astype(np.uint8)
    width, height, found, back = read_png(palette_png(pixels, np.zeros((colours, 3), np.uint8)))
    assert (height, width, found) == (*shape, colours)
    assert np.array_equal(back, pixels)


def test_a_png_refuses_what_its_palette_cannot_show() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        palette_png(np.full((1, 1), 2, np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(ValueError, match="rows and columns"):
        palette_png(np.zeros((0, 4), np.uint8), np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize("hertz", [110.0, 440.0, 3_000.0, 9_000.0])
def test_a_tone_lies_where_the_axis_says(hertz: float) -> None:
    cells = spectrogram(tone(hertz), 10_000.0)
    row = int(cells[:, cells.shape[1] // 2].argmax())
    axis_hz = BOTTOM_HZ * (10_000.0 / BOTTOM_HZ) ** (row / (ROWS - 1))
    assert axis_hz == pytest.approx(hertz, rel=0.08)


def test_a_click_lies_at_its_time() -> None:
    samples = np.zeros(24_000, np.float32)
    samples[18_000] = 1.0
    cells = spectrogram(Waveform.of(samples, 24_000), 10_000.0)
    assert cells.max(0).argmax() / cells.shape[1] == pytest.approx(0.75, abs=0.02)


def test_silence_is_dark_and_does_not_raise() -> None:
    assert np.all(spectrogram(Waveform.of(np.zeros(4_800), 48_000), 10_000.0) == -RANGE_DB)


@pytest.mark.parametrize(
    "samples",
    [[], [0.0], [np.nan] * 7, [np.inf, -np.inf] * 50, [1e-30] * 100, np.zeros(30), np.ones(9) * 5],
)
@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_any_sound_at_all_can_be_drawn(samples, rate: int) -> None:
    pictures = draw_sound(Waveform.of(samples, rate))
    width, height, _, _ = read_png(pictures.spectrogram)
    assert height == ROWS
    assert width >= 1
    assert pictures.top_hz <= rate / 2


def test_a_long_speech_has_a_bounded_picture() -> None:
    pictures = draw_pictures(Waveform.of(np.zeros(8_000 * 120), 8_000))
    assert read_png(pictures.spectrogram)[0] <= 2_000
    assert len(pictures.peaks) <= 6_000


def test_peaks_keep_a_single_loud_sample() -> None:
    samples = np.zeros(48_000, np.float32)
    samples[31_234] = -1.0
    peaks = np.frombuffer(draw_peaks(Waveform.of(samples, 48_000)), np.int8).reshape(-1, 2)
    assert peaks[:, 0].min() == -127
    assert (peaks != 0).sum() == 1


def test_a_quiet_line_is_drawn_larger_and_says_so() -> None:
    assert draw_pictures(tone(200, level=0.1)).zoom == 8
    assert draw_pictures(tone(200, level=0.9)).zoom == 1
    drawn = np.frombuffer(draw_pictures(tone(200, level=0.1)).peaks, np.int8)
    assert drawn.max() == pytest.approx(0.8 * 127, abs=2)


def test_f0_of_a_voice_is_drawn_on_its_fundamental() -> None:
    voice = sum(tone(180.0 * n, level=0.3 / n).samples for n in range(1, 8))
    f0 = [hz for hz in draw_sound(Waveform.of(voice, 24_000)).f0_hz if hz]
    assert np.median(f0) == pytest.approx(180, abs=2)


def test_unvoiced_and_broken_values_are_no_f0() -> None:
    pictures = draw_pictures(tone(100), [100.4, np.nan, -3.0, np.inf, 120.0], [1, 1, 1, 1, 0])
    assert pictures.f0_hz == (100, 0, 0, 0, 0)


def test_the_same_sound_gives_the_same_picture() -> None:
    assert draw_sound(tone(300)) == draw_sound(tone(300))


def test_plain_peaks_are_base64_of_the_bytes() -> None:
    pictures = draw_pictures(tone(300))
    assert base64.b64decode(pictures.plain()["peaks"]) == pictures.peaks


@given(st.integers(2, 256))
def test_the_colour_map_only_gets_brighter(colours: int) -> None:
    luminance = cubehelix(colours).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(luminance) > -1.0)
    assert luminance[0] < 12
    assert luminance[-1] > 220
