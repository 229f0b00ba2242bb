"""A cast of teachers, and a teacher that acts."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from renderer import config
from renderer.direction.profile import read_profiles
from renderer.domain.direction import Delivery, Emotion
from renderer.errors import SynthesisError
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.cast import Studio, folder_of, sentences
from renderer.training.corpus import Speaker
from renderer.training.teacher import Lesson, VoiceTeacher
from renderer.training.teacher_directed import DirectedTeacher, drawn
from renderer.training.teacher_sized import SizedTeacher

TRAINING = config.assets_dir() / "training"
PLAN = {"speaker": "acted-marcus", "teacher": "hearth:marcus", "language": "en"}
TEXTS = [f"Bring {count} lamps." for count in ("two", "three", "four", "five", "six", "seven")]


@pytest.fixture(scope="module")
def studio() -> Studio:
    book = Voices([config.assets_dir() / "voices"], threads=1, use_cuda=False)
    profiles = read_profiles(config.assets_dir() / "emotion_profiles.json")
    return Studio(book.open, EspeakTranscriber(Lexicon([])), profiles)


def test_a_row_says_which_teacher(studio: Studio) -> None:
    plain = studio.teacher(PLAN)
    assert isinstance(plain, VoiceTeacher)
    assert plain.speaker.name == "acted-marcus"
    assert plain.speaker.may_publish
    assert isinstance(studio.teacher({**PLAN, "directed": True}), DirectedTeacher)
    sized = studio.teacher({**PLAN, "factor": 0.8})
    assert isinstance(sized, SizedTeacher)
    assert "0.8 times its size" in sized.speaker.source


def test_an_acted_line_sounds_other_than_a_plain_one_and_again_the_same(studio: Studio) -> None:
    acted, again, plain = (
        studio.teacher({**PLAN, "directed": is_directed}).teach(TEXTS)
        for is_directed in (True, True, False)
    )
    for one, same, other in zip(acted, again, plain, strict=True):
        assert isinstance(one, Lesson)
        assert isinstance(same, Lesson)
        assert isinstance(other, Lesson)
        assert (one.waveform.samples == same.waveform.samples).all()
        assert one.phones[-1].end_s <= one.waveform.duration_s + 1e-6
        assert [p.phoneme for p in one.phones if p.word >= 0] == [
            p.phoneme for p in other.phones if p.word >= 0
        ]
    assert any(
        a.waveform.samples.size != p.waveform.samples.size
        for a, p in zip(acted, plain, strict=True)
        if isinstance(a, Lesson) and isinstance(p, Lesson)
    )


def test_a_voice_that_fails_fails_its_own_line(studio: Studio) -> None:
    teacher = studio.teacher({**PLAN, "directed": True})
    assert isinstance(teacher, DirectedTeacher)
    voice = teacher._voice

    class Moody:
        card, has_intonation = voice.card, voice.has_intonation

        def speak(self, requests):
            return [SynthesisError("no"), *voice.speak(requests[1:])]

    teacher._voice = Moody()  # type: ignore[assignment]
    first, second = teacher.teach(TEXTS[:2])
    assert isinstance(first, SynthesisError)
    assert isinstance(second, Lesson)


def test_every_emotion_is_drawn_and_a_fifth_is_shouted() -> None:
    directions = [drawn(f"Line {number}.", "ann") for number in range(800)]
    counts = Counter(d.emotion for d in directions)
    assert set(counts) == set(Emotion)
    assert min(counts.values()) > 50
    assert 0.15 < sum(d.delivery is Delivery.SHOUT for d in directions) / 800 < 0.25
    assert all((d.emotion is Emotion.NEUTRAL) == (d.intensity == 0) for d in directions)
    assert drawn("Line 1.", "ann") == directions[1]
    assert [drawn(f"Line {n}.", "bob") for n in range(9)] != directions[:9]


def test_what_is_learnt_from_is_never_what_judges() -> None:
    for name in ("hearth", "phones"):
        rows = tomllib.loads((TRAINING / name / "cast.toml").read_text("utf-8"))["corpus"]
        for plan in rows:
            texts, held_out = sentences(plan, TRAINING / "texts")
            assert texts
            assert held_out
            assert not set(texts) & set(held_out)
            assert folder_of(plan).endswith(plan["language"])


def test_the_judge_of_phones_learns_from_nobody_it_is_tried_on() -> None:
    """The split of the error rates, held against the cast."""
    import yaml

    split = yaml.safe_load(
        (Path(config.assets_dir()).parent / "benchmarks" / "gate_split.yaml").read_text("utf-8")
    )
    tried = {
        (name, speaker) for name, some in split["evaluation"]["voices"].items() for speaker in some
    }
    rows = tomllib.loads((TRAINING / "phones" / "cast.toml").read_text("utf-8"))["corpus"]
    taught = {tuple(plan["teacher"].split(":")) for plan in rows if ":" in plan["teacher"]}
    assert not taught & tried
    assert {teacher for kind, teacher in taught if kind == "hearth"} <= set(
        split["tuning"]["voices"]["hearth"]
    )
    assert {t for kind, t in taught if kind == "flite"} == {"rms"}
    assert not [kind for kind, _ in taught if kind == "festival"]


def test_a_speaker_keeps_the_terms_of_its_voice(studio: Studio) -> None:
    made = studio.teacher(PLAN).speaker
    assert made == replace(made, licence="Apache-2.0")
    assert Speaker("x") != made
