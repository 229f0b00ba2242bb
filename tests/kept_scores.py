"""Lets DNSMOS judge each sound once per test process.

Hundreds of tests render the same few lines. The models are the real ones, and what they say of a
sound does not depend on the others of a batch (tests/unit/judges/test_dnsmos.py), so the second
time they need not be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.judges.dnsmos import DnsmosJudge

Answer = Mapping[str, float] | JudgeError

_said: dict[tuple[bool, int, bytes], Answer] = {}


@contextmanager
def kept_scores() -> Iterator[None]:
    """Keep answers within, by the sound that was judged."""
    score = DnsmosJudge.score

    def kept(self: DnsmosJudge, waveforms: Sequence[Waveform]) -> list[Answer]:
        keys = [(self._with_p808, *_key(waveform)) for waveform in waveforms]
        new = {k: w for k, w in zip(keys, waveforms, strict=True) if k not in _said}
        made = dict(zip(new, score(self, list(new.values())), strict=True)) if new else {}
        # What failed may not fail again.
        _said.update({k: a for k, a in made.items() if not isinstance(a, JudgeError)})
        return [made.get(key) or _said[key] for key in keys]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DnsmosJudge, "score", kept)
        yield


def _key(waveform: Waveform) -> tuple[int, bytes]:
    return waveform.sample_rate, hashlib.sha256(waveform.samples.tobytes()).digest()
