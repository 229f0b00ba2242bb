"""A voice has one level, whoever measures it, and knowing it locks nobody out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from renderer import config
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.project import MasteringTarget
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.services.level import VoiceLevel, passages
from renderer.speech.card import read_folders

TARGET = MasteringTarget(loudness_lufs=-23.0)


class Words:
    """Implements `ports.Transcriber`."""

    revision = "words/1"

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Any]:
        return [
            Transcript(said.locale, (said.text,), (SpokenWord(said.text, "tɛst", 0),))
            for said in utterances
        ]


@pytest.fixture
def reading(studio: Any) -> Callable[[], SqlUnitOfWork]:
    with studio.unit() as unit:
        unit.commit()
        engine = unit._engine
    return lambda: SqlUnitOfWork(engine, "tiny", studio.clock, is_read_only=True)


def gain(studio: Any, unit: Any, reading: Any = None) -> float:
    level = VoiceLevel(unit, Words(), lambda name: f"{name}/1", reading)
    return level.gain_db(studio.voice, "fake", "en-US", TARGET)


def test_a_known_level_is_only_read(studio: Any, reading: Any) -> None:
    first = gain(studio, studio.unit, reading)
    spoken = len(studio.voice.requests)

    again = gain(studio, lambda: pytest.fail("a transaction for writing"), reading)

    assert again == first
    assert len(studio.voice.requests) == spoken


def test_the_level_that_another_worker_stored_meanwhile_is_used(studio: Any, reading: Any) -> None:
    speak = studio.voice.speak

    def beaten(requests: Any) -> Any:
        studio.voice.speak = speak
        gain(studio, studio.unit, reading)
        with studio.unit() as unit:
            table = "UPDATE voice_level SET loudness_lufs = -33.0"
            unit._connection.exec_driver_sql(table)
            unit.commit()
        return speak(requests)

    studio.voice.speak = beaten

    assert gain(studio, studio.unit, reading) == 10.0
    assert gain(studio, studio.unit, reading) == 10.0


def test_a_level_of_nought_is_a_level(studio: Any, reading: Any) -> None:
    gain(studio, studio.unit, reading)
    with studio.unit() as unit:
        unit._connection.exec_driver_sql("UPDATE voice_level SET loudness_lufs = 0.0")
        unit.commit()
    assert gain(studio, lambda: pytest.fail("measured again"), reading) == -23.0


def test_every_language_of_the_pack_has_passages_of_its_own() -> None:
    card = read_folders([config.assets_dir() / "voices"])["hearth"]
    said = {language: passages(language) for language in card.languages}
    assert len(set(said.values())) == len(said) >= 4
    assert passages("ca-ES") == said["ca"]
    assert passages("xx-XX") == said["en"]
