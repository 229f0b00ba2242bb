from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.hearing import FRAME_S, Hearing
from renderer.audio.waveform import Waveform
from renderer.quality.obtained import AskedManner, Manner, baseline, manner, obtained

RATE = 16_000


def voice(hz: float, seconds: float = 1.0, sweep_st: float = 0.0) -> Waveform:
    t = np.arange(round(seconds * RATE)) / RATE
    f0 = hz * 2 ** (sweep_st * (t / seconds - 0.5) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    return Waveform.of(sum(np.sin(k * phase) / k for k in range(1, 12)) * 0.1, RATE)


def of(sound: Waveform, phones: int = 20) -> Manner:
    return manner(Hearing(sound).f0, FRAME_S, sound.duration_s, phones)


@pytest.mark.parametrize("hz", [90.0, 150.0, 220.0, 330.0])
def test_a_known_pitch_is_found(hz):
    assert of(voice(hz)).pitch_st == pytest.approx(12 * np.log2(hz / 100), abs=0.05)


def test_a_known_sweep_has_its_range():
    assert of(voice(150.0, sweep_st=10.0)).range_st == pytest.approx(8.0, abs=0.6)


@pytest.mark.parametrize("shift_st", [-4.0, 4.0])
def test_a_planted_shift_is_off_and_an_asked_one_is_not(shift_st):
    own, take = of(voice(150.0)), of(voice(150.0 * 2 ** (shift_st / 12)))
    assert obtained(take, own, AskedManner()).pitch_off_st == pytest.approx(shift_st, abs=0.05)
    asked = obtained(take, own, AskedManner(pitch_st=shift_st))
    assert asked.pitch_off_st == pytest.approx(0, abs=0.05)


def test_a_planted_rate_is_off_and_an_asked_one_is_not():
    own, take = of(voice(150.0, 2.6)), of(voice(150.0, 2.0))
    assert obtained(take, own, AskedManner()).rate_ratio == pytest.approx(1.3)
    assert obtained(take, own, AskedManner(rate=1.3)).rate_ratio == pytest.approx(1.0)


def test_silence_noise_and_barks_have_no_manner():
    for samples in (np.zeros(RATE), np.zeros(0), np.zeros(100)):
        assert of(Waveform.of(samples, RATE)).pitch_st is None
    noise = Waveform.of(np.random.default_rng(1).normal(size=RATE) * 0.1, RATE)
    found = obtained(of(noise), of(voice(150.0)), AskedManner())
    assert found.pitch_off_st is None
    assert of(voice(150.0, 0.2), phones=3) == Manner(None, None, None)


def test_a_voice_is_the_middle_of_its_sentences():
    own = baseline([of(voice(hz)) for hz in (140.0, 150.0, 220.0)])
    assert own.pitch_st == pytest.approx(12 * np.log2(1.5), abs=0.05)
    assert baseline([]) == Manner(None, None, None)
