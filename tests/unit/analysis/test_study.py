"""Planted casts: groups, pairs, drift and likeness have known answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from renderer.analysis.cast import Spoken, gather
from renderer.analysis.cluster import find_groups
from renderer.analysis.drift import Rendition, Version, find_drift, sort_versions
from renderer.analysis.emotion_table import Heard, tabulate
from renderer.analysis.likeness import by_embedding, by_prosody, by_spectrum
from renderer.analysis.pair import find_pairs
from renderer.analysis.sound_print import BANDS, BINS, SoundPrint
from renderer.analysis.study import study
from renderer.analysis.table import plain
from renderer.errors import AnalysisError

Plant = Callable[..., list[Spoken]]
KARA = "kara", "en-US"


def member(name: str, takes: list[Spoken]):
    return gather(name, name, ("v",), takes)


def two_groups(axes: np.ndarray) -> dict[str, np.ndarray]:
    """Three characters near one direction, two near another."""
    return {
        "a": axes[0] + 0.2 * axes[2],
        "b": axes[0] + 0.2 * axes[3],
        "c": axes[0] + 0.2 * axes[4],
        "x": axes[1] + 0.2 * axes[5],
        "y": axes[1] + 0.2 * axes[6],
    }


def test_two_planted_groups_are_found(plant: Plant, axes: np.ndarray) -> None:
    cast = [member(n, plant(n, at, seed=i)) for i, (n, at) in enumerate(two_groups(axes).items())]
    found = find_groups(by_embedding(cast).values)
    assert found.of == (0, 0, 0, 1, 1)
    assert found.silhouette > 0.8
    order = [cast[i].id for i in found.order]
    assert set(order[:3]) in ({"a", "b", "c"}, set(order[:3]) - {"a", "b", "c"})


def test_voices_at_equal_distance_are_one_group() -> None:
    assert find_groups(np.full((6, 6), 0.6) + 0.4 * np.eye(6)).count == 1


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_to_group(count: int) -> None:
    assert find_groups(np.eye(count)).count == 1


def test_the_planted_near_pair_is_named_first_and_no_other(plant: Plant, axes: np.ndarray) -> None:
    twins = {"kara": axes[0], "mila": axes[0] + 0.02 * axes[1], "odo": axes[2], "ulf": axes[3]}
    cast = [member(n, plant(n, at, noise=0.04, seed=i)) for i, (n, at) in enumerate(twins.items())]
    pairs = find_pairs(cast)
    assert {pairs[0].one, pairs[0].other} == {"kara", "mila"}
    assert pairs[0].will_be_confused
    assert pairs[0].mistaken is not None
    assert pairs[0].mistaken > 0.1
    assert not any(pair.will_be_confused for pair in pairs[1:])
    assert all(pair.mistaken == 0 for pair in pairs[1:])


def test_few_lines_say_nothing_of_a_share(plant: Plant, axes: np.ndarray) -> None:
    cast = [member("a", plant("a", axes[0], 3)), member("b", plant("b", axes[1], 12))]
    assert find_pairs(cast)[0].mistaken is None


def turned(clip: np.ndarray, angle_deg: float, axes: np.ndarray) -> np.ndarray:
    """Turn a vector in the plane of the first two axes."""
    turn = np.eye(len(axes))
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn[:2, :2] = [[c, -s], [s, c]]
    return turn @ clip


@pytest.mark.parametrize("angle_deg", [1.0, 20.0, 60.0])
def test_drift_of_a_turned_voice_is_its_angle(axes: np.ndarray, angle_deg: float) -> None:
    clips = {(f"l{n}", "en-US"): axes[0] for n in range(8)}
    after = {key: turned(clip, angle_deg, axes) for key, clip in clips.items()}
    (found,) = find_drift(KARA, [Version("1", clips), Version("2", after)])
    assert found.angle_deg == pytest.approx(angle_deg, abs=1e-6)
    assert found.cosine == pytest.approx(np.cos(np.radians(angle_deg)))
    assert found.has_moved


def test_a_voice_that_moved_less_than_its_lines_differ_has_not_moved(
    plant: Plant, axes: np.ndarray
) -> None:
    takes = plant("kara", axes[0], 16, noise=0.1)
    old = {(t.line_id, "en-US"): np.asarray(t.sound.embedding, float) for t in takes}
    near = {key: turned(clip, 1.0, axes) for key, clip in old.items()}
    far = {key: turned(clip, 40.0, axes) for key, clip in old.items()}
    small, large = find_drift(KARA, [Version("1", old), Version("2", near), Version("3", far)])
    assert not small.has_moved
    assert large.has_moved


def test_only_lines_that_both_versions_spoke_are_compared(axes: np.ndarray) -> None:
    old = {("a", "en-US"): axes[0], ("gone", "en-US"): axes[5]}
    new = {("a", "en-US"): axes[0], ("new", "en-US"): axes[6]}
    (found,) = find_drift(KARA, [Version("1", old), Version("2", new)])
    assert (found.lines, found.angle_deg, found.own_deg) == (1, 0.0, None)


def takes_of(
    version: str, clip: np.ndarray, locale: str = "en-US", *, now: bool = False
) -> list[Rendition]:
    return [Rendition("kara", (f"l{n}", locale), version, clip, now) for n in range(6)]


def drifts_of(takes: list[Rendition]) -> list[tuple[str, str, str]]:
    found = [d for whose, some in sort_versions(takes).items() for d in find_drift(whose, some)]
    assert all(d.has_moved and d.lines == 6 for d in found)
    return [(d.locale, d.before, d.after) for d in found]


def test_a_voice_per_locale_does_not_hide_that_each_of_them_moved(axes: np.ndarray) -> None:
    """All four in one list have no line in common from one version to the next."""
    takes = [
        *takes_of("english 1", axes[0]),
        *takes_of("german 1", axes[1], "de-DE"),
        *takes_of("english 2", axes[2], now=True),
        *takes_of("german 2", axes[3], "de-DE", now=True),
    ]
    assert drifts_of(takes) == [
        ("en-US", "english 1", "english 2"),
        ("de-DE", "german 1", "german 2"),
    ]


def test_a_voice_given_back_is_where_the_last_step_leads(axes: np.ndarray) -> None:
    back = [*takes_of("old", axes[0], now=True), *takes_of("new", axes[1])]
    assert drifts_of(back) == [("en-US", "old", "new"), ("en-US", "new", "old")]
    kept = [*takes_of("old", axes[0], now=True)[1:], *takes_of("new", axes[1], now=True)[:1]]
    assert [v.name for v in sort_versions(kept)["kara", "en-US"]] == ["old", "new"]


def at_pitch(name: str, bin_: int, rate: float) -> list[Spoken]:
    counts = np.zeros(BINS, np.float32)
    counts[bin_ - 2 : bin_ + 3] = 20
    sound = SoundPrint(None, np.zeros(BANDS, np.float32), counts, "short")
    return [Spoken(f"{name}_{n}", "en-US", name, "neutral", sound, rate, 1.0) for n in range(4)]


def test_prosody_tells_a_low_slow_voice_from_a_high_fast_one() -> None:
    cast = [member("low", at_pitch("low", 20, 9.0)), member("same", at_pitch("same", 20, 9.0)),
            member("high", at_pitch("high", 60, 15.0))]  # fmt: skip
    values = by_prosody(cast).values
    assert values[0, 1] == pytest.approx(1.0)
    assert values[0, 2] < 0.01


def test_spectral_likeness_falls_by_the_stated_scale() -> None:
    sounds = []
    for tilt in (0.0, 6.0):
        spectrum = np.full(BANDS, tilt, np.float32)
        sounds.append(SoundPrint(None, spectrum, np.zeros(BINS, np.float32)))
    cast = [
        member(str(i), [Spoken("l", "en-US", str(i), "neutral", sound)] * 2)
        for i, sound in enumerate(sounds)
    ]
    values = by_spectrum(cast).values
    assert values[0, 1] == pytest.approx(np.exp(-1.0))
    assert values[0, 0] == pytest.approx(1.0)


def test_without_embeddings_the_rest_is_still_told() -> None:
    found = study(at_pitch("low", 20, 9.0), {"low": "Low"}, {})
    assert found.layout is None
    assert found.pairs == ()
    json.dumps(plain(found), allow_nan=False)


def test_no_takes_are_an_error_with_a_fix() -> None:
    with pytest.raises(AnalysisError, match="barkline render"):
        study([], {}, {})


def test_pitch_percentiles_are_those_of_the_counts() -> None:
    one = member("a", at_pitch("a", 24, 10.0))
    assert one.f0_hz is not None
    assert one.f0_hz[1] == pytest.approx(120.0, rel=0.03)
    assert one.rate == 10.0


def test_emotions_asked_against_heard() -> None:
    table = tabulate([
        Heard("kara", "angry", "angry"), Heard("kara", "angry", "sad"), Heard("odo", "sad", "sad"),
    ])  # fmt: skip
    assert table.emotions == ("angry", "sad")
    assert table.recall("kara", "angry") == (1, 2)
    assert table.recall("", "sad") == (1, 1)
    assert table.confusion("angry", "sad") == 1
