"""The fast vocoder: the pitch that is asked is heard, at any length, in any batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
import torch

from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Waveform
from renderer.training.corpus import MEL
from renderer.training.source_filter import (
    SourceFilter,
    SourceFilterConfig,
    _minimum_phase,
    _to_samples,
    overlap_add,
)

HOP, RATE = MEL.hop_length, MEL.sample_rate


@pytest.fixture(scope="module")
def vocoder() -> SourceFilter:
    torch.manual_seed(0)
    return SourceFilter(SourceFilterConfig(width=32, blocks=2)).eval()


def vowel(frames: int) -> torch.Tensor:
    """A log mel that falls with frequency, as a voice's does; a buzz through no mouth."""
    return (-1.0 - 0.06 * torch.arange(MEL.n_mels))[None, :, None].expand(1, -1, frames).clone()


def say(vocoder: SourceFilter, f0: torch.Tensor, voiced: float = 1.0) -> np.ndarray:
    frames = f0.shape[1]
    noise = torch.randn(1, frames * HOP, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made = vocoder(vowel(frames), f0, torch.full((1, frames), voiced), noise)
    assert made.shape == (1, frames * HOP)
    return made[0].numpy()


def heard(samples: np.ndarray) -> float:
    sound = Waveform.of(samples / np.abs(samples).max() * 0.5, RATE)
    f0, voiced = track_f0(sound, 60.0, 500.0)
    assert voiced.mean() > 0.85
    return float(np.median(f0[voiced]))


@pytest.mark.parametrize("tone", [90.0, 180.0])
@pytest.mark.parametrize("shift", [-3.0, 3.0])
def test_the_pitch_that_is_asked_is_heard(vocoder: SourceFilter, tone: float, shift: float) -> None:
    """Even untrained: nothing but F0 makes the pulses."""
    plain = heard(say(vocoder, torch.full((1, 70), tone)))
    moved = heard(say(vocoder, torch.full((1, 70), tone * 2 ** (shift / 12))))
    assert 12 * math.log2(plain / tone) == pytest.approx(0.0, abs=0.1)
    assert 12 * math.log2(moved / plain) == pytest.approx(shift, abs=0.1)


def test_the_pitch_holds_whatever_the_network_has_learnt() -> None:
    torch.manual_seed(4)
    shaken = SourceFilter(SourceFilterConfig(width=32, blocks=2)).eval()
    with torch.no_grad():
        for parameter in shaken.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    low, high = (heard(say(shaken, torch.full((1, 70), f))) for f in (120.0, 120.0 * 2**0.25))
    assert 12 * math.log2(high / low) == pytest.approx(3.0, abs=0.1)


def test_phase_is_exact_over_a_minute(vocoder: SourceFilter) -> None:
    frames = 60 * RATE // HOP
    f0 = 150 + 60 * torch.sin(torch.arange(frames) * 0.05)[None]
    exact = np.cumsum(_to_samples(f0.double(), HOP).numpy()[0] / RATE)
    found = vocoder.phase(f0)[0].double().numpy()
    apart = (found - exact + 0.5) % 1.0 - 0.5
    assert np.abs(apart).max() < 2e-3  # of a cycle
    assert found.min() >= 0
    assert found.max() <= 1


def test_f0_between_frames_is_linear_and_flat_at_the_ends() -> None:
    at = _to_samples(torch.tensor([[100.0, 200.0]]), 4)[0]
    assert at.tolist() == [100, 100, 112.5, 137.5, 162.5, 187.5, 200, 200]


@pytest.mark.parametrize("tone", [55.0, 220.0, 431.0])
def test_pulses_are_the_sum_of_their_cosines(vocoder: SourceFilter, tone: float) -> None:
    f0 = torch.full((1, 8), tone)
    cycles = vocoder.phase(f0)
    top = int(0.49 * RATE / tone)
    angle = 2 * np.pi * cycles[0].double().numpy()
    exact = sum(np.cos(k * angle) for k in range(1, top + 1)) * math.sqrt(2 / top)
    found = vocoder.pulses(cycles, f0)[0].numpy()
    assert np.abs(found - exact).max() < 0.02 * np.abs(exact).max()
    assert np.mean(found**2) == pytest.approx(1.0, abs=0.15)  # unit power, give or take a period


def test_pulses_have_no_hole_at_whole_cycles(vocoder: SourceFilter) -> None:
    cycles = torch.tensor([[0.0, 1.0, 1e-9, 1 - 1e-7]]).repeat(1, HOP // 4)
    top = math.floor(0.49 * RATE / 100)
    found = vocoder.pulses(cycles, torch.full((1, 1), 100.0))
    torch.testing.assert_close(
        found, torch.full_like(found, math.sqrt(2.0 * top)), rtol=1e-3, atol=0
    )


def test_analysis_and_synthesis_give_the_sound_back(vocoder: SourceFilter) -> None:
    sound = torch.randn(2, 12 * HOP)
    back = vocoder._synthesise(vocoder._analyse(sound))
    inside = slice(512, -512)  # the margins have fewer windows
    torch.testing.assert_close(back[:, inside], sound[:, inside], rtol=1e-4, atol=1e-4)


def test_overlap_add_puts_windows_at_their_hops() -> None:
    frames = torch.zeros(1, 5, 8)
    frames[0, 2] = torch.arange(1.0, 9.0)
    made = overlap_add(frames, 2)
    whole = torch.zeros(2 * 4 + 8)
    whole[4:12] = torch.arange(1.0, 9.0)
    assert torch.equal(made[0], whole[3:13])


def test_minimum_phase_is_that_of_a_minimum_phase_filter() -> None:
    size = 512
    poles = 0.9 * np.exp(1j * np.array([0.4, -0.4, 1.3, -1.3]))
    numerator, denominator = [1.0, -0.5], np.poly(poles).real
    _, response = scipy.signal.freqz(
        numerator, denominator, worN=size // 2 + 1, include_nyquist=True
    )
    found = np.log(np.abs(response)) @ _minimum_phase(size).double().numpy()
    np.testing.assert_allclose(found, np.unwrap(np.angle(response)), atol=2e-3)
    # the same as scipy's from the squared magnitude, which it takes the root of
    impulse = np.fft.irfft(np.abs(response) ** 2)
    centred = np.roll(impulse, size // 2)
    halved = scipy.signal.minimum_phase(centred, method="homomorphic", n_fft=8192)
    _, other = scipy.signal.freqz(halved, worN=size // 2 + 1, include_nyquist=True)
    apart = np.angle(np.exp(1j * (found - np.angle(other))))
    assert np.abs(apart).max() < 0.05


def test_a_row_alone_is_the_row_in_a_batch(vocoder: SourceFilter) -> None:
    torch.manual_seed(2)
    mel = vowel(20) + torch.randn(4, 80, 20)
    f0, voiced = 80 + 200 * torch.rand(4, 20), torch.rand(4, 20).round()
    noise = torch.randn(4, 20 * HOP)
    with torch.no_grad():
        whole = vocoder(mel, f0, voiced, noise)
        alone = vocoder(mel[2:3], f0[2:3], voiced[2:3], noise[2:3])
    torch.testing.assert_close(alone[0], whole[2], rtol=1e-3, atol=1e-3 * float(whole[2].std()))


def test_no_voice_is_noise_and_no_pulse(vocoder: SourceFilter) -> None:
    loud, soft = (say(vocoder, torch.full((1, 70), 150.0), v) for v in (1.0, 0.0))

    def peak(x: np.ndarray) -> float:
        period = round(RATE / 150)
        x = x[2048:-2048]
        return float(np.corrcoef(x[:-period], x[period:])[0, 1])

    assert peak(loud) > 0.8
    assert peak(soft) < 0.4


def test_the_level_follows_the_mel(vocoder: SourceFilter) -> None:
    f0, noise = torch.full((1, 30), 150.0), torch.randn(1, 30 * HOP)
    with torch.no_grad():
        levels = []
        for gain in (0.0, -2.0):
            filters = vocoder._shape(
                vowel(30) + gain, torch.ones(1, 30), torch.zeros(1, 60, 4, 257)
            )
            levels.append(vocoder.render(filters, vocoder.phase(f0), f0, noise).std().log())
    assert float(levels[0] - levels[1]) == pytest.approx(2.0, abs=1e-3)


def test_white_noise_is_made_at_the_level_its_mel_has(vocoder: SourceFilter) -> None:
    mel = vocoder.level[None, :, None].expand(1, -1, 40)
    with torch.no_grad():
        x = torch.zeros(1, 80, 4, vocoder.bins)
        x[:, :, [0, 2]] = -12.0  # neither pulses nor bursts
        filters = vocoder._shape(mel, torch.zeros(1, 40), x)
        f0 = torch.full((1, 40), 100.0)
        made = vocoder.render(filters, vocoder.phase(f0), f0, torch.randn(1, 40 * HOP))
    assert float(made[:, 512:-512].std()) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("is_low", [False, True])
def test_gradients_reach_every_weight_and_both_answers_share_theirpulses(is_low: bool) -> None:
    torch.manual_seed(0)
    vocoder = SourceFilter(SourceFilterConfig(width=16, blocks=1, expansion=1))
    f0, noise = torch.full((1, 8), 150.0), (torch.randn(1, 8 * HOP), torch.randn(1, 8 * HOP))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_low):
        first, second = vocoder.pair(vowel(8), f0, torch.ones(1, 8), vocoder.phase(f0), noise)
    assert first.dtype == torch.float32
    assert not torch.equal(first, second)
    (first.square().mean() + second.square().mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in vocoder.parameters())
    assert all(p.grad.abs().sum() > 0 for name, p in vocoder.named_parameters() if "blocks" in name)


def test_hostile_input_stays_finite(vocoder: SourceFilter) -> None:
    for level, tone in ((-11.5, 0.0), (6.0, 1e4), (-50.0, 1e-9)):
        mel = torch.full((1, 80, 6), level)
        f0 = torch.full((1, 6), tone)
        with torch.no_grad():
            made = vocoder(mel, f0, torch.ones(1, 6), torch.randn(1, 6 * HOP))
        assert made.isfinite().all(), (level, tone)
