"""Edits of single phones: what is read, and every way of getting one wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.domain.direction import Emphasis, PhoneEdit, WordEdit
from renderer.errors import Level
from renderer.manifest.inspection import inspect
from renderer.manifest.tree import FaultLog, Row, Table
from renderer.manifest.word_edit import read_words

LONG = "{phone: ɔ, prosody: {rate: 0.5, pitch: 2, energy: -3}}"


def words(phones: str, more: str = "") -> str:
    return f"[{{word: morning, {more}phones: {phones}}}]"


def test_what_a_phone_can_be_asked(game: Any) -> None:
    ((line,), faults) = game.line(
        words=words(f"[{LONG}, {{phone: n, occurrence: 2, prosody: {{rate: 2}}}}]")
    )
    assert not faults
    (edit,) = line.direction.words
    assert edit.phones == (PhoneEdit("ɔ", 1, 0.5, 2.0, -3.0), PhoneEdit("n", 2, rate=2.0))


def test_phones_add_to_the_markup_of_their_word(game: Any) -> None:
    ((line,), faults) = game.line(text='"Good [morning|mˈɔɹnɪŋ]."', words=words(f"[{LONG}]"))
    assert not faults
    assert line.direction.words[0].phonemes == "mˈɔɹnɪŋ"
    assert line.direction.words[0].phones == (PhoneEdit("ɔ", 1, 0.5, 2.0, -3.0),)
    ((line,), _) = game.line(text='"Good *morning*."', words=words(f"[{LONG}]"))
    assert line.direction.words[0].emphasis is Emphasis.MODERATE
    assert line.direction.words[0].phones


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_every_format_holds_phones(game: Any, suffix: str) -> None:
    edits = [{"word": "morning", "phones": [{"phone": "ɔ", "prosody": {"rate": 0.5}}]}]
    line = {"id": "one", "character": "anna", "text": "Good morning.", "words": edits}
    cell = json.dumps(edits, ensure_ascii=False).replace('"', '""')
    files = {
        "csv": f'id,character,text,words\none,anna,Good morning.,"{cell}"\n',
        "jsonl": json.dumps(line) + "\n",
        "json": json.dumps({"lines": [line]}),
    }
    lines, faults = game.read({f"s.{suffix}": files[suffix]})
    assert not faults
    assert lines[0].direction.words == (WordEdit("morning", phones=(PhoneEdit("ɔ", rate=0.5),)),)


@pytest.mark.parametrize(
    ("phones", "code", "field"),
    [
        ("3", "wrong-type", "phones.1"),
        ("{phone: ɔ}", "wrong-type", "phones"),
        ("[ɔ]", "wrong-type", "phones.1"),
        ("[{prosody: {rate: 2}}]", "missing-field", "phones.1.phone"),
        ("[{phone: ɔ}]", "missing-field", "phones.1.prosody"),
        ("[{phone: ɔ, prosody: {}}]", "missing-field", "phones.1.prosody"),
        ("[{phone: ɔ, prosody: {rate: }}]", "missing-field", "phones.1.prosody"),
        ("[{phone: ɔ, prosody: 2}]", "wrong-type", "phones.1.prosody"),
        ("[{phone: ɔ, rate: 2, prosody: {rate: 2}}]", "unknown-field", "phones.1.rate"),
        ("[{phone: ɔ, prosody: {range: 2}}]", "unknown-field", "phones.1.prosody.range"),
        (
            "[{phone: ɔ, prosody: {pause_after: 2}}]",
            "unknown-field",
            "phones.1.prosody.pause_after",
        ),
        ("[{phone: ɔ, prosody: {rate: 0.4}}]", "out-of-range", "phones.1.prosody.rate"),
        ("[{phone: ɔ, prosody: {pitch: 13}}]", "out-of-range", "phones.1.prosody.pitch"),
        ("[{phone: ɔ, prosody: {energy: -13}}]", "out-of-range", "phones.1.prosody.energy"),
        ("[{phone: ɔ, occurrence: 0, prosody: {rate: 2}}]", "out-of-range", "phones.1.occurrence"),
        ("[{phone: O, prosody: {rate: 2}}]", "bad-phone", "phones.1.phone"),
        ("[{phone: ˈ, prosody: {rate: 2}}]", "bad-phone", "phones.1.phone"),
        ("[{phone: ɔ ɪ, prosody: {rate: 2}}]", "bad-phone", "phones.1.phone"),
        (f"[{LONG}, {LONG}]", "duplicate-phone", "phones.2.phone"),
    ],
)
def test_fault(game: Any, phones: str, code: str, field: str) -> None:
    lines, faults = game.line(words=words(phones))
    assert not lines, "a line with an error is never imported"
    assert (code, f"words.1.{field}") in [(f.code, f.field) for f in faults]
    assert all(f.line == 6 and f.fix.endswith(".") for f in faults)


def test_all_faults_of_all_phones_at_once(game: Any) -> None:
    phones = "[{phone: O, prosody: {rate: 9, pitch: x}}, {phone: ɔ, occurrence: 0}, ɪ]"
    _, faults = game.line(words=words(phones), emotion="angy")
    assert len(faults) == 7


def test_a_phone_that_is_not_in_the_given_phonemes_is_a_fault_with_its_place(game: Any) -> None:
    phones = "[{phone: æ, prosody: {rate: 2}}, {phone: n, occurrence: 3, prosody: {rate: 2}}]"
    _, faults = game.line(words=words(phones, "phonemes: mˈɔɹnɪŋ, "))
    assert [(f.code, f.field) for f in faults] == [
        ("phone-gone", "words.1.phones.1.phone"),
        ("phone-gone", "words.1.phones.2.phone"),
    ]
    assert faults[0].problem == "'morning' is spoken m ɔ ɹ n ɪ ŋ: there is no 'æ' in it."
    assert "'n' occurs 1 time(s) in it, not 3" in faults[1].problem


def test_pitch_where_there_is_no_voice_is_a_warning(game: Any) -> None:
    lines, faults = game.line(words=words("[{phone: s, prosody: {pitch: 2}}]"))
    assert lines
    assert [(f.code, f.level) for f in faults] == [("phone-without-voice", Level.WARNING)]
    _, faults = game.line(
        words=words("[{phone: s, prosody: {rate: 0.5}}, {phone: ts, prosody: {energy: 2}}]")
    )
    assert not faults


def test_check_finds_a_phone_that_the_rules_do_not_speak(game: Any) -> None:
    pytest.importorskip("phonemizer")
    game.line(words=words("[{phone: æ, prosody: {rate: 2}}, {phone: ɪ, prosody: {rate: 2}}]"))
    (fault,) = inspect(game.root).faults
    assert (fault.code, fault.path, fault.line) == ("phone-gone", "scenes/s.yaml", 3)
    assert "'morning' is spoken m " in fault.problem
    assert "no 'æ'" in fault.problem


numbers = {
    "rate": st.floats(0.5, 2.0),
    "pitch": st.floats(-12.0, 12.0),
    "energy": st.floats(-12.0, 12.0),
}
prosodies = st.fixed_dictionaries({}, optional=numbers).filter(bool)
edits = st.lists(
    st.tuples(st.sampled_from(["ɔ", "oʊ", "tʃ", "n", "aː"]), st.integers(1, 4), prosodies),
    max_size=5,
    unique_by=lambda edit: edit[:2],
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(edits)
def test_every_edit_comes_through_as_it_was_written(game: Any, asked: list[Any]) -> None:
    phones = [{"phone": p, "occurrence": o, "prosody": prosody} for p, o, prosody in asked]
    document = {
        "lines": [
            {
                "id": "one",
                "character": "anna",
                "text": "Go.",
                "words": [{"word": "go", "phones": phones}],
            }
        ]
    }
    lines, faults = game.read({"s.json": json.dumps(document)})
    assert not [f for f in faults if f.level is Level.ERROR]
    assert lines[0].direction.words[0].phones == tuple(
        PhoneEdit(p, o, q.get("rate", 1.0), q.get("pitch", 0.0), q.get("energy", 0.0))
        for p, o, q in asked
    )


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["phone", "occurrence", "prosody", "rate", "x"]), inner)
    ),
    max_leaves=12,
)


def _node(value: Any) -> Any:
    if isinstance(value, dict):
        table = Table((3, 1))
        for key, inner in value.items():
            table[key] = _node(inner)
        return table
    if isinstance(value, list):
        row = Row((3, 1))
        row.extend(_node(inner) for inner in value)
        return row
    return value


@given(trees)
def test_whatever_is_written_ends_in_an_edit_or_a_fault(phones: Any) -> None:
    log = FaultLog("scenes/s.yaml", [])
    word = _node({"word": "go"})
    word["phones"] = _node(phones)
    row = Row((3, 1))
    row.append(word)
    table = _node({})
    table["words"] = row
    (edit,) = read_words(table, "Go.", (), log)
    asked = len(phones) if isinstance(phones, list) else 0
    assert len(edit.phones) == asked or log.errors
    assert all(one.phone and 0.5 <= one.rate <= 2 for one in edit.phones)
