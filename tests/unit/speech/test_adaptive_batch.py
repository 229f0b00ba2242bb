"""Lines in batches that fit the memory: none lost, none swapped, and the size comes back."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.voice import VoiceCard
from renderer.errors import OutOfMemoryError, SynthesisError
from renderer.ports import Speech, SpeechRequest
from renderer.speech import runs
from renderer.speech.adaptive_batch import AdaptiveBatch, BatchSize
from renderer.speech.add import add_voice
from renderer.speech.onnx_session import Session
from renderer.speech.out_of_memory import is_out_of_memory
from renderer.speech.piper import PiperVoice

CUDA = (
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running Conv "
    "node. Name:'/dec/conv' Status Message: CUDA failure 2: out of memory ; GPU=0 ; hostname=x ; "
    "file=cuda_allocator.cc ; line=47 ; expr=cudaMalloc((void**)&p, size);"
)
ARENA = (
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Status Message: bfc_arena.cc:376 void* "
    "onnxruntime::BFCArena::AllocateRawInternal(size_t, bool) Failed to allocate memory for "
    "requested buffer of size 1073741824"
)


def runtime_error(message: str) -> Exception:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return state.RuntimeException(message)


class Voice:
    """Implements `ports.Synthesiser`; more than `fits` lines at once run out of memory."""

    card = VoiceCard("tiny", "fake", "0" * 64)
    has_intonation = False

    def __init__(self, fits: int, how: str = "raises", fatal: frozenset[int] = frozenset()) -> None:
        self.fits, self.how, self.fatal = fits, how, fatal
        self.sizes: list[int] = []
        self.said: list[int] = []

    def speak(self, requests):
        self.sizes.append(len(requests))
        seeds = [r.seed for r in requests]
        if len(requests) > self.fits and self.how == "raises":
            raise runtime_error(CUDA)
        if len(requests) > self.fits and self.how == "numpy":
            raise MemoryError("Unable to allocate 3 GiB for an array")
        lost = set(seeds[self.fits :]) | (self.fatal & set(seeds))
        self.said += [seed for seed in seeds if seed not in lost]
        return [OutOfMemoryError("arena") if s in lost else self._say(s) for s in seeds]

    @staticmethod
    def _say(seed: int):
        if seed % 7 == 6:
            return SynthesisError(f"no phoneme of line {seed} is known")
        return Speech(Waveform.of(np.full(3, seed / 1000, np.float32), 16_000), ())


def requests(count: int) -> list[SpeechRequest]:
    return [SpeechRequest(Transcript("en-US", (), ()), seed=n) for n in range(count)]


def heard(answers) -> list[float | str]:
    return [
        str(a) if isinstance(a, SynthesisError) else round(float(a.waveform.samples[0]) * 1000)
        for a in answers
    ]


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(0, 60),
    most=st.integers(1, 40),
    fits=st.integers(1, 40),
    how=st.sampled_from(["raises", "numpy", "answers"]),
)
def test_every_line_is_answered_once_in_order_whatever_fits(count, most, fits, how) -> None:
    voice = Voice(fits, how)
    size = BatchSize(most)
    answers = AdaptiveBatch(voice, size).speak(requests(count))
    assert heard(answers) == heard(Voice(10**6).speak(requests(count))) if count else not answers
    assert max(voice.sizes, default=0) <= most
    assert sorted(voice.said) == list(range(count))  # nothing that was said is said again
    assert 1 <= size.lines <= most
    if how != "answers":  # 40, 20, 10, 5, 2, 1: it never tries more often than it can halve
        assert sum(n > fits for n in voice.sizes) <= 6


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(1, 30),
    most=st.integers(1, 16),
    fatal=st.frozensets(st.integers(0, 29), max_size=4),
)
def test_a_line_too_big_for_itself_fails_alone_and_says_so(count, most, fatal) -> None:
    voice = Voice(10**6, "answers", fatal)
    answers = AdaptiveBatch(voice, BatchSize(most)).speak(requests(count))
    for n, answer in enumerate(answers):
        if n in fatal:
            assert isinstance(answer, OutOfMemoryError)
            assert "Memory ran out for this line" in str(answer)
            assert "Split the line" in str(answer)
        else:
            assert not isinstance(answer, OutOfMemoryError)


@settings(max_examples=200, deadline=None)
@given(
    most=st.integers(1, 64),
    recovery=st.integers(1, 5),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 64)), max_size=80),
)
def test_the_size_stays_in_its_bounds_and_comes_back(most, recovery, steps) -> None:
    size = BatchSize(most, recovery)
    for is_good, tried in steps:
        before = size.lines
        if is_good:
            size.succeed(tried)
            assert size.lines in (before, min(most, 2 * before))
        else:
            assert size.fail(tried) <= max(1, tried // 2)
        assert 1 <= size.lines <= most
    for _ in range(7 * recovery):  # 1, 2, 4 … 64
        size.succeed(size.lines)
    assert size.lines == most


def test_a_size_doubles_after_enough_full_batches_only() -> None:
    voice, size = Voice(4), BatchSize(8, recovery=3)
    batch = AdaptiveBatch(voice, size)
    batch.speak(requests(8))
    assert (voice.sizes, size.lines) == ([8, 4, 4], 4)
    voice.fits = 100
    batch.speak(requests(3))  # says nothing about four
    assert size.lines == 4
    batch.speak(requests(4))
    assert size.lines == 8
    assert [size.fail(8), size.fail(8), size.fail(4)] == [4, 4, 2]  # two threads halve once


def test_other_failures_are_not_memory() -> None:
    voice = Voice(10)
    voice.speak = lambda _requests: (_ for _ in ()).throw(RuntimeError("the model is damaged"))
    with pytest.raises(RuntimeError, match="damaged"):
        AdaptiveBatch(voice, BatchSize(4)).speak(requests(4))
    voice.speak = lambda asked: [SynthesisError("x")] * (len(asked) - 1)
    with pytest.raises(SynthesisError, match="3 answers to 4 lines"):
        AdaptiveBatch(voice, BatchSize(4)).speak(requests(4))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (CUDA, True),
        (ARENA, True),
        ("Available memory of 1024 is smaller than requested bytes of 4096", True),
        ("CUDA error cudaErrorMemoryAllocation: out of memory", True),
        ("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", True),
        ("CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED", True),
        ("std::bad_alloc", True),
        ("Invalid Feed Input Name: out_of_memory", False),
        ("CUDA failure 700: an illegal memory access was encountered", False),
        ("CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED", False),
        ("Got invalid dimensions for input: memory", False),
    ],
)
def test_the_classifier_is_narrow(message, expected) -> None:
    assert is_out_of_memory(runtime_error(message)) is expected
    assert not is_out_of_memory(ValueError(message))


def test_a_run_that_is_out_of_memory_is_not_repeated_row_by_row() -> None:
    """Else a batch that does not fit would be hidden by single rows that do, one after another."""
    tried = []

    def run(jobs):
        tried.append(len(jobs))
        raise OutOfMemoryError("arena")

    answers = runs.perform([1, 2, 3], [[0, 1, 2]], run, None)
    assert tried == [3]
    assert all(isinstance(a, OutOfMemoryError) for a in answers)


LINES = ["halt!", "who goes there, friend?", "no. no! never again.", "run", "a long line that goes"]


@pytest.fixture(scope="module")
def piper(vits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voices")
    path = vits.write(folder, "plain")
    card = add_voice(path, path.with_name("plain.onnx.json"), folder / "in", "plain")
    return PiperVoice.load(card, threads=1, use_cuda=False)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_where_a_batch_is_cut_changes_no_sample(piper, say, most, monkeypatch) -> None:
    """With memory running out in the middle of it as well."""
    asked = [SpeechRequest(say(text), seed=n) for n, text in enumerate(LINES * 2)]
    whole = piper.speak(asked)
    run, failures = Session.run, iter([True] * min(most, 2))

    def planted(self, names, feeds):
        if next(failures, False):
            raise OutOfMemoryError("memory ran out")
        return run(self, names, feeds)

    monkeypatch.setattr(Session, "run", planted)
    cut = AdaptiveBatch(piper, BatchSize(2 * most)).speak(asked)
    for a, b in zip(whole, cut, strict=True):
        assert np.array_equal(a.waveform.samples, b.waveform.samples)
        assert a.phones == b.phones


def test_threads_share_a_size(piper, say) -> None:
    voice, size, made = Voice(3), BatchSize(16, recovery=1000), {}
    batch = AdaptiveBatch(voice, size)

    def speak(n: int) -> None:
        made[n] = heard(batch.speak(requests(20)))

    threads = [threading.Thread(target=speak, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert all(found == heard(Voice(99).speak(requests(20))) for found in made.values())
    assert size.lines <= 3


LIMITED = """
import sys
import onnxruntime as ort
sys.path.insert(0, sys.argv[1])
from renderer.errors import OutOfMemoryError
from renderer.speech.onnx_session import Session
import numpy as np, onnx
from onnx import TensorProto as T, helper as h

where = ort.OrtMemoryInfo(
    "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
)
ort.create_and_register_allocator(where, ort.OrtArenaCfg({"max_mem": 16 << 20}))
Options = ort.SessionOptions

def options():
    made = Options()
    made.add_session_config_entry("session.use_env_allocators", "1")
    return made

ort.SessionOptions = options
graph = h.make_graph(
    [h.make_node("MatMul", ["x", "x"], ["m"]), h.make_node("Exp", ["m"], ["y"])], "g",
    [h.make_tensor_value_info("x", T.FLOAT, ["b", 256, 256])],
    [h.make_tensor_value_info("y", T.FLOAT, ["b", 256, 256])],
)
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9)
session = Session(model.SerializeToString(), use_cuda=False)
fits = []
for lines in (64, 2):
    try:
        session.run(["y"], {"x": np.zeros((lines, 256, 256), np.float32)})
        fits.append(lines)
    except OutOfMemoryError as error:
        print("refused", lines, error)
print("fits", fits)
"""


def test_onnxruntimes_own_arena_runs_out_and_is_told_apart(repository) -> None:
    """A real limit of 16 MiB: 64 rows do not fit, two rows do, in the same session afterwards."""
    pytest.importorskip("onnx")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(repository)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "refused 64" in done.stdout, done.stdout
    assert "fits [2]" in done.stdout
