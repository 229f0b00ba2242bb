"""Planted sounds: pitch, colour and pace are what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.analysis.sound_print import bin_hz, measure_voice, speaking_rate, split
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan

RATE = 16_000


def buzz(f0_hz: float, tilt: float = 1.0, level: float = 0.2) -> Waveform:
    t = np.arange(RATE) / RATE
    tones = [np.sin(2 * np.pi * f0_hz * n * t) / n**tilt for n in range(1, int(7_000 / f0_hz))]
    made = np.sum(tones, axis=0)
    return Waveform.of(level * made / np.abs(made).max(), RATE)


@pytest.mark.parametrize("f0_hz", [90.0, 140.0, 260.0])
def test_the_pitch_of_a_buzz_is_counted_where_it_lies(f0_hz: float) -> None:
    _, counts = split(measure_voice(buzz(f0_hz)))
    assert bin_hz()[int(counts.argmax())] == pytest.approx(f0_hz, rel=0.03)
    assert counts.sum() > 80


def test_level_is_no_part_of_the_spectrum_and_tilt_is() -> None:
    loud, soft = (split(measure_voice(buzz(140, level=v)))[0] for v in (0.5, 0.05))
    dull = split(measure_voice(buzz(140, tilt=2.0)))[0]
    assert np.abs(loud - soft).max() < 0.5
    assert dull[:8].mean() - dull[-8:].mean() > loud[:8].mean() - loud[-8:].mean() + 6


def test_silence_measures_as_nothing() -> None:
    spectrum, counts = split(measure_voice(Waveform.of(np.zeros(RATE), RATE)))
    assert not spectrum.any()
    assert not counts.any()


def test_samples_that_are_no_number_do_not_spread() -> None:
    broken = buzz(140).samples.copy()
    broken[::1000] = np.nan
    assert np.isfinite(measure_voice(Waveform.of(broken, RATE))).all()


def test_pauses_are_no_part_of_the_rate() -> None:
    spans = (PhoneSpan("a", 0.0, 0.1, 0), PhoneSpan("_", 0.1, 2.0, -1),
             PhoneSpan("b", 2.0, 2.1, 0), PhoneSpan("c", 2.1, 2.2, 0))  # fmt: skip
    assert speaking_rate(spans) == pytest.approx(10.0)
    assert speaking_rate(spans[:2]) is None
