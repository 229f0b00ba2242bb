from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest
import soundfile

from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.judges import speaker
from renderer.judges.speaker import RATE, SpeakerJudge

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("resemblyzer") is None or importlib.util.find_spec("torch") is None,
    reason="the speaker encoder is not installed",
)


@pytest.fixture(scope="module")
def judge() -> SpeakerJudge:
    return SpeakerJudge()


def voice(hz: float, seconds: float = 2.0, rate: int = RATE, seed: int = 0) -> Waveform:
    """A buzz with three formants that move, as a voice's do."""
    time = np.arange(round(seconds * rate)) / rate
    sound = np.zeros(time.size)
    for k in range(1, int(7000 / hz)):
        tone = np.zeros(time.size)
        for formant, width in ((500, 150), (1500, 200), (2600, 250)):
            moving = formant * (1 + 0.2 * np.sin(2 * np.pi * 3 * time + seed))
            tone += 1 / (1 + ((k * hz - moving) / width) ** 2)
        sound += tone * np.sin(2 * np.pi * k * hz * time) / k
    return Waveform.of(0.1 * sound * (1 + 0.5 * np.sin(2 * np.pi * 4 * time)), rate)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    assert isinstance(one, np.ndarray)
    assert isinstance(other, np.ndarray)
    return float(one @ other)


def test_a_vector_has_length_one_and_is_the_same_every_time(judge):
    (one,), (other,) = judge.embed([voice(120)]), judge.embed([voice(120)])
    assert one.shape == (256,)
    assert one.dtype == np.float32
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(one, other)


def test_a_clip_alone_and_among_others_is_the_same(judge):
    clips = [voice(120), voice(220, 0.7), voice(90, 3.0)]
    for clip, among in zip(clips, judge.embed(clips), strict=True):
        assert np.array_equal(judge.embed([clip])[0], among)


def test_level_rate_and_silence_are_no_part_of_a_voice(judge):
    plain = voice(120, rate=24_000)
    quiet = Waveform.of(plain.samples * 0.05, 24_000)
    padded = Waveform.of(np.pad(plain.samples, 24_000), 24_000)
    same = judge.embed([plain, quiet, resample(plain, 48_000), padded])
    assert cosine(same[0], same[1]) > 0.999
    assert cosine(same[0], same[2]) > 0.98
    assert cosine(same[0], same[3]) > 0.97


def test_another_pitch_is_another_voice(judge):
    low, high = judge.embed([voice(95), voice(230)])
    (again,) = judge.embed([voice(95, seed=1)])
    assert cosine(low, high) < cosine(low, again) - 0.1


@pytest.mark.parametrize(
    "samples",
    [
        [],
        np.zeros(RATE),
        [np.nan] * RATE,
        [np.inf] * 10,
        np.full(RATE, 1e-6),
        voice(120, 0.1).samples,
    ],
)
def test_what_is_no_voice_is_an_error_in_its_place(judge, samples):
    answers = judge.embed([voice(120), Waveform.of(samples, RATE), voice(120)])
    assert isinstance(answers[1], JudgeError)
    assert cosine(answers[0], answers[2]) == pytest.approx(1)


def test_half_a_second_is_enough(judge):
    short, long = judge.embed([voice(120, 0.5), voice(120, 3.0)])
    assert cosine(short, long) > 0.7


def test_a_missing_package_and_another_model_are_said_plainly(tmp_path, monkeypatch):
    monkeypatch.setattr(speaker.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JudgeError, match=r"barkline\[quality\]"):
        SpeakerJudge().embed([voice(120)])
    other = tmp_path / "pretrained.pt"
    other.write_bytes(b"another model")
    with pytest.raises(JudgeError, match="not the model"):
        speaker._load(other)
    with pytest.raises(JudgeError, match="missing"):
        speaker._load(tmp_path / "none.pt")


@pytest.mark.reference
def test_a_speaker_is_more_like_himself_than_like_any_other(judge, reference_data):
    files = sorted((reference_data / "speech" / "librispeech").glob("*.flac"))[:10]
    halves = []
    for file in files:
        samples, rate = soundfile.read(file, dtype="float32")
        middle = samples.size // 2
        halves += [Waveform.of(samples[:middle], rate), Waveform.of(samples[middle:], rate)]
    vectors = judge.embed(halves)
    own = [cosine(*vectors[i : i + 2]) for i in range(0, len(vectors), 2)]
    others = [cosine(a, b) for a, b in itertools.combinations(vectors[::2], 2)]
    assert np.mean(own) > 0.75
    assert np.mean(others) < 0.65
    assert np.mean(own) > np.quantile(others, 0.9)
