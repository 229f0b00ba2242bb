"""Utterances, verdicts and voices: the small values everything rests on."""

from __future__ import annotations

import math
from datetime import date

import pytest

from renderer.domain.utterance import Utterance, text_hash
from renderer.domain.verdict import Decision, Finding, Outcome, Verdict
from renderer.domain.voice import VoiceCard, VoiceRef

TODAY = date(2026, 6, 1)


def test_a_line_is_named_by_id_and_locale() -> None:
    line = Utterance("a", "de-DE", "guard", "gate", "Halt!", "Halt!", "formant")
    assert line.key == ("a", "de-DE")


def test_the_source_hash_sees_words_and_not_spacing_or_normal_form() -> None:
    assert text_hash("Caf\u00e9  now\n") == text_hash("Cafe\u0301 now")
    assert text_hash("Halt!") != text_hash("Halt.")
    assert text_hash("Halt!") != text_hash("*Halt!*"), "markup is part of what is translated"


def _finding(outcome: Outcome) -> Finding:
    return Finding(outcome.value, outcome)


@pytest.mark.parametrize(
    ("outcomes", "decision"),
    [
        ([], Decision.ERROR),
        ([Outcome.PASS], Decision.APPROVED),
        ([Outcome.PASS, Outcome.INCONCLUSIVE], Decision.APPROVED),
        ([Outcome.PASS, Outcome.FAIL], Decision.REJECTED),
        ([Outcome.FAIL, Outcome.ERROR], Decision.ERROR),
        ([Outcome.PASS, Outcome.ERROR], Decision.ERROR),
    ],
)
def test_a_failed_metric_is_never_a_pass(outcomes: list[Outcome], decision: Decision) -> None:
    verdict = Verdict.of(tuple(_finding(o) for o in outcomes))
    assert verdict.decision is decision
    assert {f.outcome for f in verdict.failed} <= {Outcome.FAIL, Outcome.ERROR}


def test_a_value_that_is_no_number_cannot_pass() -> None:
    with pytest.raises(ValueError, match="no number"):
        Finding("clipping", Outcome.PASS, value=math.nan)
    assert Finding("clipping", Outcome.ERROR, value=math.nan).outcome is Outcome.ERROR


@pytest.mark.parametrize("text", ["formant", "formant#f3", "en_US-amy.v2#0", "a" * 80])
def test_voice_references_round_trip(text: str) -> None:
    assert str(VoiceRef.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "#", "a#", "#b", "a#b#c", "../x", "a/b", "-a", "a b", "a" * 81]
)
def test_what_is_no_voice_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no voice reference"):
        VoiceRef.parse(text)


def _card(**changes: object) -> VoiceCard:
    fields: dict[str, object] = {"licence": "CC0-1.0", "may_publish": True, **changes}
    return VoiceCard("amy", "piper", "0" * 64, **fields)  # type: ignore[arg-type]


def test_a_voice_with_licence_and_leave_may_be_published() -> None:
    assert _card().why_unpublishable(TODAY) == ""
    assert _card(consent_expires=TODAY).why_unpublishable(TODAY) == "", "the last day counts"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"licence": ""}, "no known licence"),
        ({"may_publish": False}, "may not be published"),
        ({"consent_expires": date(2026, 5, 31)}, "expired"),
    ],
)
def test_why_a_voice_may_not_be_published(changes: dict[str, object], says: str) -> None:
    assert says in _card(**changes).why_unpublishable(TODAY)


def test_a_card_is_refused_publication_until_somebody_says_otherwise() -> None:
    assert VoiceCard("x", "piper", "0" * 64).why_unpublishable(TODAY)
