"""The script that measures the profiles: its arithmetic, the shipped result, real recordings."""

from __future__ import annotations

import importlib.util
import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[3]
_spec = importlib.util.spec_from_file_location(
    "measure_emotions", ROOT / "scripts" / "measure_emotions.py"
)
assert _spec is not None
assert _spec.loader is not None
script = importlib.util.module_from_spec(_spec)

sys.modules["measure_emotions"] = script
_spec.loader.exec_module(script)


def shipped():
    return json.loads((ROOT / "assets" / "emotion_profiles.json").read_text(encoding="utf-8"))


def rows():
    for emotion, levels in shipped()["emotions"].items():
        for level, row in levels.items():
            yield emotion, float(level), row


def test_every_shipped_shape_is_its_measured_median_within_limits():
    for emotion, level, row in rows():
        continued = script.CONTINUED.get((emotion, level), ())
        for name, measured in row["measured"].items():
            if name not in continued:
                expected = script.within_limits(name, measured["median"])
                assert row["shape"][name] == pytest.approx(expected, abs=0.002), (emotion, name)


def test_a_figure_that_does_not_follow_the_recordings_says_so():
    for emotion, level, row in rows():
        assert ("note" in row) == ((emotion, level) in script.CONTINUED)


@pytest.mark.parametrize("name", script.FEATURES)
def test_limits_keep_order_and_small_figures(name):
    neutral = 1.0 if name in script.FACTORS else 0.0
    small = neutral + 0.02
    assert script.within_limits(name, neutral) == pytest.approx(neutral)
    assert script.within_limits(name, small) == pytest.approx(small, abs=0.001)
    grid = np.geomspace(0.1, 9, 40) if name in script.FACTORS else np.linspace(-30, 30, 41)
    bent = [script.within_limits(name, float(v)) for v in grid]
    assert all(a < b or b == pytest.approx(a, abs=1e-6) for a, b in pairwise(bent))
    low, high = script.LIMITS[name]
    assert low - 1e-9 <= min(bent)
    assert max(bent) <= high + 1e-9


def tone(path: Path, hz: float, gain: float, gap_s: float = 0.0) -> Path:
    rate = 16_000
    t = np.arange(rate) / rate
    f0 = hz * 2 ** (np.sin(2 * np.pi * 3 * t) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / rate
    voice = gain * sum(np.sin(k * phase) / k for k in range(1, 10))
    gap = np.zeros(int(gap_s * rate))
    silence = np.zeros(rate // 2)
    soundfile.write(path, np.concatenate([silence, voice, gap, voice, silence]), rate)
    return path


def test_a_known_change_is_measured(tmp_path):
    neutral = script.measure(tone(tmp_path / "n.flac", 120.0, 0.05))
    moved = script.measure(tone(tmp_path / "m.flac", 120.0 * 2 ** (4 / 12), 0.1, 0.3))
    change = script.change(moved, neutral)
    assert change["pitch_st"] == pytest.approx(4.0, abs=0.1)
    assert change["pitch_range"] == pytest.approx(1.0, abs=0.05)
    assert change["energy_db"] == pytest.approx(6.02, abs=0.2)
    assert change["rate"] == pytest.approx(1.0, abs=0.03)
    assert change["pause_scale"] == pytest.approx(4.0, abs=0.4)


@pytest.mark.reference
def test_one_actors_anger_is_louder_higher_and_brighter(reference_data):
    clips = [
        c
        for c in script.find_clips(Path(reference_data))
        if c.source == "ravdess"
        and c.actor == "03"
        and (c.emotion == "neutral" or (c.emotion == "angry" and c.level == 1.0))
    ]
    assert len(clips) == 8
    change = script.changes_by_actor(clips)["angry", 1.0]["ravdess-03"]
    assert change["pitch_st"] > 4
    assert change["energy_db"] > 10
    assert change["tilt_db"] > 3
