"""What a page may hand in, checked before anything is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from renderer.domain.review import Choice, Decision
from renderer.ports import LineKey

MOST_DECISIONS = 5_000
_Id = Field(pattern=r"^[0-9a-f]{32}$")
_Key = Field(pattern=r"^[0-9a-f]{64}$")
_Name = Field(min_length=1, max_length=200)
_Check = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]


class AskedDecision(BaseModel):
    """One decision as a page hands it in; who and when are the server's to say."""

    model_config = ConfigDict(extra="forbid")

    id: str = _Id
    line_id: str = _Name
    locale: str = _Name
    render_key: str = _Key
    choice: Choice
    note: str = Field(default="", max_length=2_000)
    change: dict[str, Any] = Field(default_factory=dict, max_length=10)
    undoes: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    decided: int = Field(default=0, ge=0)
    sound: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    checks: tuple[_Check, ...] = Field(default=(), max_length=100)

    @property
    def key(self) -> LineKey:
        """The line."""
        return self.line_id, self.locale

    def by(self, who: str, at: datetime) -> Decision:
        """Return the decision, made by somebody at some time."""
        return Decision(
            id=self.id,
            line_id=self.line_id,
            locale=self.locale,
            render_key=self.render_key,
            choice=self.choice,
            who=who,
            at=at,
            note=self.note,
            change=self.change,
            undoes=self.undoes,
            sound=self.sound,
            checks=self.checks,
        )


class AskedDecisions(BaseModel):
    """Decisions as a page hands them in."""

    model_config = ConfigDict(extra="forbid")

    decisions: list[AskedDecision] = Field(min_length=1, max_length=MOST_DECISIONS)


def seen_by(asked: Sequence[AskedDecision]) -> dict[LineKey, int]:
    """Return what the author had seen of each line before the first decision about it."""
    seen: dict[LineKey, int] = {}
    for one in asked:
        seen.setdefault(one.key, one.decided)
    return seen
