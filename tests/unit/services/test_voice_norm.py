"""What a voice is like is measured once, and one that cannot speak spoils no other."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.project import MasteringTarget
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError, SynthesisError
from renderer.quality.heard import ExpectedWord, Heard, HeardUnit
from renderer.quality.phone_path import PhoneScores, tell
from renderer.services import level as level_module
from renderer.services import voice_norm
from renderer.services.level import VoiceLevel
from renderer.services.voice_norm import VoiceNorms, other_speakers

RATE = 16_000
WORDS = tuple(SpokenWord(w, "halthu", i) for i, w in enumerate(("halt", "who", "goes")))
TEXT = Transcript("en-US", (), WORDS)
SPEAKERS = {"zoe": 2, "ada": 1, "mia": 0}


def voiced(hz: float) -> Waveform:
    t = np.arange(RATE) / RATE
    return Waveform.of(sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 9)) * 0.1, RATE)


class Level:
    """Lets voices speak, but for some."""

    def __init__(self, mute: tuple[str, ...] = ()) -> None:
        self.mute, self.asked = mute, []

    def gain_db(self, synthesiser: Any, voice: str, locale: str, target: Any) -> float:
        return 0.0

    def identity(self, card: Any) -> tuple[str, ...]:
        words: Any = SimpleNamespace(revision="words/1")
        real = VoiceLevel(lambda: pytest.fail("a transaction"), words, lambda _: "fake/1")
        return real.identity(card)

    def passages(self, synthesiser: Any, voice: str, locale: str) -> Any:
        self.asked.append((voice, locale))
        if voice in self.mute:
            raise SynthesisError(f"{voice} says nothing")
        return [(voiced(150.0), TEXT)] * 3


class Recogniser:
    """Hears every word."""

    revision = "fake"
    languages = frozenset({"en"})

    def hear(self, waveform: Any, transcript: Transcript) -> Heard:
        words = [(w.text, i) for i, w in enumerate(transcript.words)]
        units = tuple(HeardUnit(text, 4, 0.1 * i, 0.1 * i + 0.1) for text, i in words)
        return Heard(tuple(ExpectedWord(text, 4) for text, _ in words), units, waveform.duration_s)


class Encoder:
    revision = "fake"

    def embed(self, waveforms: Any) -> Any:
        return [np.array([1, 0], np.float32) for _ in waveforms]


def norms(
    level: Level, speakers: dict[str, int] = SPEAKERS, sha256: str = "s", unit: Any = None
) -> VoiceNorms:
    one = card(speakers)
    one.model_sha256 = sha256
    voices = SimpleNamespace(card=lambda _name: one, open=lambda _name: None)
    return VoiceNorms(voices, level, unit)  # type: ignore[arg-type]


def card(speakers: dict[str, int]) -> Any:
    return SimpleNamespace(name="v", speakers=speakers, model_sha256="s")


def test_passages_are_spoken_once_for_everything_that_is_measured_on_them() -> None:
    level = Level()
    made = norms(level)
    made.audibility("v#ada", "en-US", Recogniser())  # type: ignore[arg-type]
    made.centroids("v#ada", "en-US", Encoder())  # type: ignore[arg-type]
    made.centroids("v#zoe", "en-US", Encoder())  # type: ignore[arg-type]
    made.audibility("v#zoe", "en-US", Recogniser())  # type: ignore[arg-type]
    assert sorted(level.asked) == [(f"v#{s}", "en-US") for s in ("ada", "mia", "zoe")]


class Hearer:
    """Scores by loudness, so that a louder master has another norm."""

    revision = "hearer"

    def __init__(self, *broken: object) -> None:
        self.broken, self.batches = list(broken), 0

    def score(self, waveforms: Any) -> Any:
        self.batches += 1
        fine = [{"dnsmos_ovrl": 3.0 + i / 10} for i, _ in enumerate(waveforms)]
        return [*self.broken, *fine[len(self.broken) :]]


def test_a_voice_is_scored_once_per_judge_and_level() -> None:
    made, judge, level = norms(Level()), Hearer(), MasteringTarget()
    first = made.scores("v#ada", "en-US", judge, level)
    assert first == {"dnsmos_ovrl": pytest.approx(3.1)}
    assert made.scores("v#ada", "en-US", judge, level) == first
    assert judge.batches == 1
    made.scores("v#ada", "en-US", judge, replace(level, loudness_lufs=-16.0))
    made.scores("v#zoe", "en-US", judge, level)
    assert judge.batches == 3


def test_scores_outlive_the_process_for_the_same_model_judge_and_level(studio: Any) -> None:
    target = MasteringTarget()
    measured = norms(Level(), unit=studio.unit).scores("v", "en-US", Hearer(), target)

    nobody = Level(mute=("v",))
    assert norms(nobody, unit=studio.unit).scores("v", "en-US", Hearer(), target) == measured
    assert nobody.asked == []
    for other in ({"sha256": "other"}, {"unit": None}):
        made = norms(nobody, **{"unit": studio.unit, **other})
        with pytest.raises(JudgeError, match="says nothing"):
            made.scores("v", "en-US", Hearer(), target)
    louder = MasteringTarget(loudness_lufs=-16.0)
    with pytest.raises(JudgeError, match="says nothing"):
        norms(nobody, unit=studio.unit).scores("v", "en-US", Hearer(), louder)


@pytest.mark.parametrize("what", ["passages", "mastering"])
def test_other_passages_and_another_mastering_are_measured_anew(
    what: str, studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, level = MasteringTarget(), Level()
    norms(level, unit=studio.unit).scores("v", "en-US", Hearer(), target)
    if what == "passages":
        monkeypatch.setattr(level_module, "LEVEL_REVISION", "level-next")
    else:
        monkeypatch.setattr(voice_norm, "MASTERING_REVISION", "mastering-next")
    norms(level, unit=studio.unit).scores("v", "en-US", Hearer(), target)
    assert len(level.asked) == 2


def test_what_failed_is_not_kept(studio: Any) -> None:
    target = MasteringTarget()
    with pytest.raises(JudgeError, match="says nothing"):
        norms(Level(mute=("v",)), unit=studio.unit).scores("v", "en-US", Hearer(), target)
    assert norms(Level(), unit=studio.unit).scores("v", "en-US", Hearer(), target)


def test_passages_that_a_judge_cannot_hear_are_left_out_and_all_of_them_are_an_error() -> None:
    target, gone = MasteringTarget(), JudgeError("gone")
    assert norms(Level()).scores("v", "en-US", Hearer(gone), target)["dnsmos_ovrl"] > 3
    with pytest.raises(JudgeError, match="no passage of v"):
        norms(Level()).scores("v", "en-US", Hearer(gone, gone, gone), target)
    with pytest.raises(JudgeError, match="no number"):
        norms(Level()).scores("v", "en-US", Hearer({"dnsmos_ovrl": math.nan}), target)
    with pytest.raises(JudgeError, match="says nothing"):
        norms(Level(mute=("v",))).scores("v", "en-US", Hearer(), target)


def test_another_model_of_the_same_name_is_measured_anew() -> None:
    level = Level()
    made = norms(level)
    made.audibility("v#ada", "en-US", Recogniser())  # type: ignore[arg-type]
    made._voices.card("v").model_sha256 = "other"
    made.audibility("v#ada", "en-US", Recogniser())  # type: ignore[arg-type]
    assert len(level.asked) == 2


def test_a_norm_that_failed_is_told_again_and_not_tried_again() -> None:
    level = Level(mute=("v#ada",))
    made = norms(level)
    for _ in range(3):
        with pytest.raises(JudgeError, match="v#ada says nothing"):
            made.audibility("v#ada", "en-US", Recogniser())  # type: ignore[arg-type]
        with pytest.raises(JudgeError, match="v#ada says nothing"):
            made.centroids("v#ada", "en-US", Encoder())  # type: ignore[arg-type]
    assert len(level.asked) == 1


def test_another_speaker_that_fails_is_left_out() -> None:
    found = norms(Level(mute=("v#mia",))).centroids("v#ada", "en-US", Encoder())  # type: ignore[arg-type]
    assert set(found) == {"v#ada", "v#zoe"}


def test_a_voice_without_a_speaker_is_the_one_of_the_lowest_number_and_not_told_from_it() -> None:
    assert other_speakers("v", card(SPEAKERS)) == ["v#ada", "v#zoe"]
    assert other_speakers("v#zoe", card(SPEAKERS)) == ["v#mia", "v#ada"]
    assert other_speakers("v", card({})) == []


def test_a_model_of_many_is_told_from_some_of_them_the_same_for_all() -> None:
    many = card({f"s{i}": i for i in range(904)})
    one, another = (set(other_speakers(f"v#{s}", many)) for s in ("s1", "s2"))
    assert len(one) == voice_norm.MOST_OTHERS
    assert one == another
    assert {"v#s0", "v#s438"} <= one
    assert len(other_speakers("v#s0", many)) == voice_norm.MOST_OTHERS


def test_voices_are_measured_side_by_side_and_each_once() -> None:
    meeting = threading.Barrier(2, timeout=20)

    class Slow(Level):
        def passages(self, synthesiser: Any, voice: str, locale: str) -> Any:
            meeting.wait()  # broken when one voice keeps the other waiting
            return super().passages(synthesiser, voice, locale)

    level = Slow()
    made = norms(level)
    asked = ("v#ada", "v#zoe", "v#ada", "v#zoe")
    hears = Recogniser()
    threads = [
        threading.Thread(target=made.audibility, args=(voice, "en-US", hears)) for voice in asked
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(level.asked) == [("v#ada", "en-US"), ("v#zoe", "en-US")]


def test_the_worst_slip_of_the_passages_is_what_a_reader_mishears() -> None:
    class Reader:
        revision = "fake"

        def read(self, waveform: Any, transcript: Transcript) -> PhoneScores:
            log_p = np.log(np.full((40, 4), 0.01, np.float32))
            log_p[:, 3] = np.log(0.97)  # nothing of the text
            return PhoneScores(log_p, ((1, 2), (1,)), 0.025)

    reader: Any = Reader()
    level = Level()
    made = norms(level)
    found = made.misheard("v#ada", "en-US", reader)
    assert found.nats == pytest.approx(tell(reader.read(None, TEXT)).worst)
    assert found.nats > 20
    assert found.size == 1
    assert made.misheard("v#ada", "en-US", reader) == found
    assert len(level.asked) == 1


@pytest.mark.parametrize(("is_heard", "size"), [(True, 1.0), (False, 0.8)])
def test_a_voice_that_is_heard_too_badly_is_played_at_the_size_it_is_heard_at(
    is_heard: bool, size: float
) -> None:
    """Only such a one: whoever is heard well enough stays as they are."""
    level = Level()
    rate = level.passages(None, "v#ada", "en-US")[0][0].sample_rate

    class Reader:
        revision = "fake"

        def read(self, waveform: Any, transcript: Transcript) -> PhoneScores:
            is_right = is_heard or waveform.sample_rate == round(0.8 * rate)
            labels = np.repeat((0, 1, 2, 1, 0) if is_right else (3,) * 5, 8)
            p = np.full((40, 4), 0.01, np.float32)
            p[np.arange(40), labels] = 0.97
            return PhoneScores(np.log(p), ((1, 2), (1,)), 0.025)

    reader: Any = Reader()
    assert norms(level).misheard("v#ada", "en-US", reader).size == size
