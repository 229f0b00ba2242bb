"""Which failures of an engine mean that memory ran out: fewer lines at once may then be said.

The list is narrow. A failure that is none of these fails its line as ever, and is never tried again
with fewer lines.

References:
    onnxruntime, core/framework/bfc_arena.cc and core/providers/cuda/cuda_call.cc (the messages)
"""

from __future__ import annotations

import re

_RUNTIME = "onnxruntime"
_MESSAGES = re.compile(
    r"Failed to allocate memory for requested buffer"
    r"|Available memory of \d+ is smaller than requested bytes"
    r"|BFCArena::\w+.{0,80}Failed to allocate"
    r"|CUDA (?:failure 2|error).{0,80}out of memory"
    r"|cudaErrorMemoryAllocation"
    r"|CU(?:BLAS|DNN|FFT)_(?:STATUS_)?ALLOC_FAILED"
    r"|CUDNN_STATUS_INTERNAL_ERROR_(?:DEVICE|HOST)_ALLOCATION_FAILED"
    r"|std::bad_alloc",
    re.DOTALL,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an engine failed because memory ran out.

    Args:
        error: What was raised: Python's `MemoryError` (numpy's is one too), or an error of
            onnxruntime whose message is that of an allocator, CUDA, cuBLAS, cuDNN or cuFFT.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("out of memory"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    is_runtimes = type(error).__module__.partition(".")[0] == _RUNTIME
    # What is thrown inside the binding itself arrives as a plain RuntimeError.
    is_bare = type(error) is RuntimeError
    return (is_runtimes or is_bare) and _MESSAGES.search(str(error)) is not None
