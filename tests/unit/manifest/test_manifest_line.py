"""One line: every field, and a fault with place and fix for everything that is wrong in it."""

from __future__ import annotations

from typing import Any

import pytest

from renderer.domain.direction import Delivery, Emotion, Emphasis, Prosody, WordEdit
from renderer.errors import Level


def test_everything_a_line_can_say(game: Any) -> None:
    lines, faults = game.line(
        text='"Lead me, *lead* me home."',
        emotion="angry 0.8",
        delivery="shout",
        prosody="{rate: 1.1, pitch: -2, range: 1.5, energy: 3, pause_before: .1, pause_after: .2}",
        words="[{word: home, emphasis: strong, prosody: {rate: 0.8}}]",
        hints="{lead: verb}",
        scene="harbour",
        notes='"Out of breath."',
        tags="[act-1, bark]",
        seed="7",
        was="[old_one, older_one]",
    )
    assert not faults
    (line,) = lines
    assert line.text == "Lead me, lead me home."
    assert line.written == "Lead me, *lead* me home."
    assert (line.direction.emotion, line.direction.intensity) == (Emotion.ANGRY, 0.8)
    assert line.direction.delivery is Delivery.SHOUT
    assert line.direction.prosody == Prosody(1.1, -2, 1.5, 3, 0.1, 0.2)
    assert line.direction.words == (
        WordEdit("lead", 2, emphasis=Emphasis.MODERATE),
        WordEdit("home", 1, Prosody(rate=0.8), Emphasis.STRONG),
    )
    assert line.hints == (("lead", "verb"),)
    assert (line.scene, line.notes, line.seed) == ("harbour", "Out of breath.", 7)
    assert line.tags == ("act-1", "bark")
    assert line.was == ("old_one", "older_one")
    assert line.origin.path == "scenes/s.yaml"
    assert line.origin.line == 3


def test_defaults(game: Any) -> None:
    ((line,), faults) = game.line()
    assert not faults
    assert (line.scene, line.locale, line.voice) == ("s", "en-US", "formant")
    assert (line.direction.emotion, line.direction.intensity) == (Emotion.NEUTRAL, 0.5)


def test_base_of_the_character_is_merged_in(game: Any) -> None:
    ((line,), _) = game.line(character="bert", prosody="{rate: 0.5, pitch: 1}")
    assert line.direction.prosody.rate == pytest.approx(0.8)
    assert line.direction.prosody.pitch_st == 3
    ((line,), _) = game.line(character="cleo")
    assert (line.direction.emotion, line.direction.intensity) == (Emotion.SAD, 0.9)
    assert line.direction.delivery is Delivery.WHISPER
    ((line,), _) = game.line(character="cleo", emotion="happy", delivery="normal")
    assert (line.direction.emotion, line.direction.intensity) == (Emotion.HAPPY, 0.5)
    assert line.direction.delivery is Delivery.NORMAL


def test_line_and_character_together_stay_in_range(game: Any) -> None:
    lines, faults = game.line(character="bert", prosody="{rate: 1.9}")
    assert not lines
    assert faults[0].code == "out-of-range"
    assert "3.04" in faults[0].problem


def test_voice_follows_the_locale(game: Any) -> None:
    ((line,), _) = game.line(character="bert", locale="de-DE")
    assert line.voice == "other#m1"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"id": "-"}, "missing-field", "id"),
        ({"id": '""'}, "missing-field", "id"),
        ({"id": "../../etc/passwd"}, "unsafe-id", "id"),
        ({"id": "a/b"}, "unsafe-id", "id"),
        ({"id": '"a\\\\b"'}, "unsafe-id", "id"),
        ({"id": "con"}, "unsafe-id", "id"),
        ({"id": "nul.ogg"}, "unsafe-id", "id"),
        ({"id": ".hidden"}, "unsafe-id", "id"),
        ({"id": "-rf"}, "unsafe-id", "id"),
        ({"id": "dot."}, "unsafe-id", "id"),
        ({"id": "two words"}, "unsafe-id", "id"),
        ({"id": "x" * 81}, "unsafe-id", "id"),
        ({"id": '"a\\u202eb"'}, "bidi-override", "id"),
        ({"id": "[a]"}, "wrong-type", "id"),
        ({"character": "-"}, "missing-field", "character"),
        ({"character": "ana"}, "unknown-character", "character"),
        ({"text": "-"}, "missing-field", "text"),
        ({"text": ""}, "empty-text", "text"),
        ({"text": '"  "'}, "empty-text", "text"),
        ({"text": '"..."'}, "nothing-to-say", "text"),
        ({"text": '"[pause 1]"'}, "nothing-to-say", "text"),
        ({"text": "[a, b]"}, "wrong-type", "text"),
        ({"text": '"a\\0b"'}, "nul", "text"),
        ({"text": '"a\\x1b[31mb"'}, "control-character", "text"),
        ({"text": '"a\\u202eb"'}, "bidi-override", "text"),
        ({"text": '"a\\u2066b"'}, "bidi-override", "text"),
        ({"text": '"a\\ue000b"'}, "private-use", "text"),
        ({"text": '"a\\U000F0000b"'}, "private-use", "text"),
        ({"text": '"a\\u200bb"'}, "invisible-character", "text"),
        ({"text": '"a\\u00adb"'}, "invisible-character", "text"),
        ({"text": '"a\\ufffdb"'}, "replacement-character", "text"),
        ({"text": f'"{"word " * 201}"'}, "text-too-long", "text"),
        ({"text": f'"{"word " * 2000}"'}, "text-too-long", "text"),
        ({"text": '"Hi <b>you</b>"'}, "unknown-markup", "text"),
        ({"emotion": "angy"}, "unknown-emotion", "emotion"),
        ({"emotion": "angry 1.5"}, "out-of-range", "emotion"),
        ({"emotion": "angry very"}, "out-of-range", "emotion"),
        ({"emotion": "angry nan"}, "out-of-range", "emotion"),
        ({"emotion": "[angry]"}, "wrong-type", "emotion"),
        ({"emotion": "{intensity: 0.4}"}, "missing-field", "emotion.name"),
        ({"emotion": "{name: angry, intensity: 2}"}, "out-of-range", "emotion.intensity"),
        ({"emotion": "{name: angry, level: 1}"}, "unknown-field", "emotion.level"),
        ({"delivery": "yell"}, "unknown-delivery", "delivery"),
        ({"prosody": "fast"}, "wrong-type", "prosody"),
        ({"prosody": "{speed: 2}"}, "unknown-field", "prosody.speed"),
        ({"prosody": "{rate: 5}"}, "out-of-range", "prosody.rate"),
        ({"prosody": "{rate: .nan}"}, "wrong-type", "prosody.rate"),
        ({"prosody": "{rate: .inf}"}, "wrong-type", "prosody.rate"),
        ({"prosody": "{rate: inf}"}, "wrong-type", "prosody.rate"),
        ({"prosody": "{rate: fast}"}, "wrong-type", "prosody.rate"),
        ({"prosody": '{rate: "1.1"}'}, "wrong-type", "prosody.rate"),
        ({"prosody": "{rate: 1_0}"}, "wrong-type", "prosody.rate"),
        ({"prosody": "{pitch: 13}"}, "out-of-range", "prosody.pitch"),
        ({"words": "strong"}, "wrong-type", "words"),
        ({"words": "[morning]"}, "wrong-type", "words.1"),
        ({"words": "[{emphasis: strong}]"}, "missing-field", "words.1.word"),
        ({"words": "[{word: evening}]"}, "word-gone", "words.1.word"),
        ({"words": "[{word: morning, occurrence: 2}]"}, "word-gone", "words.1.word"),
        ({"words": "[{word: morning, occurrence: 0}]"}, "out-of-range", "words.1.occurrence"),
        ({"words": "[{word: morning, emphasis: big}]"}, "unknown-emphasis", "words.1.emphasis"),
        ({"words": "[{word: morning, phonemes: K@I}]"}, "bad-phonemes", "words.1.phonemes"),
        ({"words": "[{word: morning, colour: red}]"}, "unknown-field", "words.1.colour"),
        ({"words": "[{word: Good}, {word: good}]"}, "duplicate-word", "words.2.word"),
        ({"hints": "{lead: metal}"}, "word-gone", "hints.lead"),
        ({"hints": "{good: }"}, "missing-field", "hints.good"),
        ({"locale": "fr-FR"}, "unknown-locale", "locale"),
        ({"scene": "a/b"}, "unsafe-id", "scene"),
        ({"seed": "-1"}, "out-of-range", "seed"),
        ({"seed": "1.5"}, "wrong-type", "seed"),
        ({"seed": "true"}, "wrong-type", "seed"),
        ({"tags": "{a: b}"}, "wrong-type", "tags"),
        ({"tags": f"[{'x' * 51}]"}, "tag-too-long", "tags"),
        ({"notes": "x" * 10_001}, "note-too-long", "notes"),
        ({"was": "one"}, "bad-was", "was"),
        ({"was": "../x"}, "bad-was", "was"),
        ({"locale": "de-DE", "source_hash": "xyz"}, "bad-source-hash", "source_hash"),
        ({"source_hash": '"0123456789ab"'}, "bad-source-hash", "source_hash"),
        ({"colour": "red"}, "unknown-field", "colour"),
        ({"emotions": "angry"}, "unknown-field", "emotions"),
    ],
)
def test_fault(game: Any, fields: dict[str, str], code: str, field: str) -> None:
    lines, faults = game.line(**fields)
    assert not lines, "a line with an error is never imported"
    assert (code, field) in [(f.code, f.field) for f in faults]
    for fault in faults:
        assert fault.path == "scenes/s.yaml"
        assert fault.line > 0
        assert fault.problem.endswith((".", "?"))
        assert fault.fix.endswith(".")


def test_place_is_the_field_and_not_the_line(game: Any) -> None:
    _, faults = game.line(emotion="angy")
    assert faults[0].line == 6
    assert "'angry'" in faults[0].problem


def test_all_faults_of_a_line_at_once(game: Any) -> None:
    _, faults = game.line(character="nobody", emotion="angy", prosody="{rate: 9}", seed="x")
    assert len(faults) == 4


def test_missing_word_names_the_nearest(game: Any) -> None:
    _, faults = game.line(words="[{word: mornin}]")
    assert "Did you mean 'morning'?" in faults[0].problem


def test_garbled_text_is_a_warning(game: Any) -> None:
    lines, faults = game.line(text='"FÃ¼r dich, mein Schatz."')
    assert len(lines) == 1
    assert [(f.code, f.level) for f in faults] == [("garbled-text", Level.WARNING)]


def test_text_that_yaml_would_turn_into_something_else(game: Any) -> None:
    for typed in ("No", "42", "1e3", "2024-12-24", "on", "0x1F"):
        ((line,), faults) = game.line(text=typed)
        assert not faults
        assert line.text == typed


def test_text_is_normalised_to_nfc(game: Any) -> None:
    ((line,), _) = game.line(text='"he\\u0301ros"')
    assert line.text == line.written == "h\u00e9ros"


def test_word_edit_survives_edits_elsewhere(game: Any) -> None:
    words = "[{word: never, occurrence: 2, emphasis: strong}]"
    for text in ("Never say never.", "I never, ever say NEVER again!"):
        ((line,), faults) = game.line(text=f'"{text}"', words=words)
        assert not faults
        assert line.direction.words[0].occurrence == 2
        assert line.direction.words[0].emphasis is Emphasis.STRONG


def test_word_field_adds_to_markup_and_contradiction_is_a_fault(game: Any) -> None:
    ((line,), faults) = game.line(
        text='"Go [pause 1] *now*."', words="[{word: now, prosody: {pitch: 2}}]"
    )
    assert not faults
    assert line.direction.words[1] == WordEdit("now", 1, Prosody(pitch_st=2), Emphasis.MODERATE)
    _, faults = game.line(text='"Go *now*."', words="[{word: now, emphasis: strong}]")
    assert [f.code for f in faults] == ["contradiction"]
    _, faults = game.line(
        text='"Go [pause 4] now."', words="[{word: Go, prosody: {pause_after: 4}}]"
    )
    assert [f.code for f in faults] == ["out-of-range"]


def test_message_shows_no_raw_control_characters(game: Any) -> None:
    _, faults = game.line(id='"\\x1b[2J\\x07"', character='"\\x9b1m"', emotion='"\\x1b]0;x\\x07"')
    assert faults
    assert all(f"{f.problem}{f.fix}{f.field}".isprintable() for f in faults)
