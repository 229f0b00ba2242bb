"""Lets DNSMOS judge each sound once per test process.

Hundreds of tests render the same few lines. The models are the real ones, and what they say of a
sound does not depend on the others of a batch (tests/unit/judges/test_dnsmos.py), so the second
time they need not be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from renderer.audio.waveform import Samples
from renderer.judges.dnsmos import DnsmosJudge

_said: dict[bytes, dict[str, float]] = {}


@contextmanager
def kept_scores() -> Iterator[None]:
    """Keep scores within, by the window that was judged."""
    run = DnsmosJudge._run

    def kept(self: DnsmosJudge, windows: Sequence[Samples]) -> list[dict[str, float]]:
        keys = [hashlib.sha256(window.tobytes()).digest() for window in windows]
        new = {k: w for k, w in zip(keys, windows, strict=True) if k not in _said}
        if new:
            _said.update(zip(new, run(self, list(new.values())), strict=True))
        return [dict(_said[key]) for key in keys]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DnsmosJudge, "_run", kept)
        yield
