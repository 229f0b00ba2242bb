"""The metadata document: complete, deterministic, and what the schema in the docs says."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from renderer.domain.direction import Direction, Emotion, PhoneEdit, Prosody, WordEdit
from renderer.domain.metadata import Provenance, build, canonical, for_line
from renderer.domain.object_key import object_key
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.take import (
    Alignment,
    Attempt,
    RenderResult,
    SoundObject,
    TakeStatus,
    Viseme,
    WordSpan,
)
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.domain.voice import VoiceCard

LINE = Utterance(
    "halt_01",
    "en-US",
    "guard",
    "gate",
    "Halt!",
    "*Halt!*",
    "amy",
    Direction(Emotion.ANGRY, 0.7, words=(WordEdit("Halt", prosody=Prosody(rate=0.9)),)),
    notes="secret plot",
    origin=Origin("scenes/gate.yaml", 12),
)
KEY = RenderKey({Part.TEXT: "0" * 16, Part.VOICE: "1" * 16})
CARD = VoiceCard("amy", "piper", "ab" * 32, licence="CC0-1.0", may_publish=True, attribution="Amy")


def _sound(suffix: str) -> SoundObject:
    sha = "cd" * 32
    return SoundObject(object_key(sha, suffix), sha, 1234, 0.512345678, "audio/ogg")


VERDICT = Verdict.of(
    (
        Finding("clipping", Outcome.PASS, 0.0, 0.0, "<=", "1"),
        Finding("loudness", Outcome.INCONCLUSIVE, -math.inf, unit="LUFS"),
    )
)
RESULT = RenderResult(
    TakeStatus.APPROVED,
    VERDICT,
    2,
    _sound(".ogg"),
    _sound(".wav"),
    None,
    alignment=Alignment(
        (PhoneSpan("_", 0, 0.05, -1), PhoneSpan("h", 0.05, 0.1, 0)),
        (WordSpan("Halt", 0.05, 0.4),),
        (Viseme("sil", 0, 0.05),),
        (Viseme("X", 0, 0.05),),
        "engine",
    ),
    loudness_lufs=-23.04567,
    true_peak_dbtp=-math.inf,
    tried=(Attempt(1, "", VERDICT), Attempt(2, "rate 0.95", VERDICT)),
)
TRANSCRIPT = Transcript("en-US", ("Halt",), (SpokenWord("halt", "hˈɔlt", 0, "!"),))
PROVENANCE = Provenance(CARD, "piper-1", versions={"espeak-ng": "1.52", "barkline": "0.1.0"})


def _document() -> dict[str, object]:
    return build(LINE, KEY, RESULT, PROVENANCE, TRANSCRIPT)


def _schema(repository: Path) -> dict[str, object]:
    text = (repository / "docs" / "game_build.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    schemas = [json.loads(b) for b in blocks if '"$schema"' in b]
    assert len(schemas) == 1
    schema: dict[str, object] = schemas[0]
    return schema


def test_the_document_is_what_the_schema_in_the_docs_says(repository: Path) -> None:
    schema = _schema(repository)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(canonical(_document())), schema)
    failed = RenderResult(TakeStatus.FAILED, None, 1, error="boom")
    bare = build(LINE, KEY, failed, Provenance())
    jsonschema.validate(json.loads(canonical(bare)), schema)


def test_phones_are_in_the_document_only_where_some_are_edited(repository: Path) -> None:
    edit = WordEdit("Halt", phones=(PhoneEdit("ɔ", rate=0.5, pitch_st=2.0),))
    line = replace(LINE, direction=Direction(words=(edit,)))
    document = json.loads(canonical(build(line, KEY, RESULT, PROVENANCE, TRANSCRIPT)))
    jsonschema.validate(document, _schema(repository))
    asked = {"phone": "ɔ", "occurrence": 1, "rate": 0.5, "pitch_st": 2.0, "energy_db": 0.0}
    assert document["direction"]["words"][0]["phones"] == [asked]
    assert b'"phones"' not in canonical({"direction": _document()["direction"]})


def test_the_same_take_has_the_same_bytes() -> None:
    versions = dict(reversed(PROVENANCE.versions.items()))
    other = build(LINE, KEY, RESULT, replace(PROVENANCE, versions=versions), TRANSCRIPT)
    assert canonical(other) == canonical(_document())


def test_nothing_private_or_local_is_shipped() -> None:
    text = canonical(_document()).decode()
    for private in ("secret plot", "scenes/gate.yaml", "folder"):
        assert private not in text


def test_what_is_no_number_becomes_null() -> None:
    document = _document()
    assert document["true_peak_dbtp"] is None
    assert document["loudness_lufs"] == -23.0457
    assert b"Infinity" not in canonical(document)


def test_the_attempt_tells_what_it_changed() -> None:
    provenance = _document()["provenance"]
    assert isinstance(provenance, dict)
    assert (provenance["attempt"], provenance["attempt_change"]) == (2, "rate 0.95")


def test_a_recording_names_no_synthetic_voice() -> None:
    document = build(LINE, KEY, RESULT, Provenance(recording_sha256="ef" * 32))
    assert document["voice"] == ""
    assert document["provenance"]["kind"] == "recording"
    assert document["provenance"]["recording_sha256"] == "ef" * 32


def test_lines_that_share_a_take_have_documents_of_their_own() -> None:
    other = replace(LINE, line_id="halt_02", scene="wall")
    document = for_line(_document(), other)
    assert document["line"] == {
        "line_id": "halt_02",
        "locale": "en-US",
        "character": "guard",
        "scene": "wall",
    }
    assert {**document, "line": 0} == {**_document(), "line": 0}


def test_a_document_with_an_impossible_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"value": math.nan})
