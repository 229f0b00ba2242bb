"""Commands that train need torch, which is an extra."""

from __future__ import annotations

from renderer.errors import ConfigError


def require_torch(threads: int | None = None) -> None:
    """Load torch, and let it use so many CPU cores.

    Args:
        threads: CPU cores; None leaves it to torch.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise ConfigError(
            "Training needs torch. Install it with `pip install 'barkline[cpu,train]'`."
        ) from error
    if threads:
        torch.set_num_threads(threads)
