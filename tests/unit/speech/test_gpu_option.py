"""What is asked of onnxruntime for a GPU, and whose word counts about having one."""

from __future__ import annotations

import onnxruntime
import pytest

from renderer.errors import VoiceError
from renderer.speech.onnx_session import Gpu, Session

CUDA = "CUDAExecutionProvider"


@pytest.fixture
def asked(monkeypatch):
    """Offer CUDA, and record what a session is made with; `has` says what it then runs on."""
    found = {"has": [CUDA, "CPUExecutionProvider"]}

    class Fake:
        def __init__(self, data, options, providers) -> None:
            found["providers"], found["threads"] = providers, options.intra_op_num_threads
            if "raises" in found:
                raise RuntimeError(found["raises"])

        def get_providers(self):
            return found["has"]

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA])
    monkeypatch.setattr(onnxruntime, "InferenceSession", Fake)
    return found


def test_only_what_was_asked_for_is_set(asked) -> None:
    assert Session(b"", None).on_gpu
    assert asked["providers"] == [
        (CUDA, {"cudnn_conv_algo_search": "HEURISTIC"}),
        "CPUExecutionProvider",
    ]
    Session(b"", True, Gpu(1, 2048, is_frugal=True))
    assert asked["providers"][0][1] == {
        "cudnn_conv_algo_search": "HEURISTIC",
        "device_id": "1",
        "gpu_mem_limit": str(2 << 30),
        "arena_extend_strategy": "kSameAsRequested",
    }
    Session(b"", False)
    assert asked["providers"] == ["CPUExecutionProvider"]


def test_the_sessions_own_list_decides(asked) -> None:
    """An offered GPU that is not there: the CPU, and with one thread per run as ever."""
    asked["has"] = ["CPUExecutionProvider"]
    assert not Session(b"", None).on_gpu
    assert asked["threads"] == 1
    with pytest.raises(VoiceError, match="A GPU was asked for"):
        Session(b"", True)


def test_too_little_memory_to_load_is_no_broken_model(asked) -> None:
    asked["raises"] = "CUDA failure 2: out of memory ; GPU=0"
    with pytest.raises(VoiceError, match="too little memory") as caught:
        Session(b"", None)
    assert type(caught.value) is VoiceError
