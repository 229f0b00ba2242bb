"""Known shifts of pitch, rate and spectrum are found against the line said plainly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.quality.plain_line import (
    AskedManner,
    Departure,
    Rendition,
    departure,
    rate_ratio,
    rendition,
)

RATE = 22_050


def voice(hz: float, seconds: float = 0.6, gain: float = 0.1, sweep_st: float = 0.0) -> Waveform:
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (sweep_st * (t / seconds - 0.5) / 12)) / RATE
    partials = range(1, int(8_000 / hz))
    return Waveform.of(gain * sum(np.sin(k * phase) / k for k in partials), RATE)


def of(sound: Waveform) -> Rendition:
    return rendition(Hearing(sound))


PLAIN = of(voice(145.0))


@pytest.mark.parametrize("shift_st", [-4.0, -1.0, 1.0, 4.0])
def test_a_shift_that_nobody_asked_for_is_known_on_one_word(shift_st: float) -> None:
    take = of(voice(145.0 * 2 ** (shift_st / 12)))
    assert departure(take, PLAIN, AskedManner()).pitch_st == pytest.approx(shift_st, abs=0.05)
    asked = departure(take, PLAIN, AskedManner(pitch_st=shift_st))
    assert asked.pitch_st == pytest.approx(0.0, abs=0.05)


def test_a_rate_that_nobody_asked_for_is_known() -> None:
    assert rate_ratio(1.0, 1.6, AskedManner()) == pytest.approx(1.6)
    assert rate_ratio(1.0, 1.6, AskedManner(rate=1.6)) == pytest.approx(1.0)
    assert rate_ratio(0.0, 1.6, AskedManner()) is None
    assert rate_ratio(1.0, 0.0, AskedManner()) is None


def test_the_same_sound_at_another_level_has_the_same_timbre() -> None:
    assert departure(of(voice(145.0, gain=0.01)), PLAIN, AskedManner()).timbre_db < 0.1


def test_a_muffled_sound_has_another_timbre() -> None:
    sound = voice(145.0)
    muffled = sosfilt(butter(4, 2_000, fs=RATE, output="sos"), sound.samples)
    found = departure(of(Waveform.of(muffled, RATE)), PLAIN, AskedManner())
    assert found.timbre_db > 8


def test_what_was_played_too_fast_is_higher() -> None:
    slow = voice(145.0)
    fast = Waveform.of(
        np.interp(
            np.arange(0, slow.samples.size - 1, 1.25), np.arange(slow.samples.size), slow.samples
        ),
        RATE,
    )
    found = departure(of(fast), PLAIN, AskedManner())
    assert found.pitch_st == pytest.approx(12 * np.log2(1.25), abs=0.05)


@pytest.mark.parametrize("count", [0, 1, 100, RATE])
def test_silence_can_be_held_against_nothing(count: int) -> None:
    silent = rendition(Hearing(Waveform.of(np.zeros(count), RATE)))
    assert departure(silent, PLAIN, AskedManner()) == Departure(None, None, None)
    assert departure(PLAIN, silent, AskedManner()) == Departure(None, None, None)


def test_noise_has_no_pitch() -> None:
    noise = Waveform.of(np.random.default_rng(1).normal(size=RATE) * 0.1, RATE)
    assert departure(of(noise), PLAIN, AskedManner()).pitch_st is None


@pytest.mark.parametrize(("sweep_st", "ratio"), [(10.0, 1.0), (5.0, 0.5), (0.0, 0.0)])
def test_a_melody_that_is_gone_is_known(sweep_st: float, ratio: float) -> None:
    plain, take = of(voice(145.0, sweep_st=10.0)), of(voice(145.0, sweep_st=sweep_st))
    assert departure(take, plain, AskedManner()).range_ratio == pytest.approx(ratio, abs=0.03)


def test_of_a_line_that_has_no_melody_none_is_expected() -> None:
    assert departure(PLAIN, PLAIN, AskedManner()).range_ratio is None
    swept = of(voice(145.0, sweep_st=10.0))
    assert departure(swept, swept, AskedManner(pitch_range=0.0)).range_ratio is None


def test_a_sound_far_above_the_voice_is_no_melody() -> None:
    """A hiss that a tracker takes for a voice two octaves above is none of it."""
    low, high = voice(145.0, 0.8, sweep_st=3.0), voice(640.0, 0.12)
    both = of(Waveform.of(np.concatenate([high.samples, low.samples]), RATE))
    alone = of(low)
    assert both.range_st == pytest.approx(alone.range_st, abs=0.3)
    assert both.pitch_st == pytest.approx(alone.pitch_st, abs=0.5)
