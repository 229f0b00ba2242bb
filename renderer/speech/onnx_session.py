"""A checked model in onnxruntime: one thread per run on the CPU, or a GPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from renderer.errors import ModelRefusedError, OutOfMemoryError, SynthesisError, VoiceError
from renderer.speech.out_of_memory import is_out_of_memory

_CUDA = "CUDAExecutionProvider"
# Resident size of a loaded graph over the size of its file: 4.9 to 7.2 were measured.
LOADED_FACTOR = 7


@dataclass(frozen=True, slots=True)
class Gpu:
    """How a GPU is used.

    Attributes:
        number: Which one, from 0; None leaves it to CUDA.
        memory_mb: MiB that one graph may take at most; 0 is no limit.
        is_frugal: Take just the memory that is asked for instead of doubling what is held.
    """

    number: int | None = None
    memory_mb: int = 0
    is_frugal: bool = False

    def options(self) -> dict[str, str]:
        """Return onnxruntime's options: what was asked for, and nothing else.

        >>> Gpu(memory_mb=512).options()
        {'cudnn_conv_algo_search': 'HEURISTIC', 'gpu_mem_limit': '536870912'}
        """
        # The exhaustive search tunes every new length again (148 ms against 17 ms).
        found = {"cudnn_conv_algo_search": "HEURISTIC"}
        if self.number is not None:
            found["device_id"] = str(self.number)
        if self.memory_mb:
            found["gpu_mem_limit"] = str(self.memory_mb << 20)
        if self.is_frugal:
            found["arena_extend_strategy"] = "kSameAsRequested"
        return found


ANY_GPU = Gpu()


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Session:
    """A loaded graph. `run` may be called from several threads at once."""

    def __init__(self, data: bytes, use_cuda: bool | None = None, gpu: Gpu = ANY_GPU) -> None:
        """Load a model that `read_model` has checked.

        Args:
            data: The model.
            use_cuda: True: on a GPU or not at all; False: never; None: where there is one.
            gpu: How the GPU is used.

        Raises:
            ModelRefusedError: onnxruntime refuses it.
            VoiceError: A GPU was asked for and there is none, or memory ran out.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        wanted: list[Any] = ["CPUExecutionProvider"]
        if use_cuda is not False and _CUDA in onnxruntime.get_available_providers():
            wanted.insert(0, (_CUDA, gpu.options()))
        # One thread per run, several runs at once: no spinning, no barriers, same samples whatever
        # the number of cores. Also where CUDA is offered, for it may turn out to be the CPU.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=wanted)
        except Exception as error:  # onnxruntime raises a class per fault, none of them documented
            if is_out_of_memory(error):
                raise VoiceError(
                    f"There is too little memory to load the model ({str(error)[:200]}). Run fewer "
                    "workers, or give them more memory."
                ) from error
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
            OutOfMemoryError: Memory ran out: fewer rows at once may be run.
            SynthesisError: The model failed otherwise.
        """
        try:
            answers: list[Any] = self._session.run(list(names), feeds)
        except Exception as error:  # see __init__
            if is_out_of_memory(error):
                raise OutOfMemoryError(f"memory ran out: {str(error)[:300]}") from error
            raise SynthesisError(f"The voice's model failed: {str(error)[:300]}") from error
        return answers
