"""Recordings that are synthetic and sound enough like speech for every check, and a transcriber."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.codec import encode
from renderer.audio.riff import PCM, wave_file
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.words import find_words
from renderer.errors import TextError

RATE = 22_050
VOWELS = "aeiou"


class LetterTranscriber:
    """Speaks every letter; refuses words with an x."""

    revision = "letters"

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        return [self._one(u) for u in utterances]

    def _one(self, utterance: Utterance) -> Transcript | TextError:
        words = [w.text.lower() for w in find_words(utterance.text)]
        if any("x" in word for word in words):
            return TextError(f"{utterance.text!r} holds an x, which nobody can say.")
        spoken = tuple(
            SpokenWord(word, "".join("ˈ" * (c in VOWELS) + c for c in word), i)
            for i, word in enumerate(words)
        )
        return Transcript(utterance.locale, tuple(words), spoken)


def say(text: str, hz: float = 150.0, rate: float = 12.0, gain: float = 0.3) -> np.ndarray:
    """Vowels as buzzes, consonants as soft noise, 1/12 s each, a little silence around."""
    random = np.random.default_rng(zlib.crc32(text.encode()))
    size = int(RATE / rate)
    t = np.arange(size) / RATE
    ramp = np.minimum(1, np.minimum(np.arange(size), np.arange(size)[::-1]) / (0.01 * RATE))
    parts = [np.zeros(int(0.15 * RATE))]
    for c in text.lower():
        if c in VOWELS:
            tones = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 20))
            parts.append(gain * 0.5 * ramp * tones)
        elif c.isalpha():
            parts.append(gain * 0.05 * ramp * random.standard_normal(size))
        elif c == ",":
            parts.append(np.zeros(int(0.2 * RATE)))
    parts.append(np.zeros(int(0.2 * RATE)))
    last = parts[-2]
    last *= np.exp(-np.arange(last.size) / (0.012 * RATE))  # speech dies away
    clean = np.concatenate(parts)
    return (clean + 1e-4 * random.standard_normal(clean.size)).astype(np.float32)


SENTENCES = (
    "the gate is open now",
    "who goes there tonight",
    "bring me the lantern",
    "a storm is on its way",
    "we leave before dawn",
    "nobody told me that",
    "hold your ground, men",
    "the bridge is gone",
)


@pytest.fixture
def transcriber() -> LetterTranscriber:
    return LetterTranscriber()


@pytest.fixture
def spoken() -> Callable[..., np.ndarray]:
    return say


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of recordings: {name: samples} and the lines of its metadata."""

    def make(sounds: dict[str, np.ndarray], lines: Sequence[str]) -> Path:
        folder = tmp_path / "recordings"
        folder.mkdir(exist_ok=True)
        for name, samples in sounds.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(".wav"):
                whole = np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2")
                path.write_bytes(wave_file(whole.tobytes(), RATE, PCM, 16))
            else:
                path.write_bytes(encode(Waveform(samples, RATE), "flac"))
        (folder / "metadata.csv").write_text("\n".join(lines), "utf-8")
        return folder

    return make


@pytest.fixture
def good_folder(record: Callable[..., Path]) -> Path:
    """Eight good recordings of one speaker in LJSpeech's layout."""
    sounds = {f"wavs/s{i}.wav": say(text) for i, text in enumerate(SENTENCES)}
    return record(sounds, [f"s{i}|{text.title()}.|{text}." for i, text in enumerate(SENTENCES)])
