"""Noise, voice and artefacts of a take: planted, found by the gate's own limits, and named."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soxr

from renderer.audio.codec import decode, encode
from renderer.audio.waveform import Waveform
from renderer.domain.verdict import Outcome
from renderer.quality.gate import decide, measure
from renderer.quality.metrics import NAMES
from renderer.quality.signal import SIGNAL_MEASURES
from renderer.quality.signal_checks import SIGNAL_RULES
from tests.unit.audio.known_sound import noise
from tests.unit.audio.test_artefact import babble
from tests.unit.quality.test_gate import LIMITS, RATE, take


def line(seed: int = 0) -> np.ndarray:
    """Two phrases of a voice with fricatives, pauses around them, over a faint floor."""
    rng = np.random.default_rng(seed)
    made = babble(2.4, seed)
    for at in (0.4, 1.0, 1.7):
        hiss = rng.standard_normal(round(0.1 * RATE)) * np.hanning(round(0.1 * RATE)) * 0.02
        made[round(at * RATE) : round(at * RATE) + hiss.size] += hiss
    half = made.size // 2
    pause = np.zeros(round(0.3 * RATE))
    ramp = np.minimum(1, np.minimum(np.arange(half), np.arange(half)[::-1]) / (0.03 * RATE))
    whole = np.concatenate((pause, made[:half] * ramp, pause, made[half : 2 * half] * ramp, pause))
    return whole + noise(whole.size, 2e-5, seed)


def findings(samples: np.ndarray) -> dict[str, Outcome]:
    verdict = decide(measure(take(samples)), LIMITS)
    return {f.check: f.outcome for f in verdict.findings}


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def with_noise(clean: np.ndarray) -> np.ndarray:
    return clean + noise(clean.size, level(clean) * 10 ** (-8 / 20))


def with_hum(clean: np.ndarray) -> np.ndarray:
    time = np.arange(clean.size) / RATE
    tone = np.sin(2 * np.pi * 50 * time) + 0.5 * np.sin(2 * np.pi * 150 * time)
    return clean + tone * level(clean) * 10 ** (-30 / 20)


def telephoned(clean: np.ndarray) -> np.ndarray:
    low = soxr.resample(clean, RATE, 8_000)
    return np.asarray(soxr.resample(low, 8_000, RATE))[: clean.size]


def with_comb(clean: np.ndarray) -> np.ndarray:
    time = np.arange(clean.size) / RATE
    comb = sum(np.cos(2 * np.pi * k * RATE / 256 * time + k * k) for k in range(1, 100))
    return clean + comb * level(clean) / level(comb) * 10 ** (-15 / 20)


def looped(clean: np.ndarray) -> np.ndarray:
    first, last = round(0.5 * RATE), round(1.1 * RATE)
    return np.concatenate((clean[:last], clean[first:last], clean[last:]))


PLANTED = {
    "noise": with_noise,
    "hum": with_hum,
    "bandwidth": telephoned,
    "buzz": with_comb,
    "repeat": looped,
}


@pytest.mark.parametrize("seed", range(2))
def test_a_clean_line_passes_every_check_of_the_signal(seed):
    found = findings(line(seed))
    names = {rule.check for rule in SIGNAL_RULES}
    assert names <= set(found)
    assert {name: found[name] for name in names if found[name] is Outcome.FAIL} == {}


@pytest.mark.parametrize("check", PLANTED)
@pytest.mark.parametrize("seed", range(2))
def test_a_planted_defect_fails_its_check(check, seed):
    assert findings(PLANTED[check](line(seed)))[check] is Outcome.FAIL


def test_a_voice_that_is_all_breath_is_hoarse_or_breathy():
    clean = line()
    envelope = np.convolve(np.abs(clean), np.ones(400) / 400, mode="same")
    breath = clean + 1.5 * envelope * np.random.default_rng(0).standard_normal(clean.size)
    found = findings(breath)
    assert Outcome.FAIL in {found["hoarse"], found["rough"], found["breathy"]}


def test_a_repeat_says_where():
    metrics = measure(take(looped(line())))
    assert metrics.places["repeat_ratio"] == pytest.approx(1.1, abs=0.4)
    assert re.fullmatch(r"as 0\.\d\d s before", metrics.notes["repeat_ratio"])


# Measured for whoever compares voices and takes; no limit is held against them.
SHOWN = {
    *("snr_db", "noise_dbfs", "hum_db", "tilt_db_per_octave", "centroid_hz"),
    *("flatness_db", "voiced_share", "shimmer"),
}


def test_every_measure_is_a_metric_and_held_or_only_shown():
    held = {rule.metric for rule in SIGNAL_RULES}
    assert set(SIGNAL_MEASURES) <= set(NAMES)
    assert held.isdisjoint(SHOWN)
    assert held | SHOWN == set(SIGNAL_MEASURES)


def test_values_do_not_depend_on_what_was_measured_before():
    alone = measure(take(line(1)))
    measure(take(line(2)))
    assert measure(take(line(1))) == alone


@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("seconds", [0.0, 0.005, 0.2, 1.0])
def test_silence_and_scraps_break_no_measure(rate, seconds):
    from renderer.audio.hearing import Hearing

    size = round(seconds * rate)
    for samples in (np.zeros(size), noise(size) if size else np.zeros(0), np.full(size, np.nan)):
        hearing = Hearing(Waveform.of(samples, rate))
        for how in SIGNAL_MEASURES.values():
            how(hearing)


def test_a_delivery_is_no_raw_take():
    """The codec's own low-pass is no defect of the voice: metrics are of the raw take."""
    raw = Waveform.of(line(), RATE)
    assert decode(encode(raw, "ogg")).sample_rate == RATE
    assert measure(take(raw.samples)).bandwidth_hz > 8_000
