from __future__ import annotations

import librosa
import numpy as np
import pytest

from renderer.audio.spectrum import MelSpec, mel_filters, mel_power, peaks, spectrogram
from renderer.audio.waveform import Waveform


@pytest.mark.parametrize(
    "spec",
    [
        MelSpec(16_000, 321, 160, 120),
        MelSpec(22_050, 1024, 256, 80, 0.0, 8000.0),
        MelSpec(48_000, 2048, 512, 128, 20.0),
    ],
)
def test_mel_power_is_librosas(spec):
    samples = np.random.default_rng(0).standard_normal(spec.sample_rate).astype(np.float32)
    expected = librosa.feature.melspectrogram(
        y=samples,
        sr=spec.sample_rate,
        n_fft=spec.n_fft,
        hop_length=spec.hop_length,
        n_mels=spec.n_mels,
        fmin=spec.f_min,
        fmax=spec.f_max or None,
        pad_mode="constant",
    ).T
    made = mel_power(samples, spec)
    assert made.shape == expected.shape
    assert np.allclose(made, expected, rtol=1e-3, atol=1e-5)
    assert mel_filters(spec).dtype == np.float32


def test_peaks_hold_every_extreme_and_survive_anything():
    samples = np.zeros(1000)
    samples[137], samples[990] = 0.9, -0.8
    drawn = peaks(Waveform.of(samples, 8000), 50)
    assert len(drawn) == 50
    assert max(high for _, high in drawn) == pytest.approx(0.9)
    assert min(low for low, _ in drawn) == pytest.approx(-0.8)
    assert peaks(Waveform.of([], 8000), 10) == [(0.0, 0.0)]
    assert peaks(Waveform.of([np.nan, 5.0], 8000), 10) == [(0.0, 0.0), (1.0, 1.0)]


def test_spectrogram_shows_a_tone_where_it_is():
    tone = np.sin(2 * np.pi * 4000 * np.arange(48_000) / 48_000)
    drawn = spectrogram(Waveform.of(tone, 48_000), columns=100, bins=81)
    assert drawn.shape[0] <= 100
    assert drawn.shape[1] == 81
    assert int(drawn[drawn.shape[0] // 2].argmax()) == 40
    assert 0 <= drawn.min() <= drawn.max() <= 1


@pytest.mark.parametrize("samples", [[], [0.0], np.zeros(500), [np.nan] * 50, [0.5] * 3])
def test_spectrogram_of_hardly_anything(samples):
    drawn = spectrogram(Waveform.of(samples, 16_000))
    assert np.isfinite(drawn).all()
