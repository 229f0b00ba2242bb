"""What single phones are asked for, in all and within limits."""

from __future__ import annotations

from renderer.direction.controls import attempt_change, plan_controls
from renderer.direction.phone_control import PhoneControl
from renderer.domain.direction import Delivery, Direction, PhoneEdit
from renderer.domain.transcript import PhonePlace, SpokenWord, Transcript

LINE = Transcript("en", ("go",), (SpokenWord("go", "ɡoʊ", 0),))


def place(phone: int, **change: float) -> PhonePlace:
    return PhonePlace(0, phone, PhoneEdit("x", 1, **change))


def test_edits_of_one_phone_add_up_and_are_held_with_a_word() -> None:
    places = (place(2, pitch_st=9.0), place(1, rate=0.5), place(2, pitch_st=8.0, rate=0.6))
    _, signal = plan_controls(Direction(), LINE, phones=places)
    assert signal.phones == (PhoneControl(0, 1, 0.5), PhoneControl(0, 2, 0.6, 12.0))
    assert signal.clamps == ("phone pitch_st 17 was asked in all; 12 is the most that is done",)
    assert not signal.is_neutral


def test_a_phone_that_is_asked_for_nothing_is_not_there() -> None:
    _, signal = plan_controls(Direction(), LINE, phones=(place(1),))
    assert signal.is_neutral


def test_a_whisper_says_that_it_leaves_the_pitch_out() -> None:
    places = (place(1, pitch_st=3.0, rate=0.5),)
    _, signal = plan_controls(Direction(delivery=Delivery.WHISPER), LINE, phones=places)
    assert signal.phones == (PhoneControl(0, 1, 0.5),)
    assert signal.clamps == ("the pitch of phones is left out; a whisper has none",)


def test_a_retry_softens_pitch_and_keeps_timing_and_level() -> None:
    places = (place(1, pitch_st=4.0, rate=0.5, energy_db=3.0),)
    _, signal = plan_controls(Direction(), LINE, attempt=attempt_change(3), phones=places)
    assert signal.phones == (PhoneControl(0, 1, 0.5, 2.0, 3.0),)
