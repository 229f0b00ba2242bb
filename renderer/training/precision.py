"""Which precision the matrix products of a training have."""

from __future__ import annotations

import torch

LOW, FULL, AUTO = "bfloat16", "float32", "auto"
# A processor without these computes in 16 bits by rounding every product: some 40 × slower.
_NATIVE = ("avx512_bf16", "amx_bf16", "bf16")  # Intel and AMD; ARM


def choose_precision(name: str, device: torch.device) -> str:
    """Return `bfloat16` or `float32`.

    Args:
        name: One of them, or `auto`: `bfloat16` where the device computes in it.
        device: Where the training computes.

    >>> choose_precision("float32", torch.device("cpu"))
    'float32'
    """
    if name != AUTO:
        return name
    if device.type == "cuda":
        is_native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has = torch.cpu.get_capabilities()
        is_native = any(has.get(one) for one in _NATIVE)
    return LOW if is_native else FULL
