from __future__ import annotations

from collections.abc import Callable

import pytest

from renderer.domain.direction import Direction, Emotion, Prosody
from renderer.domain.reading import LineReading, ProjectReading, TakeReading
from renderer.domain.take import Alignment, WordSpan
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.verdict import Finding, Outcome

LineMaker = Callable[..., LineReading]


@pytest.fixture
def make_line() -> LineMaker:
    def make(
        line_id: str = "halt_01", status: str | None = "approved", **more: object
    ) -> LineReading:
        text = str(more.pop("text", "Halt!"))
        findings = more.pop("findings", (Finding("clipping", Outcome.PASS, 0.0, 0.0, "<=", "1"),))
        audio = str(more.pop("audio", f"audio/{line_id}.ogg"))
        utterance = Utterance(
            line_id,
            str(more.pop("locale", "en-US")),
            str(more.pop("character", "kara")),
            "gate",
            text,
            text,
            "en_US-kristin",
            Direction(Emotion.ANGRY, 0.8, prosody=Prosody(rate=1.2)),
            origin=Origin("scenes/gate.yaml", 3),
        )
        take = status and TakeReading(
            render_key=f"{line_id:0>64}"[:64],
            status=status,
            attempt=1,
            audio=audio if status in ("approved", "rejected") else "",
            duration_s=1.5,
            findings=findings,  # type: ignore[arg-type]
            alignment=Alignment(words=(WordSpan("Halt", 0.1, 0.6),)),
            text=text,
        )
        name = str(more.pop("character_name", "Kara"))
        return LineReading(utterance, name, take or None, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_reading() -> Callable[..., ProjectReading]:
    def make(*lines: LineReading) -> ProjectReading:
        return ProjectReading("emberfall", "2026-05-02T10:11:12+00:00", lines, version="0.1.0")

    return make
