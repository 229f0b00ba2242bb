"""What the speech tests share: transcripts by hand and the small VITS graph."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from renderer.domain.transcript import SpokenWord, Transcript

_SPEC = importlib.util.spec_from_file_location(
    "build_vits", Path(__file__).with_name("build_vits.py")
)


@pytest.fixture(scope="session")
def vits():
    """The script that builds the graph, as a module."""
    pytest.importorskip("onnx")
    module = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def say():
    """Make a transcript of `word/phonemes` pairs: say("no/nəː, go/ɡəː!")."""

    def make(text: str, locale: str = "en-US") -> Transcript:
        words = []
        for number, part in enumerate(text.split()):
            plain = part.rstrip(".,!?;:…—")
            spelt, _, phonemes = plain.partition("/")
            words.append(SpokenWord(spelt, phonemes or spelt, number, part[len(plain) :]))
        return Transcript(locale, tuple(w.text for w in words), tuple(words))

    return make
