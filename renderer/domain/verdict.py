"""What the gate measured, found and decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one check found."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    ERROR = "error"  # the metric could not be computed: never a pass
    INCONCLUSIVE = "inconclusive"  # the check is not valid for this line; neither pass nor fail


class Decision(StrEnum):
    """What the gate decided about one attempt."""

    APPROVED = "approved"
    REJECTED = "rejected"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: Stable snake_case name (`clipping`, `dnsmos_ovrl`).
        outcome: Pass, fail, error or inconclusive.
        value: What was measured, or None when nothing could be.
        limit: The bound it was held against, or None; `relation` says which side is good.
        relation: "<=" when value must not exceed the limit, ">=" when it must reach it, "" if none.
        unit: Unit of value and limit ("dB", "s", "1" for a bare number).
        message: One sentence for a listener.
        hint: What to try when it failed, or "".
        start_s: Where in the file, seconds, or None.
    """

    check: str
    outcome: Outcome
    value: float | None = None
    limit: float | None = None
    relation: str = ""
    unit: str = ""
    message: str = ""
    hint: str = ""
    start_s: float | None = None

    def __post_init__(self) -> None:
        """Hold that a value that is no number never passes."""
        if self.outcome is Outcome.PASS and self.value is not None and math.isnan(self.value):
            raise ValueError(f"check {self.check!r} passed with a value that is no number")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision about one attempt, with everything it rests on."""

    decision: Decision
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that speak against the take: failures and errors."""
        return tuple(f for f in self.findings if f.outcome in (Outcome.FAIL, Outcome.ERROR))

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> Verdict:
        """Decide: any error is an ERROR, else any failure a REJECTED, else APPROVED.

        No finding at all is an ERROR, because nothing was checked.
        """
        outcomes = {f.outcome for f in findings}
        if not findings or Outcome.ERROR in outcomes:
            return cls(Decision.ERROR, findings)
        rejected = Outcome.FAIL in outcomes
        return cls(Decision.REJECTED if rejected else Decision.APPROVED, findings)
