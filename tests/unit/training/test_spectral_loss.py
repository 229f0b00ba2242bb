"""Distances between sounds: zero for the same, proper for noise, sharp for phase."""

from __future__ import annotations

import pytest
import torch

from renderer.training.corpus import MEL
from renderer.training.spectral_loss import PhaseDistance, SpectralDistance


def noise(seed: int, size: int = 8192) -> torch.Tensor:
    return torch.randn(4, size, generator=torch.Generator().manual_seed(seed))


def test_the_same_sound_has_no_distance() -> None:
    distance = SpectralDistance()
    assert float(distance.energy(noise(0), noise(0), noise(0))) == 0.0


def test_distance_grows_with_the_level() -> None:
    distance = SpectralDistance()
    real = distance.magnitudes(0.1 * noise(0))
    near = float(distance.between(distance.magnitudes(0.11 * noise(0)), real))
    far = float(distance.between(distance.magnitudes(0.2 * noise(0)), real))
    assert 0 < near < far


def test_unit_noise_has_unit_magnitude_at_every_resolution() -> None:
    for magnitude in SpectralDistance().magnitudes(noise(1, 32_768)):
        assert float(magnitude[:, 4:-4, 4:-4].square().mean()) == pytest.approx(1.0, abs=0.05)


def test_energy_distance_is_lowest_at_the_right_level_of_noise() -> None:
    """2008.01160: without the term between both answers, averaged noise would win."""
    distance = SpectralDistance()
    real = 0.1 * noise(2)

    def energy(level: float) -> float:
        return float(distance.energy(level * noise(3), level * noise(4), real))

    right = energy(0.1)
    assert all(right < energy(level) for level in (0.0, 0.03, 0.07, 0.14, 0.3))
    level = 0.1 / 2**0.5  # half of it learnt as a shape, half drawn: too smooth
    shared = level * noise(5)
    smoothed = distance.energy(shared, shared, real)
    assert right < float(smoothed)


def test_energy_distance_has_finite_gradients_in_silence() -> None:
    silent = torch.zeros(1, 4096, requires_grad=True)
    SpectralDistance().energy(silent, silent, torch.zeros(1, 4096)).backward()
    assert silent.grad is not None
    assert silent.grad.isfinite().all()


def tone(turn: float, hz: float = 200.0, frames: int = 32) -> torch.Tensor:
    at = torch.arange(frames * MEL.hop_length) / MEL.sample_rate
    return torch.sin(2 * torch.pi * (hz * at + turn))[None]


def test_phase_counts_where_there_is_voice() -> None:
    distance = PhaseDistance(MEL.sample_rate, 4 * MEL.hop_length)
    voiced = torch.ones(1, 32)
    apart = [float(distance(tone(turn), tone(0.0), voiced)) for turn in (0.0, 0.1, 0.25, 0.5)]
    assert apart[0] == 0.0
    assert apart == sorted(apart)
    assert apart[3] == pytest.approx(2.0, abs=0.05)  # the opposite
    assert float(distance(tone(0.5), tone(0.0), torch.zeros(1, 32))) == 0.0


def test_phase_of_high_frequencies_does_not_count() -> None:
    distance = PhaseDistance(MEL.sample_rate, 4 * MEL.hop_length)
    low, high = (
        float(distance(tone(0.0) + tone(0.5, hz), tone(0.0) + tone(0.0, hz), torch.ones(1, 32)))
        for hz in (400.0, 5000.0)
    )
    assert low > 0.5
    assert high < 0.02
