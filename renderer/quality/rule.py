"""A check that is one metric against one limit; the others are functions of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from renderer.domain.verdict import Finding, Outcome
from renderer.quality.finding import at_least, at_most, placed
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics

Check = Callable[[Metrics, Limits], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One metric against one limit.

    Attributes:
        check: Name of the finding.
        metric: Field of `Metrics`.
        limit: Field of `Limits`; `least_…` is to be reached, `most_…` not to be exceeded.
        unit: Of both.
        message: One sentence for a listener.
        hint: What to try when it failed.
        errs_when_off: Whether a metric that failed is an error though its limit is off.
    """

    check: str
    metric: str
    limit: str
    unit: str
    message: str
    hint: str
    errs_when_off: bool = False

    def __call__(self, metrics: Metrics, limits: Limits) -> Finding | None:
        """Hold the metric against its limit; None when that is off.

        Raises:
            NotMeasuredError: There is no value to hold.
            UnsureError: The metric cannot tell on this line.
        """
        limit: float | None = getattr(limits, self.limit)
        if limit is None and not (self.errs_when_off and self.metric in metrics.errors):
            return None
        value = metrics.needed(self.metric)
        if limit is None:
            return None
        hold = at_least if self.limit.startswith("least_") else at_most
        finding = hold(self.check, value, limit, self.unit, self.message, self.hint)
        place_s = metrics.places.get(self.metric)
        return finding if place_s is None else placed(finding, place_s)

    def set_aside(self, metrics: Metrics, limits: Limits, why: str) -> Finding | None:
        """Return the finding of a line the metric is not valid for; None when nobody asked."""
        value = metrics.value(self.metric)
        has_none = value is None and self.metric not in metrics.errors
        if has_none and getattr(limits, self.limit) is None:
            return None
        return Finding(self.check, Outcome.INCONCLUSIVE, value, unit=self.unit, message=why)


def name_of(check: Check) -> str:
    """Return the name of a check's finding."""
    return check.check if isinstance(check, Rule) else check.__name__.removeprefix("check_")
