"""Loaded voices: bounded, shared, never taken from who uses them, never another file's."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import weakref

import pytest

from renderer.domain.voice import VoiceCard
from renderer.errors import ModelRefusedError, VoiceError
from renderer.ports import SpeechRequest
from renderer.speech.add import add_voice
from renderer.speech.model_cache import MIB, ModelCache
from renderer.speech.voice_book import Voices

WAIT_S = 30


class Voice:
    """Implements `ports.Synthesiser` and takes 10 MiB."""

    card = VoiceCard("v", "fake", "0" * 64)
    has_intonation = False
    memory_bytes = 10 * MIB

    def speak(self, requests):
        return []


def test_the_voice_not_used_for_longest_goes_first() -> None:
    cache = ModelCache(30)
    gone = {n: weakref.ref(cache.get(n, Voice)) for n in "abc"}
    cache.get("a", Voice)
    gone["d"] = weakref.ref(cache.get("d", Voice))
    assert cache.names == ("c", "a", "d")
    assert cache.bytes == 30 * MIB
    assert gone["b"]() is None  # released, not only forgotten
    assert gone["a"]() is not None


def test_a_voice_in_use_is_neither_unloaded_nor_left_out_of_the_count() -> None:
    cache = ModelCache(10)
    used = cache.get("a", Voice)
    cache.get("b", Voice)
    cache.get("c", Voice)
    assert cache.names == ("a", "c")
    assert cache.bytes == 20 * MIB
    assert cache.get("a", Voice) is used
    del used
    cache.get("d", Voice)
    assert cache.names == ("d",)


def test_two_threads_load_a_voice_once_and_other_voices_do_not_wait() -> None:
    cache, loading, go, loads, got = ModelCache(100), threading.Event(), threading.Event(), [], []

    def slow():
        loads.append(1)
        loading.set()
        assert go.wait(WAIT_S)
        return Voice()

    threads = [threading.Thread(target=lambda: got.append(cache.get("a", slow))) for _ in "ab"]
    for thread in threads:
        thread.start()
    assert loading.wait(WAIT_S)
    assert cache.get("other", Voice)  # while the first one loads
    go.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert loads == [1]
    assert got[0] is got[1]


def test_a_load_that_fails_is_tried_again() -> None:
    cache = ModelCache(100)

    def broken():
        raise VoiceError("no")

    with pytest.raises(VoiceError):
        cache.get("a", broken)
    assert cache.names == ()
    assert cache.get("a", Voice)


@pytest.fixture
def folder(vits, tmp_path):
    for name in ("one", "two"):
        path = vits.write(tmp_path, name)
        add_voice(path, path.with_name(f"{name}.onnx.json"), tmp_path / "in", name)
    return tmp_path / "in"


def test_the_book_counts_and_releases_sessions(folder, say) -> None:
    book = Voices([folder], threads=2, use_cuda=False, cache_mb=0)
    session = weakref.ref(book.open("one")._model._session)
    before = book.cached_bytes
    book.open("one").speak([SpeechRequest(say("a line that is said"))])
    assert before > 0
    assert book.cached_bytes > before  # what a run needs is counted too
    assert book.loaded == ("one",)
    book.open("two")
    gc.collect()
    assert book.loaded == ("two",)
    assert session() is None


def test_a_model_that_is_not_its_cards_is_refused(folder) -> None:
    shutil.copy(folder / "two" / "card.yaml", folder / "kept")
    (folder / "one" / "model.onnx").write_bytes(b"\0" + (folder / "one/model.onnx").read_bytes())
    with pytest.raises(ModelRefusedError, match="not the one its card was made for"):
        Voices([folder], use_cuda=False).open("one")


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.json"])
def test_a_file_that_is_changed_while_the_process_runs_is_refused(folder, name) -> None:
    """The configuration too: its hash is part of the engine's revision, so of every key."""
    book = Voices([folder], use_cuda=False)
    loaded = book.open("one")
    path = folder / "one" / name
    good = path.read_bytes()
    os.utime(path)  # a new time, the same bytes
    assert book.open("one") is loaded
    path.write_bytes(good + b"\n")
    for _ in range(2):
        with pytest.raises(ModelRefusedError, match=f"{name} of voice 'one' was changed while"):
            book.open("one")
    assert book.open("two").card.name == "two"
    path.write_bytes(good)
    assert book.open("one").card.name == "one"
    path.unlink()
    with pytest.raises(ModelRefusedError, match="start it again"):
        book.open("one")


def test_a_voice_that_was_put_right_is_opened(folder) -> None:
    """Files of a voice that never loaded bind nobody."""
    path = folder / "one" / "model.onnx"
    good = path.read_bytes()
    path.unlink()
    book = Voices([folder], use_cuda=False)
    with pytest.raises(ModelRefusedError, match="cannot be read"):
        book.open("one")
    path.write_bytes(good)
    assert book.open("one").card.name == "one"
