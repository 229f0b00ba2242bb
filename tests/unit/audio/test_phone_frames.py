"""The frames a judge of phones hears."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.phone_frames import FRAME_S, SPEC, phone_frames
from renderer.audio.waveform import Waveform


def tone(rate: int, gain: float = 0.1, seconds: float = 1.0, hz: float = 1000.0) -> Waveform:
    return Waveform.of(
        gain * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate), rate
    )


def test_frames_cover_the_sound() -> None:
    frames = phone_frames(tone(48_000))
    assert frames.shape == (-(-SPEC.sample_rate // SPEC.hop_length), SPEC.n_mels)
    assert frames.shape[0] * FRAME_S == pytest.approx(1.0, abs=FRAME_S)


def test_level_does_not_matter_and_the_band_is_where_it_is() -> None:
    loud, soft = phone_frames(tone(22_050)), phone_frames(tone(22_050, 1e-3))
    assert np.abs(loud - soft).max() < 0.02
    low, high = (phone_frames(tone(22_050, hz=hz)).mean(axis=0).argmax() for hz in (500, 3000))
    assert low < high


def test_a_click_is_in_the_frame_that_covers_it() -> None:
    samples = np.zeros(SPEC.hop_length * 20)
    samples[SPEC.hop_length * 7 + SPEC.hop_length // 2] = 1
    assert phone_frames(Waveform.of(samples, SPEC.sample_rate)).mean(axis=1).argmax() == 7


def test_silence_and_nothing_are_frames_too() -> None:
    assert np.isfinite(phone_frames(Waveform.of(np.zeros(5000), 22_050))).all()
    assert phone_frames(Waveform.of(np.zeros(0), 22_050)).shape == (0, SPEC.n_mels)
