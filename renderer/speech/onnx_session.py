"""A checked model in onnxruntime: one thread per run on the CPU, or a GPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from renderer.errors import ModelRefusedError, SynthesisError, VoiceError

_CUDA = "CUDAExecutionProvider"


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Session:
    """A loaded graph. `run` may be called from several threads at once."""

    def __init__(self, data: bytes, use_cuda: bool | None = None) -> None:
        """Load a model that `read_model` has checked.

        Args:
            data: The model.
            use_cuda: True: on a GPU or not at all; False: never; None: where there is one.

        Raises:
            ModelRefusedError: onnxruntime refuses it.
            VoiceError: A GPU was asked for and there is none.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        wanted: list[Any] = ["CPUExecutionProvider"]
        if use_cuda is not False and _CUDA in onnxruntime.get_available_providers():
            # The exhaustive search tunes every new length again (148 ms against 17 ms).
            wanted.insert(0, (_CUDA, {"cudnn_conv_algo_search": "HEURISTIC"}))
        else:
            # One thread per run, several runs at once: no spinning, no barriers, same samples
            # whatever the number of cores.
            options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=wanted)
        except Exception as error:  # onnxruntime raises a class per fault, none of them documented
            raise ModelRefusedError(f"onnxruntime refuses the model: {str(error)[:300]}") from error
        self.on_gpu: bool = _CUDA in self._session.get_providers()
        if use_cuda and not self.on_gpu:
            raise VoiceError(
                "A GPU was asked for and onnxruntime found none it can use; install "
                "`barkline[gpu]` and a matching CUDA, or do not ask for it."
            )

    def run(self, names: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        """Return the named outputs.

        Raises:
            SynthesisError: The model failed.
        """
        try:
            answers: list[Any] = self._session.run(list(names), feeds)
        except Exception as error:  # see __init__
            raise SynthesisError(f"The voice's model failed: {str(error)[:300]}") from error
        return answers
