"""The input key: what a person commits, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.direction import (
    Delivery,
    Direction,
    Emotion,
    Emphasis,
    PhoneEdit,
    Prosody,
    WordEdit,
)
from renderer.domain.project import DeliveryTarget, MasteringTarget, Project
from renderer.domain.render_key import INPUT_PARTS, Part, digest
from renderer.domain.utterance import Origin, Utterance
from renderer.services.input_key import InputKeyer, canonical_direction

PROJECT = Project("game", Path(), Path("barkline.yaml"), "en-US", ("en-US",), {})
LINE = Utterance("halt_01", "en-US", "guard", "gate", "Halt!", "Halt!", "amy")


def _lexicon(utterance: Utterance) -> str:
    return digest([w for w in ("Emberfall",) if w in utterance.text])


def _profile(direction: Direction) -> str:
    return digest([direction.emotion.value, direction.intensity])


def keyer(
    project: Project = PROJECT, recordings: Mapping[tuple[str, str], str] | None = None
) -> InputKeyer:
    return InputKeyer(project, _lexicon, _profile, recordings or {})


def changed(one: Utterance, other: Utterance) -> set[Part]:
    a, b = keyer().parts(one), keyer().parts(other)
    return {p for p in Part if a.get(p) != b.get(p)}


def _directed(direction: Direction) -> Utterance:
    return replace(LINE, direction=direction)


def test_a_synthetic_line_depends_on_everything_but_a_recording() -> None:
    assert set(keyer().parts(LINE)) == INPUT_PARTS - {Part.RECORDING}


def test_a_recorded_line_depends_on_its_text_its_recording_and_the_finishing() -> None:
    parts = keyer(recordings={LINE.key: "ab" * 32}).parts(LINE)
    wanted = {Part.TEXT, Part.LOCALE, Part.RECORDING, Part.MASTERING, Part.CODEC}
    assert set(parts) == wanted
    other = replace(LINE, voice="bob", seed=3, direction=Direction(Emotion.SAD))
    assert keyer(recordings={LINE.key: "ab" * 32}).parts(other) == parts
    assert keyer(recordings={LINE.key: "cd" * 32}).parts(LINE) != parts


def test_a_recording_is_for_one_locale() -> None:
    parts = keyer(recordings={("halt_01", "de-DE"): "ab" * 32}).parts(LINE)
    assert Part.RECORDING not in parts


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"text": "Halt."}, {Part.TEXT}),
        ({"locale": "en-GB"}, {Part.LOCALE}),
        ({"voice": "amy#2"}, {Part.VOICE}),
        ({"seed": 1}, {Part.SEED}),
        ({"text": "Emberfall!"}, {Part.TEXT, Part.LEXICON}),
        ({"direction": Direction(Emotion.SAD)}, {Part.DIRECTION, Part.EMOTION_PROFILE}),
        ({"direction": Direction(prosody=Prosody(rate=1.1))}, {Part.DIRECTION}),
        ({"direction": Direction(delivery=Delivery.SHOUT)}, {Part.DIRECTION}),
    ],
)
def test_each_input_moves_its_own_part(change: dict[str, object], parts: set[Part]) -> None:
    assert changed(LINE, replace(LINE, **change)) == parts  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"notes": "louder next time"},
        {"tags": ("act1",)},
        {"scene": "wall"},
        {"character": "captain"},
        {"line_id": "halt_02"},
        {"was": ("halt_00",)},
        {"origin": Origin("other.yaml", 9)},
        {"written": "*Halt!*"},
        {"source_hash": "0" * 12},
    ],
)
def test_what_changes_no_sound_moves_nothing(change: dict[str, object]) -> None:
    assert changed(LINE, replace(LINE, **change)) == set()  # type: ignore[arg-type]


LONG = PhoneEdit("ɔ", rate=0.5)
HIGH = PhoneEdit("l", pitch_st=2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Direction(Emotion.ANGRY, 0.0), Direction(Emotion.NEUTRAL, 0.8)),
        (Direction(intensity=0.1), Direction(intensity=0.9)),
        (Direction(Emotion.SAD, 0.3), Direction(Emotion.SAD, 0.1 + 0.2)),
        (Direction(prosody=Prosody(energy_db=-0.0)), Direction()),
        (Direction(prosody=Prosody(rate=1)), Direction(prosody=Prosody(rate=1.0))),
        (Direction(prosody=Prosody(pitch_st=1e-9)), Direction()),
        (Direction(words=(WordEdit("Halt"),)), Direction()),
        (
            Direction(words=(WordEdit("HALT", emphasis=Emphasis.STRONG),)),
            Direction(words=(WordEdit("halt", emphasis=Emphasis.STRONG),)),
        ),
        (Direction(words=(WordEdit("Halt", phones=(PhoneEdit("ɔ"),)),)), Direction()),
        (
            Direction(words=(WordEdit("Halt", phones=(LONG, PhoneEdit("l"), HIGH)),)),
            Direction(words=(WordEdit("Halt", phones=(HIGH, LONG)),)),
        ),
    ],
)
def test_directions_that_ask_for_the_same_are_the_same(one: Direction, other: Direction) -> None:
    assert changed(_directed(one), _directed(other)) == set()


WORD = WordEdit("Halt", emphasis=Emphasis.STRONG)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Direction(words=(WORD,)), Direction(words=(replace(WORD, occurrence=2),))),
        (Direction(words=(WORD,)), Direction(words=(replace(WORD, word="Stop"),))),
        (Direction(words=(WORD,)), Direction(words=(replace(WORD, phonemes="h"),))),
        (
            Direction(words=(WORD,)),
            Direction(words=(replace(WORD, prosody=Prosody(pitch_st=2)),)),
        ),
        *(
            (Direction(words=(WORD,)), Direction(words=(replace(WORD, phones=(phone,)),)))
            for phone in (LONG, HIGH, PhoneEdit("ɔ", energy_db=3))
        ),
        (
            Direction(words=(replace(WORD, phones=(LONG,)),)),
            Direction(words=(replace(WORD, phones=(replace(LONG, occurrence=2),)),)),
        ),
        (
            Direction(words=(WORD, replace(WORD, word="a"))),
            Direction(words=(replace(WORD, word="a"), WORD)),
        ),
        (Direction(prosody=Prosody(pitch_st=2)), Direction(prosody=Prosody(energy_db=2))),
        (Direction(delivery=Delivery.SHOUT), Direction(delivery=Delivery.WHISPER)),
        (
            Direction(prosody=Prosody(pause_before_s=1)),
            Direction(prosody=Prosody(pause_after_s=1)),
        ),
    ],
)
def test_directions_that_ask_for_something_else_differ(one: Direction, other: Direction) -> None:
    assert Part.DIRECTION in changed(_directed(one), _directed(other))


prosodies = st.builds(
    Prosody,
    rate=st.floats(0.5, 2),
    pitch_st=st.floats(-12, 12),
    energy_db=st.floats(-12, 12),
)
phones = st.builds(
    PhoneEdit,
    phone=st.sampled_from(["ɔ", "oʊ", "t"]),
    occurrence=st.integers(1, 3),
    rate=st.floats(0.5, 2),
    pitch_st=st.floats(-12, 12),
    energy_db=st.floats(-12, 12),
)
words = st.builds(
    WordEdit,
    word=st.text(min_size=1),
    prosody=prosodies,
    phones=st.just(()) | st.tuples(phones),
)
directions = st.builds(
    Direction,
    emotion=st.sampled_from(list(Emotion)),
    intensity=st.floats(0, 1),
    delivery=st.sampled_from(list(Delivery)),
    prosody=prosodies,
    words=st.lists(words, max_size=2).map(tuple),
)


@given(directions)
def test_a_canonical_direction_is_its_own_canonical_form(direction: Direction) -> None:
    once = canonical_direction(direction)
    assert canonical_direction(once) == once
    assert changed(_directed(direction), _directed(once)) == set()


def test_targets_bear_on_every_line() -> None:
    louder = replace(PROJECT, mastering=MasteringTarget(loudness_lufs=-18))
    opus = replace(PROJECT, delivery=DeliveryTarget("opus"))
    plain = keyer().parts(LINE)
    assert keyer(louder).parts(LINE) | {Part.MASTERING: plain[Part.MASTERING]} == plain
    assert keyer(louder).parts(LINE) != plain
    assert keyer(opus).parts(LINE) | {Part.CODEC: plain[Part.CODEC]} == plain
    assert keyer(opus).parts(LINE) != plain


def test_the_quality_of_a_lossless_codec_is_no_input() -> None:
    def codec(name: str, quality: float) -> str:
        project = replace(PROJECT, delivery=DeliveryTarget(name, quality))
        return keyer(project).parts(LINE)[Part.CODEC]

    assert codec("flac", 0.1) == codec("flac", 0.9)
    assert codec("ogg", 0.1) != codec("ogg", 0.9)


def test_equal_directions_are_digested_once() -> None:
    asked: list[Direction] = []

    def profile(direction: Direction) -> str:
        asked.append(direction)
        return "p"

    one = InputKeyer(PROJECT, lambda _u: "l", profile, {})
    for i in range(100):
        one.parts(replace(LINE, line_id=f"l{i}", direction=Direction(Emotion.SAD, 0.5)))
    assert len(asked) == 1


def test_a_lexicon_or_profile_of_which_a_line_takes_nothing_is_no_input() -> None:
    parts = InputKeyer(PROJECT, lambda _u: "", lambda _d: "", {}).parts(LINE)
    assert not {Part.LEXICON, Part.EMOTION_PROFILE} & parts.keys()


def test_the_digest_of_a_plain_line_never_changes_by_accident() -> None:
    """A change here makes every committed lock stale: it has to be meant."""
    assert keyer().input_digest(LINE) == GOLDEN


def test_the_digest_of_edited_words_is_as_it_was_before_phones_could_be_edited() -> None:
    edit = WordEdit("Halt", 1, Prosody(rate=0.8, pitch_st=2), Emphasis.STRONG, "hɔlt")
    line = _directed(Direction(Emotion.ANGRY, 0.8, words=(edit,)))
    assert keyer().parts(line)[Part.DIRECTION] == "b15866c9f7960e8d"


GOLDEN = "915cdd3da4230df1d6c82d1c73e9bdc53b3d2843a3348f31975350ec07b1df84"
