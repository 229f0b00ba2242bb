"""Whisper behind the port, against a module with faster-whisper's interface."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError
from renderer.judges.whisper import FILES, WhisperRecogniser
from renderer.quality.heard import compare

SOUND = Waveform.of(np.sin(np.arange(24_000) / 20) * 0.1, 24_000)


def transcript(text: str) -> Transcript:
    words = tuple(SpokenWord(w, "", i) for i, w in enumerate(text.split()))
    return Transcript("en-US", tuple(text.split()), words)


@pytest.fixture
def said(monkeypatch, tmp_path):
    """Return how to install a model that hears some words, as faster-whisper writes them."""
    asked: dict[str, object] = {}

    def install(text: str) -> WhisperRecogniser:
        class WhisperModel:
            def __init__(self, path: str, **options: object) -> None:
                asked.update(path=path, options=options)

            def transcribe(self, audio, **options) -> tuple[Iterator[SimpleNamespace], object]:
                asked.update(size=audio.size, dtype=audio.dtype, language=options["language"])
                words = [
                    SimpleNamespace(word=f" {w}", start=0.1 * i, end=0.1 * i + 0.1, probability=0.9)
                    for i, w in enumerate(text.split())
                ]
                return iter([SimpleNamespace(words=words)]), SimpleNamespace()

        module = ModuleType("faster_whisper")
        module.WhisperModel = WhisperModel  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "faster_whisper", module)
        for name in FILES:
            (tmp_path / name).write_bytes(b"weights")
        return WhisperRecogniser(tmp_path)

    install.asked = asked  # type: ignore[attr-defined]
    return install


def test_the_words_are_compared_without_marks_and_case(said):
    found = compare(said("Halt! Who goes there?").hear(SOUND, transcript("halt who goes there")))
    assert found.coverage == 1
    assert said.asked["language"] == "en"
    assert (said.asked["size"], said.asked["dtype"]) == (16_000, np.float32)
    assert said.asked["options"]["local_files_only"] is True


def test_a_dropped_and_a_wrong_word_are_found(said):
    found = compare(said("Halt! Who bows?").hear(SOUND, transcript("halt who goes there")))
    assert (found.found_count, found.missing_last) == (2, len("goesthere"))


def test_words_are_aligned_where_they_were_heard(said):
    aligned = said("halt goes there").align(SOUND, transcript("halt who goes there"))
    assert [word.is_found for word in aligned.words] == [True, False, True, True]
    assert aligned.words[2].start_s == pytest.approx(0.1)
    assert aligned.coverage == 0.75


def test_it_hears_no_phones(said):
    with pytest.raises(JudgeError, match="pocketsphinx"):
        said("halt").classes(SOUND)


def test_a_missing_model_says_how_to_make_one(tmp_path):
    with pytest.raises(JudgeError, match="ct2-transformers-converter"):
        WhisperRecogniser(tmp_path).hear(SOUND, transcript("halt"))


def test_a_model_without_its_tokenizer_is_refused_before_anybody_looks_for_one_on_the_net(
    said, tmp_path
):
    recogniser = said("halt")
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(JudgeError, match=r"no tokenizer\.json"):
        recogniser.hear(SOUND, transcript("halt"))
    assert "path" not in said.asked


def test_a_missing_package_is_said_plainly(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).write_bytes(b"weights")
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(JudgeError, match=r"barkline\[asr\]"):
        WhisperRecogniser(tmp_path).hear(SOUND, transcript("halt"))


def test_a_broken_model_is_no_crash(said, monkeypatch, tmp_path):
    recogniser = said("halt")

    def refuse(*_args, **_options):
        raise RuntimeError("invalid model")

    monkeypatch.setattr(sys.modules["faster_whisper"], "WhisperModel", refuse)
    with pytest.raises(JudgeError, match="invalid model"):
        recogniser.hear(SOUND, transcript("halt"))


@pytest.mark.parametrize("samples", [[], np.zeros(100), [np.nan] * 100, np.ones(16_000 * 61)])
def test_what_cannot_be_heard_is_an_error(said, samples):
    with pytest.raises(JudgeError):
        said("halt").hear(Waveform.of(samples, 16_000), transcript("halt"))
