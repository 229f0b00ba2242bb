"""The emotion profiles: reading, interpolation and the digest that decides what is stale."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.direction.profile import NEUTRAL, EmotionShape, read_profiles
from renderer.domain.direction import Direction, Emotion
from renderer.errors import ConfigError

SHIPPED = Path(__file__).parents[3] / "assets" / "emotion_profiles.json"


def document():
    return json.loads(SHIPPED.read_text(encoding="utf-8"))


def written(tmp_path, change):
    data = document()
    change(data)
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_the_shipped_profiles_have_every_emotion_and_cite_their_sources():
    profiles = read_profiles(SHIPPED)
    assert set(profiles.rows) == set(Emotion) - {Emotion.NEUTRAL}
    data = document()
    assert {s["name"] for s in data["sources"]} == {"RAVDESS", "EmoDB"}
    assert all(s["citation"] and s["licence"] for s in data["sources"])
    for rows in data["emotions"].values():
        assert all(m["actors"] >= 10 for r in rows.values() for m in r["measured"].values())


def test_what_every_textbook_says_was_measured():
    profiles = read_profiles(SHIPPED)
    angry, sad = (profiles.shape(e, 1.0) for e in (Emotion.ANGRY, Emotion.SAD))
    assert angry.pitch_st > 3
    assert angry.energy_db > 5
    assert angry.tilt_db > 2
    assert sad.pitch_st < 0
    assert sad.rate < 0.95
    assert sad.energy_db < -2


@pytest.mark.parametrize("emotion", [e for e in Emotion if e is not Emotion.NEUTRAL])
def test_stronger_never_turns_an_emotion_round(emotion):
    profiles = read_profiles(SHIPPED)
    normal, strong = profiles.shape(emotion, 0.5), profiles.shape(emotion, 1.0)
    for name in ("pitch_st", "energy_db", "tilt_db"):
        before, after = getattr(normal, name), getattr(strong, name)
        assert after * before >= 0 or abs(before) < 0.5, name


def test_recorded_intensities_are_exact_and_between_is_between():
    profiles = read_profiles(SHIPPED)
    row = document()["emotions"]["angry"]
    normal = EmotionShape.from_plain(row["0.5"]["shape"])
    assert profiles.shape(Emotion.ANGRY, 0.5) == normal
    assert profiles.shape(Emotion.ANGRY, 1.0).plain() == row["1.0"]["shape"]
    assert profiles.shape(Emotion.ANGRY, 0.0) == NEUTRAL
    quarter = profiles.shape(Emotion.ANGRY, 0.25)
    assert quarter.pitch_st == pytest.approx(normal.pitch_st / 2)
    assert quarter.rate == pytest.approx(normal.rate**0.5, rel=1e-5)


@pytest.mark.parametrize("intensity", [-1.0, 2.0])
def test_intensities_outside_are_held(intensity):
    profiles = read_profiles(SHIPPED)
    held = profiles.shape(Emotion.HAPPY, min(max(intensity, 0.0), 1.0))
    assert profiles.shape(Emotion.HAPPY, intensity) == held


def test_a_digest_moves_with_its_own_emotion_only(tmp_path):
    def louder(data):
        data["emotions"]["sad"]["0.5"]["shape"]["energy_db"] -= 1

    old, new = read_profiles(SHIPPED), read_profiles(written(tmp_path, louder))
    sad = Direction(emotion=Emotion.SAD)
    assert old.digest(sad) != new.digest(sad)
    for emotion in set(Emotion) - {Emotion.SAD}:
        direction = Direction(emotion=emotion)
        assert old.digest(direction) == new.digest(direction)


def test_a_digest_ignores_an_intensity_the_line_does_not_use(tmp_path):
    def strong_only(data):
        data["emotions"]["sad"]["1.0"]["shape"]["energy_db"] -= 1

    old, new = read_profiles(SHIPPED), read_profiles(written(tmp_path, strong_only))
    faint, strong = (Direction(emotion=Emotion.SAD, intensity=i) for i in (0.3, 0.8))
    assert old.digest(faint) == new.digest(faint)
    assert old.digest(strong) != new.digest(strong)


def test_neutral_and_silent_emotions_depend_on_nothing():
    profiles = read_profiles(SHIPPED)
    assert profiles.digest(Direction()) == ""
    assert profiles.digest(Direction(emotion=Emotion.ANGRY, intensity=0.0)) == ""


def test_a_new_measurement_with_the_same_shape_makes_nothing_stale(tmp_path):
    def other_spread(data):
        data["emotions"]["sad"]["0.5"]["measured"]["rate"]["actors"] = 99

    path = written(tmp_path, other_spread)
    sad = Direction(emotion=Emotion.SAD)
    assert read_profiles(path).digest(sad) == read_profiles(SHIPPED).digest(sad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(version=2), "version"),
        (lambda d: d.update(format="x"), "no emotion profiles"),
        (lambda d: d.pop("emotions"), "emotions"),
        (lambda d: d["emotions"].pop("sad"), "sad"),
        (lambda d: d["emotions"]["sad"].update({"2": {}}), "sad"),
        (lambda d: d["emotions"]["sad"].update({"x": d["emotions"]["sad"]["0.5"]}), "intensity"),
        (lambda d: d["emotions"]["sad"]["0.5"]["shape"].pop("rate"), "needs exactly"),
        (lambda d: d["emotions"]["sad"]["0.5"]["shape"].update(rate=0), "rate is 0"),
        (lambda d: d["emotions"]["sad"]["0.5"]["shape"].update(rate=float("nan")), "rate is nan"),
        (lambda d: d["emotions"]["sad"]["0.5"]["shape"].update(rate=True), "rate is True"),
        (lambda d: d["emotions"]["sad"]["0.5"]["shape"].update(rate="1"), "rate is '1'"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message):
        read_profiles(written(tmp_path, change))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "\x00"])
def test_what_is_no_profile_at_all_is_refused(tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(ConfigError):
        read_profiles(path)
    with pytest.raises(ConfigError):
        read_profiles(tmp_path / "missing.json")


def test_reading_profiles_and_the_revision_needs_no_numpy():
    code = (
        "import sys; import renderer.direction, renderer.direction.profile, "
        "renderer.direction.controls; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_stored_shape_comes_back():
    shape = EmotionShape(pitch_st=2.0, rate=0.9)
    assert EmotionShape.from_plain(shape.plain()) == shape
    assert EmotionShape.from_plain({"unknown": 3.0}) == NEUTRAL
