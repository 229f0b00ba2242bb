"""What a render tells those who watch: what became of lines, why, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from renderer.domain.take import RenderResult, Take, TakeStatus
from renderer.domain.verdict import Decision
from renderer.errors import BarklineError
from renderer.ports import Meter
from renderer.services.finish import Finished


def fields_of(take: Take) -> dict[str, str | int]:
    """Return what every log line about a take says; nothing that is spoken."""
    said = take.request.utterance
    return {
        "project": take.asked_by,
        "line": said.line_id,
        "locale": said.locale,
        "take": take.id,
    }


def traces_of(takes: Sequence[Take]) -> list[str]:
    """Return the trace ids of the imports that asked for some takes."""
    return [take.trace_id for take in takes]


def tell_attempt(
    meter: Meter,
    takes: Sequence[Take],
    number: int,
    made: Mapping[int, Finished | BarklineError],
) -> None:
    """Count one attempt of some takes, and what the gate held against it.

    Args:
        meter: Which is told.
        takes: The takes.
        number: Which automatic attempt, from 1.
        made: What came out, by row id.
    """
    meter.count("barkline_attempts_total", len(takes), number=str(number))
    for take in takes:
        finished = made[take.id]
        if isinstance(finished, BarklineError):
            continue
        if finished.verdict.decision is not Decision.REJECTED:
            continue
        said = take.request.utterance
        for finding in finished.verdict.failed:
            meter.count(
                "barkline_rejects_total",
                check=finding.check,
                voice=said.voice,
                character=said.character,
            )


def tell_line(meter: Meter, take: Take, result: RenderResult) -> None:
    """Count one finished take, its sound and its work."""
    voice = take.request.utterance.voice
    meter.count("barkline_lines_total", status=result.status.value, voice=voice)
    sound_s = result.delivery.duration_s if result.delivery else 0.0
    meter.count("barkline_audio_seconds_total", sound_s, voice=voice)
    meter.count("barkline_work_seconds_total", result.spent_s, voice=voice)


def tell_quarantine(meter: Meter, takes: Sequence[Take]) -> None:
    """Count takes that were put aside."""
    meter.count("barkline_quarantined_total", len(takes))
    for take in takes:
        voice = take.request.utterance.voice
        meter.count("barkline_lines_total", status=TakeStatus.QUARANTINED.value, voice=voice)
