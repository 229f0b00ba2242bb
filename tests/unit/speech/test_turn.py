"""Turns on a GPU: one at a time, in order, and the rest of the work goes on meanwhile."""

from __future__ import annotations

import threading

import pytest

from renderer.ports import SpeechRequest
from renderer.speech.turn import InTurn, Turns
from renderer.speech.worker_voices import WorkerVoices

WAIT_S = 30  # only ever used up by a test that fails


def start(*targets):
    threads = [threading.Thread(target=t, daemon=True) for t in targets]
    for thread in threads:
        thread.start()
    return threads


def test_turns_come_in_the_order_of_asking() -> None:
    turns, served = Turns(), []
    with turns:
        threads = []
        for n in range(5):

            def work(n: int = n) -> None:
                with turns:
                    served.append(n)

            threads += start(work)
            while turns.waiting <= n:  # until it has asked
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join(WAIT_S)
    assert served == [0, 1, 2, 3, 4]
    assert turns.waiting == 0


def test_a_turn_is_handed_on_after_a_failure() -> None:
    turns = Turns()
    with pytest.raises(RuntimeError), turns:
        raise RuntimeError("the model is damaged")
    with turns:
        pass


class Stages:
    """A GPU voice's fake: it speaks only once the other thread is seen at its own CPU work."""

    has_intonation = False
    on_gpu = True

    def __init__(self, voice) -> None:
        self._voice = voice
        self.card = voice.card
        self.inside = self.most = self.calls = 0
        self.may_end: list[threading.Event] = []
        self._lock = threading.Lock()

    def speak(self, requests):
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            gate = self.may_end[self.calls] if self.calls < len(self.may_end) else None
            self.calls += 1
        assert gate is None or gate.wait(WAIT_S), "nothing else went on while the GPU spoke"
        with self._lock:
            self.inside -= 1
        return self._voice.speak(requests)


def test_one_thread_masters_and_judges_while_another_speaks(studio, monkeypatch) -> None:
    """The whole walk in two threads: text beside the first batch's speech, judging beside the last.

    Each speech ends only when the other thread has been seen at its CPU work; in lock-step neither
    would.
    """
    voice = Stages(studio.voice)
    texts_read, judged = threading.Event(), threading.Event()
    read_by: set[int] = set()
    performer, finisher = studio.render._performer, studio.render._finisher
    transcriber, score = performer._transcriber([]), studio.judge.score
    transcribe = transcriber.transcribe

    def reading(lines):
        made = transcribe(lines)
        read_by.add(threading.get_ident())
        if len(read_by) == 2:
            texts_read.set()
        return made

    def judging(waveforms):
        judged.set()
        return score(waveforms)

    monkeypatch.setattr(transcriber, "transcribe", reading)
    monkeypatch.setattr(studio.judge, "score", judging)

    class Book:
        def __init__(self, inner) -> None:
            self.card, self.cards = inner.card, inner.cards
            self.engine_revision = inner.engine_revision

        def open(self, _name):
            return voice

    gain = finisher._level.gain_db
    finisher._level.gain_db = lambda _voice, *rest: gain(studio.voice, *rest)
    worker = WorkerVoices(Book(performer._voices), 16)
    performer._voices = finisher._voices = worker
    voice.may_end = [texts_read, judged]
    first, second = studio.ask("one line"), studio.ask("another line")
    threads = start(lambda: studio.render.batch(first), lambda: studio.render.batch(second))
    for thread in threads:
        thread.join(WAIT_S)
    assert studio.statuses(first + second) == ["approved"] * 2
    assert (voice.most, voice.calls) == (1, 2)
    assert texts_read.is_set()
    assert judged.is_set()


def test_on_a_cpu_nobody_waits(studio, say) -> None:
    """Two threads speak at the same time: each ends only when both are inside."""
    voice, both = Stages(studio.voice), threading.Barrier(2)
    voice.on_gpu = False
    voice.speak = lambda _requests: (both.wait(WAIT_S), [])[1]

    class Book:
        def open(self, _name):
            return voice

    book, done = WorkerVoices(Book(), 4), []
    asked: list[SpeechRequest] = []
    inner = book.open("fake")._inner
    assert not isinstance(inner, InTurn)
    threads = start(*[lambda: done.append(inner.speak(asked))] * 2)
    for thread in threads:
        thread.join(WAIT_S)
    assert len(done) == 2


def test_the_size_of_a_batch_outlives_the_voice_it_was_learnt_with(studio) -> None:
    book = WorkerVoices(studio.render._performer._voices, 16)
    book.open("fake")._size.fail(16)
    assert book.open("fake")._size.lines == 8
    assert book.open("fake").card.name == "fake"
