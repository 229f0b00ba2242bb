"""JSON Schema of project and scene files, so that editors complete and check what writers type.

Built from the same names and ranges the reader uses. A schema sees one file: ids that exist in the
cast, words that are in the text and duplicate ids are the reader's business. Draft-07 is what the
editors' YAML plug-ins understand best.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from renderer.domain.decision_field import CHANGE_FIELDS
from renderer.domain.project import CODECS
from renderer.manifest.cast import CHARACTER_FIELDS
from renderer.manifest.field import MAX_NOTE
from renderer.manifest.identifier import MAX_ID
from renderer.manifest.line import LINE_FIELDS, MAX_SEED, MAX_TAG, MAX_WRITTEN
from renderer.manifest.performance import DELIVERIES, EMOTIONS, PROSODY_FIELDS
from renderer.manifest.phone_edit import MAX_PHONE_OCCURRENCE, PHONE_FIELDS, PHONE_PROSODY
from renderer.manifest.project import (
    MASTERING_LIMITS,
    MAX_ATTEMPTS,
    PROJECT_FIELDS,
    SAMPLE_RATES,
)
from renderer.manifest.retake import ENTRY_FIELDS
from renderer.manifest.scene import FILE_FIELDS
from renderer.manifest.word_edit import EMPHASES, MAX_OCCURRENCE, WORD_FIELDS

Schema = dict[str, Any]
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ID_PATTERN = r"""^[^\s/\\:*?"<>|.\-][^\s/\\:*?"<>|]*$"""
_LOCALE_PATTERN = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-[a-z0-9]{4,8})?$"
_VOICE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}(#[A-Za-z0-9][A-Za-z0-9_.\-]{0,79})?$"
_EMOTION_PATTERN = rf"^\s*({'|'.join(EMOTIONS)})(\s+(0(\.[0-9]+)?|\.[0-9]+|1(\.0+)?))?\s*$"
_PROSODY_NOTES: Mapping[str, str] = {
    "rate": "Speaking rate, ×: 1.25 is faster.",
    "pitch": "Pitch shift in semitones.",
    "range": "How far the melody swings, ×: 0 is monotone.",
    "energy": "Level in dB.",
    "pause_before": "Silence before, seconds.",
    "pause_after": "Silence after, seconds.",
}


def scene_schema() -> Schema:
    """Return the JSON Schema of a scene file (YAML or JSON)."""
    properties = {
        "$schema": _text("Where this schema is; ignored."),
        "scene": _id("Scene of all lines; the file's name when it is not given."),
        "locale": _locale("Locale of all lines; the source locale when it is not given."),
        "character": _id("Who speaks all lines that name nobody."),
        "tags": _texts("Tags of all lines.", MAX_TAG),
        "notes": _text("For people.", MAX_NOTE),
        "lines": {"type": "array", "items": _line(), "description": "The lines, in order."},
    }
    return _file("Barkline scene", properties, FILE_FIELDS, ["lines"])


def project_schema() -> Schema:
    """Return the JSON Schema of a project file."""
    characters = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": _ID_PATTERN, "maxLength": MAX_ID},
        "additionalProperties": _character(),
        "description": "The cast: character id to character.",
    }
    properties = {
        "$schema": _text("Where this schema is; ignored."),
        "name": _id("Short name of the project; the build folder is called so."),
        "title": _text("The game's title, for people."),
        "notes": _text("For people.", MAX_NOTE),
        "source_locale": _locale("The locale lines are written in first; else the first one."),
        "locales": _locales(),
        "characters": characters,
        "scenes": _texts("Glob patterns of scene files; scenes/**/* when not given."),
        "lexicons": _texts("Glob patterns of lexicon files; lexicon/*.yaml when not given."),
        "targets": _targets(),
        "max_attempts": _whole(1, MAX_ATTEMPTS, "Attempts before a take stays rejected."),
    }
    return _file("Barkline project", properties, PROJECT_FIELDS, ["name", "locales", "characters"])


def retakes_schema() -> Schema:
    """Return the JSON Schema of `retakes.yaml`."""
    words = {"type": "array", "items": _word(), "description": "On top of the line's own."}
    properties = {
        "line": _id("The line's id."),
        "locale": _locale("Its locale."),
        "text_hash": {
            "type": "string",
            "pattern": "^[0-9a-fA-F]{12}$",
            "description": "Of the text then; with another text, the retake is left out.",
        },
        "emotion": _emotion(),
        "delivery": {"enum": list(DELIVERIES), "description": "In place of the line's."},
        "prosody": _prosody("On top of the line's own."),
        "words": words,
        "seed": _whole(0, MAX_SEED, "In place of the line's; another number is another take."),
        "who": _text("Who asked for it.", MAX_NOTE),
        "at": _text("When.", MAX_NOTE),
        "note": _text("Why.", MAX_NOTE),
        "decision": _text("Id of the decision.", MAX_NOTE),
    }
    entry = _object(properties, ENTRY_FIELDS, ["line", "locale"])
    entry["anyOf"] = [{"required": [name]} for name in CHANGE_FIELDS]
    listed = {"type": "array", "items": entry, "description": "One entry per line and locale."}
    head = {"$schema": _text("Where this schema is; ignored."), "retakes": listed}
    return _file("Barkline retakes", head, head, ["retakes"])


def _line() -> Schema:
    properties = {
        "id": _id("Stable id of the line, shared by all of its translations."),
        "character": _id("Who speaks: an id of the project's cast."),
        "text": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_WRITTEN,
            "description": "What is said. Markup: *word* **word** [pause 0.4] [word|IPA].",
        },
        "emotion": _emotion(),
        "delivery": {"enum": list(DELIVERIES), "description": "How loud at the source."},
        "prosody": _prosody("Change over the whole line."),
        "words": {"type": "array", "items": _word(), "description": "Edits of single words."},
        "hints": {
            "type": "object",
            "additionalProperties": {"type": "string", "minLength": 1},
            "description": "Meaning of words spelt alike and spoken differently: {lead: metal}.",
        },
        "scene": _id("Scene, when it is not the file's."),
        "locale": _locale("Locale, when it is not the file's."),
        "notes": _text("For people; never spoken.", MAX_NOTE),
        "tags": _texts("For filters.", MAX_TAG),
        "seed": _whole(0, MAX_SEED, "Another number is another take."),
        "was": _texts("Earlier ids of this line; its takes and decisions follow it.", MAX_ID),
        "source_hash": {
            "type": "string",
            "pattern": "^[0-9a-fA-F]{12}$",
            "description": "For a translation: hash of the source text it was made from.",
        },
    }
    return _object(properties, LINE_FIELDS, ["id", "text"])


def _character() -> Schema:
    properties = {
        "name": _text("As shown to people."),
        "voice": _voice("Voice for every locale without its own: name or name#speaker."),
        "voices": {
            "type": "object",
            "propertyNames": {"pattern": _LOCALE_PATTERN},
            "additionalProperties": _voice("Voice for this locale."),
            "description": "Locale to voice.",
        },
        "emotion": _emotion(),
        "delivery": {"enum": list(DELIVERIES), "description": "When a line names none."},
        "prosody": _prosody("Added to every line's."),
        "notes": _text("For people.", MAX_NOTE),
    }
    return _object(properties, CHARACTER_FIELDS, ["voice"])


def _emotion() -> Schema:
    name = {"enum": list(EMOTIONS)}
    intensity = {"type": "number", "minimum": 0, "maximum": 1}
    pair = _object({"name": name, "intensity": intensity}, ("name", "intensity"), ["name"])
    return {
        "anyOf": [name, {"type": "string", "pattern": _EMOTION_PATTERN}, pair],
        "description": "Emotion and intensity 0–1, for example 'angry 0.8'.",
    }


def _prosody(
    description: str, fields: Mapping[str, tuple[str, tuple[float, float]]] = PROSODY_FIELDS
) -> Schema:
    properties = {
        key: {
            "type": "number",
            "minimum": low,
            "maximum": high,
            "description": f"{_PROSODY_NOTES[key]} {low:g} to {high:g}.",
        }
        for key, (_, (low, high)) in fields.items()
    }
    return {**_object(properties, fields, []), "description": description}


def _word() -> Schema:
    properties = {
        "word": {"type": "string", "minLength": 1, "description": "The word as it is written."},
        "occurrence": _whole(1, MAX_OCCURRENCE, "Which one of them, from 1."),
        "emphasis": {"enum": list(EMPHASES), "description": "How much it stands out."},
        "phonemes": _text("IPA to speak for this word."),
        "prosody": _prosody("Change of this word, on top of the line's."),
        "phones": {"type": "array", "items": _phone(), "description": "Edits of single phones."},
    }
    return _object(properties, WORD_FIELDS, ["word"])


def _phone() -> Schema:
    prosody = _prosody("Change of this phone, on top of the word's.", PHONE_PROSODY)
    properties = {
        "phone": {
            "type": "string",
            "minLength": 1,
            "description": "IPA as the word is spoken: ɛ, oʊ, tʃ.",
        },
        "occurrence": _whole(1, MAX_PHONE_OCCURRENCE, "Which one of them in the word, from 1."),
        "prosody": {**prosody, "minProperties": 1},
    }
    return _object(properties, PHONE_FIELDS, ["phone", "prosody"])


def _locales() -> Schema:
    required = {"type": "boolean", "description": "Whether 'verify' fails when a line is missing."}
    options = {"anyOf": [_object({"required": required}, ("required",), []), {"type": "null"}]}
    table = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": _LOCALE_PATTERN},
        "additionalProperties": options,
    }
    row = {"type": "array", "items": _locale("Locale."), "minItems": 1, "uniqueItems": True}
    return {"anyOf": [row, table], "description": "Locales, the source locale first."}


def _targets() -> Schema:
    mastering: Schema = {
        key: {"type": "number", "minimum": low, "maximum": high}
        for key, (low, high) in MASTERING_LIMITS.items()
    }
    mastering["sample_rate"] = {"enum": list(SAMPLE_RATES)}
    delivery = {
        "codec": {"enum": list(CODECS)},
        "quality": {"type": "number", "minimum": 0, "maximum": 1},
    }
    targets = {
        "mastering": _object(mastering, mastering, []),
        "delivery": _object(delivery, delivery, []),
    }
    return _object(targets, targets, [])


def _file(title: str, properties: Schema, names: Collection[str], required: list[str]) -> Schema:
    return {"$schema": _DRAFT, "title": title, **_object(properties, names, required)}


def _object(properties: Mapping[str, Any], names: Collection[str], required: list[str]) -> Schema:
    """Return a closed object; its properties must be exactly the fields the reader knows."""
    if set(properties) != set(names):
        raise AssertionError(f"schema and reader disagree on {set(properties) ^ set(names)}")
    schema: Schema = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


def _text(description: str, longest: int = 0) -> Schema:
    schema: Schema = {"type": "string", "description": description}
    return {**schema, "maxLength": longest} if longest else schema


def _texts(description: str, longest: int = 0) -> Schema:
    one: Schema = {"type": "string"}
    if longest:
        one["maxLength"] = longest
    return {"anyOf": [{"type": "array", "items": one}, one], "description": description}


def _whole(low: int, high: int, description: str) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, "description": description}


def _id(description: str) -> Schema:
    pattern = {"pattern": _ID_PATTERN, "maxLength": MAX_ID}
    return {"type": "string", **pattern, "description": description}


def _locale(description: str) -> Schema:
    return {"type": "string", "pattern": _LOCALE_PATTERN, "description": description}


def _voice(description: str) -> Schema:
    return {"type": "string", "pattern": _VOICE_PATTERN, "description": description}
