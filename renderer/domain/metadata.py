"""The metadata document beside each object: what a game and a lawyer want to know of a sound.

It says what was spoken, by which voice under which licence, how it measures, and when each
phoneme, word and mouth shape is. It holds no time stamp and no path, so the same take has the same
document on every machine. `docs/game_build.md` describes it field by field, with its JSON Schema.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from renderer.domain.direction import Direction, Emphasis, PhoneEdit, Prosody, WordEdit
from renderer.domain.render_key import RenderKey
from renderer.domain.take import Alignment, RenderResult, SoundObject, Viseme
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Finding, Verdict
from renderer.domain.voice import VoiceCard

FORMAT = "barkline-metadata"
VERSION = 1
MEDIA_TYPE = "application/json"
SUFFIX = ".json"
_SECONDS = 4
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a sound comes from.

    Attributes:
        card: The voice, or None for a human recording.
        engine_revision: Declared revision of the engine, or "".
        recording_sha256: Hash of the human recording, or "".
        versions: Name to version of what took part (espeak-ng, encoder, judges, barkline).
    """

    card: VoiceCard | None = None
    engine_revision: str = ""
    recording_sha256: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


def build(
    utterance: Utterance,
    key: RenderKey,
    result: RenderResult,
    provenance: Provenance,
    transcript: Transcript | None = None,
) -> dict[str, Any]:
    """Return the metadata document of one take.

    Args:
        utterance: What was asked for.
        key: Its render key.
        result: What came out; its own `metadata_key` is not read.
        provenance: Where the sound comes from.
        transcript: The spoken words the phonemes point to, or None.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "line": _line(utterance),
        "text": utterance.text,
        "locale": utterance.locale,
        "voice": utterance.voice if provenance.card else "",
        "direction": _direction(utterance.direction),
        "provenance": _provenance(provenance, utterance.seed, result),
        "render_key": key.hex,
        "input_digest": key.input_digest,
        "parts": key.plain(),
        "duration_s": _seconds(result.delivery.duration_s) if result.delivery else None,
        "loudness_lufs": _number(result.loudness_lufs),
        "true_peak_dbtp": _number(result.true_peak_dbtp),
        "sounds": {
            "delivery": _sound(result.delivery),
            "master": _sound(result.master),
            "raw": _sound(result.raw),
        },
        "alignment": _alignment(result.alignment, transcript),
        "status": result.status.value,
        "verdict": _verdict(result.verdict),
    }


def for_line(document: Mapping[str, Any], utterance: Utterance) -> dict[str, Any]:
    """Return a take's document as that of one line.

    Lines that ask for the same sound share one take; each gets a document with its own id.
    """
    return {**document, "line": _line(utterance)}


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one byte form of a document: sorted, compact, UTF-8, ends with a newline.

    Raises:
        ValueError: It holds a number that is none (NaN or infinite).
    """
    text = json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return f"{text}\n".encode()


def _line(utterance: Utterance) -> dict[str, str]:
    return {
        "line_id": utterance.line_id,
        "locale": utterance.locale,
        "character": utterance.character,
        "scene": utterance.scene,
    }


def _direction(direction: Direction) -> dict[str, Any]:
    return {
        "emotion": direction.emotion.value,
        "intensity": _number(direction.intensity),
        "delivery": direction.delivery.value,
        "prosody": _prosody(direction.prosody),
        "words": [_word_edit(w) for w in direction.words],
    }


def _prosody(prosody: Prosody) -> dict[str, float | None]:
    return {
        "rate": _number(prosody.rate),
        "pitch_st": _number(prosody.pitch_st),
        "pitch_range": _number(prosody.pitch_range),
        "energy_db": _number(prosody.energy_db),
        "pause_before_s": _number(prosody.pause_before_s),
        "pause_after_s": _number(prosody.pause_after_s),
    }


def _word_edit(edit: WordEdit) -> dict[str, Any]:
    return {
        "word": edit.word,
        "occurrence": edit.occurrence,
        "prosody": _prosody(edit.prosody),
        "emphasis": edit.emphasis.value if edit.emphasis is not Emphasis.NONE else "",
        "phonemes": edit.phonemes,
        **({"phones": [_phone_edit(p) for p in edit.phones]} if edit.phones else {}),
    }


def _phone_edit(edit: PhoneEdit) -> dict[str, Any]:
    return {
        "phone": edit.phone,
        "occurrence": edit.occurrence,
        "rate": _number(edit.rate),
        "pitch_st": _number(edit.pitch_st),
        "energy_db": _number(edit.energy_db),
    }


def _provenance(provenance: Provenance, seed: int, result: RenderResult) -> dict[str, Any]:
    card = provenance.card
    changes = [a.change for a in result.tried if a.number == result.attempt]
    return {
        "kind": "synthetic" if card else "recording",
        "engine": card.engine if card else "",
        "engine_revision": provenance.engine_revision,
        "model_sha256": card.model_sha256 if card else "",
        "licence": card.licence if card else "",
        "may_publish": card.may_publish if card else True,
        "source": card.source if card else "",
        "attribution": card.attribution if card else "",
        "consent_ref": card.consent_ref if card else "",
        "recording_sha256": provenance.recording_sha256,
        "seed": seed,
        "attempt": result.attempt,
        "attempt_change": changes[0] if changes else "",
        "versions": dict(provenance.versions),
    }


def _sound(sound: SoundObject | None) -> dict[str, Any] | None:
    if sound is None:
        return None
    return {
        "key": sound.key,
        "sha256": sound.sha256,
        "size": sound.size,
        "duration_s": _seconds(sound.duration_s),
        "media_type": sound.media_type,
    }


def _alignment(alignment: Alignment, transcript: Transcript | None) -> dict[str, Any]:
    spoken = transcript.words if transcript else ()
    return {
        "source": alignment.source,
        "spoken": [{"text": w.text, "phonemes": w.phonemes, "written": w.written} for w in spoken],
        "words": [
            {"word": w.word, "start_s": _seconds(w.start_s), "end_s": _seconds(w.end_s)}
            for w in alignment.words
        ],
        "phonemes": [
            {
                "phoneme": p.phoneme,
                "start_s": _seconds(p.start_s),
                "end_s": _seconds(p.end_s),
                "word": p.word,
            }
            for p in alignment.phones
        ],
        "visemes": [_shape(v) for v in alignment.visemes],
        "cues": [_shape(c) for c in alignment.cues],
    }


def _shape(viseme: Viseme) -> dict[str, Any]:
    return {
        "shape": viseme.shape,
        "start_s": _seconds(viseme.start_s),
        "end_s": _seconds(viseme.end_s),
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "decision": verdict.decision.value,
        "findings": [_finding(f) for f in verdict.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "outcome": finding.outcome.value,
        "value": _number(finding.value),
        "limit": _number(finding.limit),
        "relation": finding.relation,
        "unit": finding.unit,
        "message": finding.message,
        "hint": finding.hint,
        "start_s": _number(finding.start_s),
    }


def _number(value: float | None) -> float | None:
    """Round for reading; what is no number is null, as JSON has no other word for it."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), _DECIMALS) + 0.0


def _seconds(value: float) -> float:
    return round(float(value), _SECONDS) + 0.0
