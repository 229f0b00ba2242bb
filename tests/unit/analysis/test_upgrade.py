"""Old beside new: planted changes rank as they should."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from renderer.analysis.sound_print import BANDS, BINS, SoundPrint
from renderer.analysis.upgrade import Comparison, Side, plain, rank


def side(mos: float = 4.0, bin_: int = 24, **more: Any) -> Side:
    counts = np.zeros(BINS, np.float32)
    counts[bin_ - 1 : bin_ + 2] = 10
    embedding = np.zeros(8, np.float32)
    embedding[0] = 1
    sound = SoundPrint(embedding, np.zeros(BANDS, np.float32), counts)
    plain_side: dict[str, Any] = {"duration_s": 2.0, "loudness_lufs": -23.0} | more
    return Side("approved", sound, "a.ogg", scores={"dnsmos_ovrl": mos}, **plain_side)


def line(name: str, new: Side, old: Side | None = None) -> Comparison:
    return Comparison(name, "en-US", "kara", "Halt.", "angry", old or side(), new)


def test_what_cannot_be_spoken_is_worst_then_what_is_rejected_then_what_sounds_worse() -> None:
    lines = [
        line("same", side()),
        line("worse", side(3.1)),
        line("mute", Side("error", error="no such phoneme")),
        line("rejected", side(failed=("clipping: …",))),
        line("better", side(4.6)),
    ]
    ranked = rank(lines)
    assert [c.line_id for c, _ in ranked[:3]] == ["mute", "rejected", "worse"]
    assert ranked[2][1] == pytest.approx(3.0)
    assert [worse for _, worse in ranked[3:]] == [0.0, 0.0]


def test_a_new_voices_own_pitch_is_no_fault_but_one_odd_line_is() -> None:
    lines = [line(f"l{n}", side(bin_=34)) for n in range(6)]  # five semitones up, all alike
    lines.append(line("odd", side(bin_=58)))
    lines.append(line("slow", side(bin_=34, duration_s=4.0)))
    ranked = {c.line_id: worse for c, worse in rank(lines)}
    assert ranked["l0"] == 0.0
    assert ranked["odd"] == pytest.approx(4.0, rel=0.05)
    assert ranked["slow"] == pytest.approx(4.0)


def test_deltas_are_new_less_old() -> None:
    deltas = line("l", side(3.5, bin_=26, duration_s=2.5, loudness_lufs=-20.0)).deltas
    assert deltas["dnsmos_ovrl"] == pytest.approx(-0.5)
    assert deltas["level_db"] == pytest.approx(3.0)
    assert deltas["length_s"] == pytest.approx(0.5)
    assert deltas["f0_st"] == pytest.approx(1.0, abs=0.05)
    assert deltas["cosine"] == pytest.approx(1.0)


def test_lines_are_ready_for_json() -> None:
    rows = plain(rank([line("l", Side("error", error="x"))]))
    assert json.loads(json.dumps(rows, allow_nan=False))[0]["new"]["error"] == "x"
