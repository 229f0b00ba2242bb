"""What goes to an engine with prosody inputs, and what is left for the signal stage."""

from __future__ import annotations

from renderer.direction.controls import SignalControls, WordControl, plan_controls
from renderer.direction.intonation import (
    PLAIN,
    Intonation,
    PhoneIntonation,
    WordIntonation,
    hand_over,
)
from renderer.direction.phone_control import PhoneControl
from renderer.domain.direction import Delivery, Direction, Emphasis, Prosody, WordEdit
from renderer.domain.transcript import SpokenWord, Transcript

LINE = Transcript("en", ("go", "now"), (SpokenWord("go", "ɡoʊ", 0), SpokenWord("now", "naʊ", 1)))


def test_a_plain_line_is_plain_on_both_sides() -> None:
    assert hand_over(SignalControls()) == (PLAIN, SignalControls())


def test_the_engine_takes_melody_and_timing_and_the_stage_keeps_the_rest() -> None:
    controls = SignalControls(
        pitch_st=2.0,
        pitch_range=1.4,
        energy_db=3.0,
        tilt_db=1.0,
        words=(WordControl(), WordControl(0.8, 1.5, 1.2, 4.0, 0.3, 0.1)),
        lead_s=0.2,
        clamps=("something was held",),
    )
    intonation, left = hand_over(controls)
    assert intonation == Intonation(2.0, 1.4, (WordIntonation(), WordIntonation(0.8, 1.5, 1.2)))
    assert left == SignalControls(
        energy_db=3.0,
        tilt_db=1.0,
        words=(WordControl(), WordControl(1.0, 0.0, 1.0, 4.0, 0.3, 0.1)),
        lead_s=0.2,
        clamps=("something was held",),
    )


def test_words_that_ask_nothing_of_a_side_are_not_there_for_it() -> None:
    timed = SignalControls(words=(WordControl(rate=0.8), WordControl()))
    assert hand_over(timed)[1] == SignalControls()
    loud = SignalControls(words=(WordControl(energy_db=3.0), WordControl()))
    assert hand_over(loud) == (PLAIN, loud)


def test_a_whisper_keeps_its_timing_and_has_no_melody() -> None:
    controls = SignalControls(
        pitch_st=4.0,
        pitch_range=2.0,
        delivery=Delivery.WHISPER,
        words=(WordControl(rate=0.8, pitch_st=3.0), WordControl()),
    )
    intonation, left = hand_over(controls)
    assert intonation == Intonation(words=(WordIntonation(0.8), WordIntonation()))
    assert left == SignalControls(delivery=Delivery.WHISPER)


def test_after_the_engine_nothing_is_left_to_be_moved_in_the_sound() -> None:
    direction = Direction(
        delivery=Delivery.SHOUT,
        prosody=Prosody(rate=1.2, pitch_st=-2.0, pitch_range=0.7),
        words=(WordEdit("now", emphasis=Emphasis.STRONG),),
    )
    _, left = hand_over(plan_controls(direction, LINE)[1])
    assert (left.pitch_st, left.pitch_range) == (0.0, 1.0)
    assert all((w.rate, w.pitch_st, w.pitch_range) == (1.0, 0.0, 1.0) for w in left.words)
    assert left.energy_db > 0
    assert left.words[1].energy_db > 0


def test_phones_go_to_the_engine_whole() -> None:
    controls = SignalControls(energy_db=1.0, phones=(PhoneControl(1, 2, 0.5, 3.0, -2.0),))
    intonation, left = hand_over(controls)
    assert intonation == Intonation(phones=(PhoneIntonation(1, 2, 2.0, 3.0, -2.0),))
    assert left == SignalControls(energy_db=1.0)
