"""How a check says what it found."""

from __future__ import annotations

from dataclasses import replace

from renderer.domain.verdict import Finding, Outcome


def at_most(check: str, value: float, limit: float, unit: str, message: str, hint: str) -> Finding:
    """Return a finding that passes when the value does not exceed the limit."""
    good = value <= limit  # nan compares false, so it fails
    return Finding(
        check,
        Outcome.PASS if good else Outcome.FAIL,
        value,
        limit,
        "<=",
        unit,
        message,
        "" if good else hint,
    )


def at_least(check: str, value: float, limit: float, unit: str, message: str, hint: str) -> Finding:
    """Return a finding that passes when the value reaches the limit."""
    good = value >= limit
    return Finding(
        check,
        Outcome.PASS if good else Outcome.FAIL,
        value,
        limit,
        ">=",
        unit,
        message,
        "" if good else hint,
    )


def placed(finding: Finding, start_s: float) -> Finding:
    """Return a failed finding with its place in the file."""
    if finding.outcome is not Outcome.FAIL:
        return finding
    return replace(finding, start_s=max(0.0, start_s))
