"""The voice lock: sorted, diff-friendly, and nothing in it has to be trusted."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.object_key import object_key, sha256_hex
from renderer.domain.voice_lock import (
    LockEntry,
    dump,
    fold_path,
    is_safe_segment,
    load,
)
from renderer.errors import LockError

SHA = sha256_hex(b"sound")
META = sha256_hex(b"{}")


def entry(line_id: str = "halt_01", locale: str = "en-US", **changes: object) -> LockEntry:
    made = LockEntry(
        line_id=line_id,
        locale=locale,
        character="guard",
        key=object_key(SHA, ".ogg"),
        sha256=SHA,
        size=5,
        duration_s=0.5,
        extension=".ogg",
        metadata_key=object_key(META, ".json"),
        metadata_sha256=META,
        render_key="ab" * 32,
        input_digest="cd" * 32,
        voice="formant",
        publishable=True,
        parts={"text": "0" * 16},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _with(**changes: object) -> str:
    document = json.loads(dump("game", [entry()]))
    document["entries"][0].update(changes)
    return json.dumps(document)


def test_a_lock_reads_back_what_was_written() -> None:
    entries = [entry("b"), entry("a", "fr-FR"), entry("a", frozen=True)]
    lock = load(dump("game", entries))
    assert lock.project == "game"
    assert [e.path for e in lock.entries] == ["en-US/a.ogg", "fr-FR/a.ogg", "en-US/b.ogg"]
    assert list(lock.entries) == sorted(entries, key=lambda e: (e.line_id, e.locale))
    assert lock.by_key()["b", "en-US"].metadata_path == "en-US/b.json"
    assert lock.locales() == ("en-US", "fr-FR")


def test_the_same_entries_give_the_same_text_in_any_order() -> None:
    entries = [entry(f"line_{i}") for i in range(20)]
    assert dump("game", entries) == dump("game", reversed(entries))


def test_one_changed_asset_is_one_changed_line_of_text() -> None:
    old = [entry(f"line_{i}") for i in range(5)]
    new = [*old[:2], replace(old[2], duration_s=0.75), *old[3:]]
    before, after = dump("game", old).splitlines(), dump("game", new).splitlines()
    assert len(before) == len(after) == 7
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_float_noise_makes_no_diff() -> None:
    assert dump("g", [entry(duration_s=0.1 + 0.2)]) == dump("g", [entry(duration_s=0.3)])


def test_what_a_later_release_adds_to_an_entry_is_ignored() -> None:
    assert load(_with(subtitle="Halt!")).entries == (entry(),)


def test_an_older_lock_without_optional_fields_still_reads() -> None:
    document = json.loads(dump("game", [entry()]))
    for name in ("frozen", "parts", "consent_expires"):
        del document["entries"][0][name]
    assert load(json.dumps(document)).entries[0].parts == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"line_id": "../../bin/sh"}, "leave the voice folder"),
        ({"line_id": "a/b"}, "leave the voice folder"),
        ({"line_id": "CON"}, "leave the voice folder"),
        ({"locale": ".."}, "leave the voice folder"),
        ({"locale": "C:"}, "leave the voice folder"),
        ({"extension": ".exe"}, "file ending"),
        ({"extension": "/../x"}, "file ending"),
        ({"extension": ".json"}, "file ending"),
        ({"extension": ""}, "file ending"),
        ({"key": "objects/../../etc/passwd"}, "key is not its sha256"),
        ({"key": object_key(META, ".ogg")}, "key is not its sha256"),
        ({"key": "", "sha256": ""}, "key is not its sha256"),
        ({"sha256": SHA.upper()}, "key is not its sha256"),
        ({"metadata_key": "/etc/passwd"}, "metadata key"),
        ({"metadata_sha256": SHA}, "metadata key"),
        ({"render_key": "x"}, "no hash"),
        ({"input_digest": ""}, "no hash"),
        ({"size": -1}, "impossible"),
        ({"size": True}, "wrong type"),
        ({"size": 1.5}, "wrong type"),
        ({"duration_s": -0.1}, "impossible"),
        ({"duration_s": "1"}, "wrong type"),
        ({"publishable": 1}, "wrong type"),
        ({"publishable": "false"}, "wrong type"),
        ({"parts": {"text": 1}}, "wrong type"),
        ({"parts": ["text"]}, "wrong type"),
        ({"line_id": None}, "wrong type"),
        ({"consent_expires": "soon"}, "no day"),
        ({"consent_expires": "20270101"}, "no day"),
    ],
)
def test_an_entry_that_cannot_be_trusted_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(LockError, match=says):
        load(_with(**changes))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_duration_that_is_no_number_is_refused(number: str) -> None:
    text = dump("game", [entry()]).replace('"duration_s": 0.5', f'"duration_s": {number}')
    with pytest.raises(LockError):
        load(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no voice lock"),
        ("[]", "no voice lock"),
        ("null", "no voice lock"),
        ('{"format": "other"}', "no voice lock"),
        ("[" * 100_000, "no voice lock"),
        ('{"a": ' * 100_000, "no voice lock"),
        ("9" * 100_000, "no voice lock"),
        ('{"format": "barkline-voice-lock", "version": 2}', "install the Barkline that wrote it"),
        ('{"format": "barkline-voice-lock", "version": 1}', "no entries"),
        (
            '{"format": "barkline-voice-lock", "version": 1, "project": "g", "entries": [1]}',
            "lacks",
        ),
    ],
)
def test_what_is_no_lock_is_refused_with_one_sentence(text: str, says: str) -> None:
    with pytest.raises(LockError, match=says) as caught:
        load(text)
    assert len(str(caught.value)) < 400


def test_a_merge_conflict_is_called_by_its_name() -> None:
    text = dump("game", [entry()])
    with pytest.raises(LockError, match="merge conflict"):
        load(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> branch\n")


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    text = "\ufeff" + dump("game", [entry()]).replace("\n", "\r\n")
    assert load(text).entries == (entry(),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("halt", "en-US"), ("HALT", "en-US")),
        (("caf\u00e9", "en-US"), ("cafe\u0301", "en-US")),
        (("halt", "en-US"), ("halt", "en-us")),
    ],
)
def test_two_entries_that_are_one_file_on_some_system_are_refused(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    with pytest.raises(LockError, match="twice"):
        dump("game", [entry(*one), entry(*other)])


def test_one_locale_has_one_spelling() -> None:
    with pytest.raises(LockError, match="spells a locale"):
        dump("game", [entry("a", "en-US"), entry("b", "en-us")])


def test_two_codecs_of_one_line_are_refused() -> None:
    with pytest.raises(LockError, match="twice"):
        dump("game", [entry(), entry(extension=".wav")])


def test_publish_cannot_write_what_pull_would_refuse() -> None:
    with pytest.raises(LockError, match="voice folder"):
        dump("game", [entry("a:b")])


@pytest.mark.parametrize(
    "segment",
    [
        *("..", ".", ".git", "-rf", "a/b", "a\\b", "a:b", "a*", 'a"', "a|b", "a?", "<a>"),
        *("con", "NUL", "com1", "LPT9.x", "aux.ogg", "nul .x", "COM¹", "CONIN$"),
        *("a.", " a", "a ", "a\n", "a\x00", "a\u202eb", "\ud800", "x" * 121, "語" * 90, ""),
    ],
)
def test_names_that_break_on_some_system_are_unsafe(segment: str) -> None:
    assert not is_safe_segment(segment)


@pytest.mark.parametrize(
    "segment", ["halt_01", "act1.sc2.l3", "日本", "zh-Hant-TW", "console", "é"]
)
def test_ordinary_names_are_safe(segment: str) -> None:
    assert is_safe_segment(segment)


@given(st.text(min_size=1, max_size=150))
def test_a_safe_segment_stays_one_segment(segment: str) -> None:
    if is_safe_segment(segment):
        assert not set(segment) & {"/", "\\", ":", "\x00"}
        assert segment not in (".", "..")
        assert len(f"{segment}.json".encode()) <= 255


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(path: str) -> None:
    assert fold_path(fold_path(path)) == fold_path(path)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_no_document_raises_anything_but_a_lock_error(value: object) -> None:
    document = {"format": "barkline-voice-lock", "version": 1, "project": "g", "entries": value}
    with suppress(LockError):
        load(json.dumps(document))
