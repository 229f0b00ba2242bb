from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.judges import dnsmos
from renderer.judges.dnsmos import RATE, WINDOW, DnsmosJudge


@pytest.fixture(scope="module")
def judge() -> DnsmosJudge:
    return DnsmosJudge(threads=2)


def buzz(seconds: float, rate: int = RATE, seed: int = 0) -> Waveform:
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 15))
    noise = np.random.default_rng(seed).standard_normal(time.size)
    return Waveform.of(0.1 * tone * np.sin(2 * np.pi * 2 * time) ** 2 + 0.002 * noise, rate)


def test_scores_are_the_reference_implementations(judge):
    from speechmos import dnsmos as reference

    window = np.resize(buzz(2.7).samples, WINDOW)
    expected = reference.run(window, RATE)
    made = judge.score([Waveform.of(window, RATE)])[0]
    assert made == pytest.approx(
        {
            "dnsmos_sig": expected["sig_mos"],
            "dnsmos_bak": expected["bak_mos"],
            "dnsmos_ovrl": expected["ovrl_mos"],
            "dnsmos_p808": expected["p808_mos"],
        },
        abs=1e-3,
    )


def test_a_line_of_whole_frames_is_looped_as_the_reference_does(judge):
    short = buzz(2.7)
    looped = Waveform.of(np.resize(short.samples, WINDOW), RATE)
    one, other = judge.score([short, looped])
    assert one == pytest.approx(other, abs=1e-4)


def test_a_line_scores_the_same_alone_and_among_others(judge):
    lines = [buzz(1.5, seed=1), buzz(3.0, 48_000, seed=2), buzz(0.4, seed=3)]
    together = judge.score([*lines[:2], Waveform.of([], RATE), lines[2]])
    assert isinstance(together[2], JudgeError)
    for line, among in zip(lines, [together[0], together[1], together[3]], strict=True):
        assert judge.score([line])[0] == pytest.approx(among, abs=1e-4)


def test_a_long_line_is_heard_to_its_end(judge):
    clean = buzz(18.0)
    spoilt = clean.samples.copy()
    noise = np.random.default_rng(5).standard_normal(6 * RATE) * 0.3
    spoilt[-6 * RATE :] += noise.astype(np.float32)
    good, bad = judge.score([clean, Waveform.of(np.clip(spoilt, -1, 1), RATE)])
    assert bad["dnsmos_bak"] < good["dnsmos_bak"] - 0.3


@pytest.mark.parametrize(
    "samples",
    [[], [0.5], np.ones(300), np.zeros(RATE), [np.nan] * RATE, [np.inf] * 10, np.full(RATE, 1e-6)],
)
def test_what_cannot_be_judged_is_an_error_and_never_a_number(judge, samples):
    answer = judge.score([Waveform.of(samples, RATE)])[0]
    assert isinstance(answer, JudgeError)


def test_samples_beyond_full_scale_are_clamped(judge):
    loud = Waveform.of(buzz(2.0).samples * 30, RATE)
    clamped = Waveform.of(np.clip(loud.samples, -1, 1), RATE)
    assert judge.score([loud])[0] == pytest.approx(judge.score([clamped])[0], abs=1e-5)


def test_any_rate_is_brought_to_16_khz(judge):
    wide = buzz(2.5, 48_000)
    narrow = resample(wide, RATE)
    assert judge.score([wide])[0] == pytest.approx(judge.score([narrow])[0], abs=1e-5)


def test_nothing_to_score(judge):
    assert judge.score([]) == []


def test_a_changed_model_is_an_error_for_every_line_that_could_be_judged(monkeypatch):
    monkeypatch.setitem(dnsmos._SHA256, "model_v8.onnx", "0" * 64)
    answers = DnsmosJudge().score([buzz(1.0), Waveform.of([], RATE)])
    assert all(isinstance(a, JudgeError) for a in answers)
    assert "pin speechmos" in str(answers[0])


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install" in str(DnsmosJudge().score([buzz(1.0)])[0])


def test_a_missing_package_of_graphs_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert "needs onnx: pip install" in str(DnsmosJudge().score([buzz(1.0)])[0])


def test_a_very_short_line_is_said_again_until_it_is_heard(judge):
    """At several places within a frame, as in the reference's loop."""
    for seconds in (0.31, 0.9137):
        once = buzz(seconds)
        often = Waveform.of(np.tile(once.samples, math.ceil(2.4 / seconds)), RATE)
        assert judge.score([once])[0] == pytest.approx(judge.score([often])[0], abs=1e-4)


@pytest.mark.parametrize(("seconds", "loops", "windows"), [(72.08, 1, 8), (72.2, 8, 1)])
def test_a_very_long_line_is_judged_on_eight_windows(seconds, loops, windows):
    made = dnsmos._loops_of(Waveform.of(np.ones(round(seconds * RATE)) * 0.1, RATE))
    assert [len(loop.starts) for loop in made] == [windows] * loops
    assert all(loop.starts[-1] + 901 <= len(loop.blocks) for loop in made)


def test_importing_the_judge_loads_no_runtime():
    program = (
        "import sys, renderer.judges.dnsmos\n"
        "print(sorted({'onnx', 'onnxruntime', 'librosa', 'speechmos'} & set(sys.modules)))"
    )
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert made.stdout == "[]\n"


@pytest.mark.reference
def test_real_speech_scores_as_real_speech_and_noise_lowers_it(judge, reference_data):
    from renderer.audio.codec import decode

    path = reference_data / "speech" / "ljspeech" / "LJ001-0004.flac"
    clean = decode(path.read_bytes())
    noise = np.random.default_rng(0).standard_normal(clean.samples.size) * 0.03
    good, bad = judge.score([clean, Waveform.of(clean.samples + noise, clean.sample_rate)])
    assert good["dnsmos_ovrl"] > 2.8
    assert bad["dnsmos_ovrl"] < good["dnsmos_ovrl"] - 0.5
