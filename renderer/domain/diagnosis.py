"""What a check of the surroundings found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How well something is: a failure stops renders, a warning does not yet."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one check found.

    Attributes:
        check: Its name (`database`, `queue memory`).
        health: How well it is.
        found: What is there, in one sentence or less.
        fix: What to do, or "" when nothing is.
    """

    check: str
    health: Health
    found: str
    fix: str = ""


def well(check: str, found: str) -> Diagnosis:
    """Return a diagnosis without complaint."""
    return Diagnosis(check, Health.OK, found)


def warning(check: str, found: str, fix: str) -> Diagnosis:
    """Return a diagnosis of something that works, and will not for long or not for all."""
    return Diagnosis(check, Health.WARNING, found, fix)


def failed(check: str, found: str, fix: str = "") -> Diagnosis:
    """Return a diagnosis of something that does not work."""
    return Diagnosis(check, Health.FAILED, found, fix)
