"""A worker judges by the limits of the project that asked, as they were imported last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.quality.limits import GateLimits
from renderer.services.gate_limits import ProjectLimits

SHIPPED = GateLimits({"least_peak_dbfs": -30.0, "most_duration_s": 20.0})
OWN = GateLimits({"most_duration_s": 3.0}, {"engines": {"piper": {"least_dnsmos_ovrl": None}}})


def peak(limits: GateLimits) -> Any:
    return limits.defaults.get("most_duration_s")


def test_a_projects_own_limits_lie_over_the_shipped_ones(
    unit: Callable[[], SqlUnitOfWork],
) -> None:
    limits = ProjectLimits(unit, SHIPPED)
    assert limits.of("tiny") is SHIPPED, "none are recorded"
    with unit() as work:
        work.gates.put(asdict(OWN))
        work.commit()
    found = limits.of("tiny")
    assert peak(found) == 3.0
    assert found.defaults["least_peak_dbfs"] == -30.0
    assert found.tables["engines"]["piper"] == {"least_dnsmos_ovrl": None}
    assert limits.of("tiny") is found
    assert limits.of("another project") is SHIPPED
    assert limits.of("") is SHIPPED


def test_a_later_import_changes_them(unit: Callable[[], SqlUnitOfWork]) -> None:
    limits = ProjectLimits(unit, SHIPPED)
    for most in (3.0, 4.0):
        with unit() as work:
            work.gates.put(asdict(GateLimits({"most_duration_s": most})))
            work.commit()
        assert peak(limits.of("tiny")) == most
    with unit() as work:
        work.gates.put({})
        work.commit()
    assert limits.of("tiny") is SHIPPED


def test_a_batch_asks_for_the_limits_of_a_project_once(studio: Any) -> None:
    """A worker reads them from the database."""
    asked: list[str] = []
    finisher = studio.render._finisher
    known = finisher._limits
    finisher._limits = lambda project: (asked.append(project), known(project))[1]

    pks = studio.ask("good day", "good night", "good morning")
    studio.render.batch(pks)

    assert studio.statuses(pks) == ["approved"] * 3
    assert asked == [""]
