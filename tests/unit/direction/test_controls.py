"""What a writer asks becomes what engine and stage are told, within limits that are reported."""

from __future__ import annotations

import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.direction.controls import (
    ATTEMPTS,
    EMPHASES,
    LIMITS,
    EngineControls,
    SignalControls,
    WordControl,
    attempt_change,
    plan_controls,
)
from renderer.direction.profile import EmotionShape
from renderer.domain.direction import Delivery, Direction, Emphasis, Prosody, WordEdit
from renderer.domain.transcript import SpokenWord, Transcript, find_spoken
from renderer.domain.words import find_words


def transcript(text: str, spoken: list[tuple[str, int]] | None = None) -> Transcript:
    written = tuple(w.text for w in find_words(text))
    pairs = spoken or [(w, i) for i, w in enumerate(written)]
    return Transcript("en-US", written, tuple(SpokenWord(w, "x", i) for w, i in pairs))


LINE = transcript("No, no! Pay 42 now.", [
    ("no", 0), ("no", 1), ("pay", 2), ("forty", 3), ("two", 3), ("now", 4),
])  # fmt: skip


def test_a_neutral_direction_asks_for_nothing():
    engine, signal = plan_controls(Direction(), LINE)
    assert engine == EngineControls()
    assert signal == SignalControls()
    assert signal.is_neutral


def test_silence_around_the_line_is_left_to_mastering():
    asked = Prosody(pause_before_s=0.5, pause_after_s=0.25)
    edits = (
        WordEdit("No", 1, Prosody(pause_before_s=0.1)),
        WordEdit("now", 1, Prosody(pause_after_s=0.2)),
    )
    _, signal = plan_controls(Direction(prosody=asked, words=edits), LINE)
    assert (signal.lead_s, signal.trail_s) == pytest.approx((0.6, 0.45))
    assert signal.is_neutral


def test_factors_multiply_and_shifts_add():
    shape = EmotionShape(2.0, 1.5, 0.9, 3.0, 1.0, 1.2)
    asked = Prosody(rate=1.1, pitch_st=-1, pitch_range=0.8, energy_db=1)
    engine, signal = plan_controls(Direction(prosody=asked), LINE, shape)
    assert engine.rate == pytest.approx(0.99)
    assert engine.pause_scale / 0.9 == pytest.approx(1.2)  # engines slow pauses down as well
    assert signal.pitch_st == pytest.approx(1.0)
    assert signal.pitch_range == pytest.approx(1.2)
    assert signal.energy_db == pytest.approx(4.0)
    assert signal.tilt_db == pytest.approx(1.0)
    assert signal.clamps == ()


def test_an_edit_reaches_the_right_occurrence_and_every_word_it_is_spoken_as():
    edits = (
        WordEdit("NO", 2, Prosody(pitch_st=3)),
        WordEdit("42", 1, Prosody(energy_db=2, pause_before_s=0.3, pause_after_s=0.2)),
    )
    _, signal = plan_controls(Direction(words=edits), LINE)
    assert [w.pitch_st for w in signal.words] == [0, 3, 0, 0, 0, 0]
    assert [w.energy_db for w in signal.words] == [0, 0, 0, 2, 2, 0]
    assert [w.pause_before_s for w in signal.words] == [0, 0, 0, 0.3, 0, 0]
    assert [w.pause_after_s for w in signal.words] == [0, 0, 0, 0, 0.2, 0]


def test_two_edits_of_one_word_add_up():
    edits = (WordEdit("pay", 1, Prosody(pitch_st=1)), WordEdit("pay", 1, Prosody(pitch_st=2)))
    _, signal = plan_controls(Direction(words=edits), LINE)
    assert signal.words[2].pitch_st == 3


def test_emphasis_is_higher_longer_and_louder_together():
    edits = (WordEdit("pay", emphasis=Emphasis.STRONG), WordEdit("now", emphasis=Emphasis.REDUCED))
    _, signal = plan_controls(Direction(words=edits), LINE)
    strong, reduced = signal.words[2], signal.words[5]
    assert strong.pitch_st > 0 > reduced.pitch_st
    assert strong.energy_db > 0 > reduced.energy_db
    assert strong.rate < 1 < reduced.rate
    assert EMPHASES[Emphasis.MODERATE].pitch_st < strong.pitch_st


def test_a_word_that_is_gone_changes_nothing():
    direction = Direction(words=(WordEdit("gone", 1, Prosody(pitch_st=3)), WordEdit("no", 3)))
    _, signal = plan_controls(direction, LINE)
    assert signal.is_neutral
    assert signal.words == ()
    assert find_spoken("gone", 1, LINE) == []


def test_a_direction_on_no_words_at_all():
    direction = Direction(prosody=Prosody(pause_before_s=1), words=(WordEdit("a"),))
    _, signal = plan_controls(direction, Transcript("en-US", (), ()))
    assert signal.lead_s == 1
    assert signal.is_neutral


def test_what_is_too_much_is_held_and_said():
    shape = EmotionShape(pitch_st=7, energy_db=10, rate=1.35)
    asked = Prosody(rate=2, pitch_st=12, energy_db=12)
    engine, signal = plan_controls(Direction(delivery=Delivery.SHOUT, prosody=asked), LINE, shape)
    assert engine.rate == LIMITS["rate"][1]
    assert signal.pitch_st == LIMITS["pitch_st"][1]
    assert signal.energy_db == LIMITS["energy_db"][1]
    assert len(signal.clamps) == 3
    assert signal.clamps[0].startswith("rate 2.56")


def test_whisper_is_softer_and_shout_is_higher_louder_and_brighter():
    _, whisper = plan_controls(Direction(delivery=Delivery.WHISPER), LINE)
    _, shout = plan_controls(Direction(delivery=Delivery.SHOUT), LINE)
    assert not whisper.is_neutral
    assert whisper.energy_db < -6
    assert shout.energy_db > 3
    assert shout.pitch_st > 2
    assert shout.tilt_db > 2


def test_a_furious_shout_does_not_count_the_effort_twice():
    fury = EmotionShape(pitch_st=6.5, energy_db=9.8, tilt_db=5.4)
    _, spoken = plan_controls(Direction(), LINE, fury)
    _, shouted = plan_controls(Direction(delivery=Delivery.SHOUT), LINE, fury)
    for name in ("pitch_st", "energy_db", "tilt_db"):
        assert 0.5 < getattr(shouted, name) - getattr(spoken, name) < 2
    assert shouted.clamps == ()
    _, sad = plan_controls(Direction(delivery=Delivery.SHOUT), LINE, EmotionShape(energy_db=-3))
    assert sad.energy_db == 3


def test_a_retry_changes_rate_and_softens_but_keeps_the_writers_pauses_and_level():
    asked = Prosody(pitch_st=4, pitch_range=2, energy_db=3)
    edits = (WordEdit("pay", 1, Prosody(pitch_st=4, pause_before_s=0.4)),)
    direction = Direction(prosody=asked, words=edits)
    seen = []
    for number in range(1, len(ATTEMPTS) + 1):
        engine, signal = plan_controls(direction, LINE, attempt=attempt_change(number))
        assert signal.words[2].pause_before_s == 0.4
        assert signal.energy_db == 3
        seen.append((engine.rate, signal.pitch_st, signal.pitch_range))
    assert len(set(seen)) == len(ATTEMPTS)
    assert [s[1] for s in seen] == sorted((s[1] for s in seen), reverse=True)
    assert attempt_change(99) == ATTEMPTS[-1]
    assert attempt_change(0) == ATTEMPTS[0]
    assert len({a.label for a in ATTEMPTS}) == len(ATTEMPTS)


finite = {"allow_nan": False, "allow_infinity": False}
prosodies = st.builds(
    Prosody,
    rate=st.floats(0.01, 100, **finite),
    pitch_st=st.floats(-100, 100, **finite),
    pitch_range=st.floats(0, 100, **finite),
    energy_db=st.floats(-100, 100, **finite),
    pause_before_s=st.floats(0, 100, **finite),
    pause_after_s=st.floats(0, 100, **finite),
)
directions = st.builds(
    Direction,
    delivery=st.sampled_from(list(Delivery)),
    prosody=prosodies,
    words=st.lists(
        st.builds(
            WordEdit,
            word=st.sampled_from(["no", "pay", "42", "gone"]),
            occurrence=st.integers(1, 3),
            prosody=prosodies,
            emphasis=st.sampled_from(list(Emphasis)),
        ),
        max_size=4,
    ).map(tuple),
)


@given(directions, st.integers(1, 5))
def test_whatever_is_asked_the_controls_stay_in_bounds(direction, attempt):
    engine, signal = plan_controls(direction, LINE, attempt=attempt_change(attempt))
    assert LIMITS["rate"][0] <= engine.rate <= LIMITS["rate"][1]
    for name in ("pitch_st", "pitch_range", "energy_db", "tilt_db"):
        low, high = LIMITS[name]
        assert low <= getattr(signal, name) <= high
    assert len(signal.words) in (0, len(LINE.words))
    for word in signal.words:
        assert isinstance(word, WordControl)
        assert all(math.isfinite(v) for v in astuple(word))
        assert LIMITS["rate"][0] <= word.rate <= LIMITS["rate"][1]
        assert 0 <= word.pause_before_s <= 5
