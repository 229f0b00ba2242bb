"""Sounds are measured once; a lost or damaged one is left out and told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.codec import encode
from renderer.audio.waveform import Waveform
from renderer.domain.take import SoundObject
from renderer.errors import JudgeError
from renderer.services.survey import Survey, load_soundings
from renderer.storage.local import LocalStore

RATE = 16_000


class Encoder:
    """Gives the sound's first samples as its direction; silence cannot be told."""

    revision = "fake-1"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, waveforms: Sequence[Waveform]) -> list[np.ndarray | JudgeError]:
        self.asked += len(waveforms)
        return [
            np.full(4, 0.5, np.float32) if w.samples.any() else JudgeError("silent")
            for w in waveforms
        ]


def put(store: LocalStore, level: float) -> SoundObject:
    sound = Waveform.of(np.full(RATE, level), RATE)
    key = store.put(encode(sound, "wav24"), ".wav", "audio/wav")
    return SoundObject(key, key.rsplit("/", 1)[-1].partition(".")[0], 1, 1.0, "audio/wav")


def loudest(waveform: Waveform) -> np.ndarray:
    return np.array([np.abs(waveform.samples).max()], np.float32)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def test_what_was_measured_is_remembered(store: LocalStore, tmp_path: Path) -> None:
    sounds = [put(store, 0.25), put(store, 0.5), put(store, 0.0)]
    encoder = Encoder()
    first = Survey(store, encoder, loudest, tmp_path / "cache" / "s.npz").run([*sounds, sounds[0]])
    assert encoder.asked == 3
    again = Survey(store, encoder, loudest, tmp_path / "cache" / "s.npz").run(sounds)
    assert encoder.asked == 3
    assert [float(again[s.sha256].measured[0]) for s in sounds] == pytest.approx([0.25, 0.5, 0.0])
    assert again[sounds[2].sha256].why == first[sounds[2].sha256].why == "silent"
    assert again[sounds[2].sha256].embedding.size == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\x93NUMPY"])
def test_a_damaged_memory_is_measured_anew(
    store: LocalStore, tmp_path: Path, content: bytes
) -> None:
    cache, sound, encoder = tmp_path / "s.npz", put(store, 0.5), Encoder()
    cache.write_bytes(content)
    assert Survey(store, encoder, loudest, cache).run([sound])
    assert encoder.asked == 1
    assert set(load_soundings(cache)) == {sound.sha256}


def test_a_lost_sound_is_told_and_the_rest_is_measured(store: LocalStore, tmp_path: Path) -> None:
    kept = put(store, 0.5)
    gone = SoundObject("objects/ab/ab.wav", "ab", 1, 1.0, "audio/wav")
    survey = Survey(store, Encoder(), loudest, tmp_path / "s.npz")
    assert set(survey.run([gone, kept])) == {kept.sha256}
    assert survey.lost == [gone.key]
