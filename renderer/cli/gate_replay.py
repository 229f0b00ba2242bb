"""`barkline gate replay`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from renderer import config
from renderer.bootstrap import House, gate_limits, open_house
from renderer.cli import outcome, show, walk
from renderer.cli.option import (
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.cli.plan import has_database
from renderer.domain.take import TakeStatus
from renderer.domain.verdict import Finding
from renderer.errors import Fault, InputError
from renderer.services.replay import Changed, Replayer, ReplayReport

WORK = 2
REJECTED = 1
SHOWN = 40
_VERBS = {
    TakeStatus.REJECTED: "reject",
    TakeStatus.APPROVED: "approve",
    TakeStatus.FAILED: "fail",
}


@click.command(
    name="replay", epilog="Example: barkline gate replay manifests/emberfall --limits stricter.yaml"
)
@project_argument
@build_option
@scope_options
@click.option(
    "--limits",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Limits to judge by, in place of the project's own gate.yaml.",
)
@click.option("--apply", is_flag=True, help="Store the new verdicts and statuses.")
@click.option("--all", "show_all", is_flag=True, help="Show every line, not the first 40.")
@json_option
def command(
    project: Path,
    build: Path | None,
    limits: Path | None,
    apply: bool,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Decide about everything that was measured again, by the limits of now; renders nothing.

    Exits with 2 when a line would get another status, 0 when none would. With --apply verdicts and
    statuses are stored, and it exits with 1 when a line is rejected or failed by that. Lines whose
    take is frozen or at work are left as they are.
    """
    house = open_judged(project, build)
    scope = scope_of(options)
    outcome.warn_empty(house, scope)
    place = house.workspace
    odd: list[Fault] = []  # the project's own were warned of when it was opened
    replayer = Replayer(place.project.name, gate_limits(place, limits, odd if limits else None))
    for fault in odd:
        show.warn(str(fault))
    if apply:
        report = replayer.apply(house.unit, scope, config.who())
        _warn_other_limits(limits, place.project.root)
    else:
        with house.reading() as unit:
            report = replayer.look(unit, scope)
    if options["as_json"]:
        show.as_json(document(report, is_applied=apply))
    else:
        tell(report, is_applied=apply, everything=options["show_all"])
    if apply:
        worse = any(line.now is not TakeStatus.APPROVED for line in report.moved)
        return REJECTED if worse else 0
    return WORK if report.moved else 0


def open_judged(project: Path, build: Path | None) -> House:
    """Open a project that was rendered.

    Raises:
        InputError: Nothing was rendered yet.
    """
    workspace = walk.open_workspace(project, build)
    if not has_database(workspace):
        raise InputError("nothing was rendered yet, so nothing is measured; run `barkline render`.")
    return open_house(workspace)


def _warn_other_limits(limits: Path | None, root: Path) -> None:
    if limits is not None and limits.resolve() != (root / "gate.yaml").resolve():
        show.warn(
            f"what is rendered next is judged by gate.yaml still; make {limits.name} the project's "
            "gate.yaml, so that both are judged alike."
        )


def tell(report: ReplayReport, *, is_applied: bool, everything: bool) -> None:
    """Print what the limits change for people."""
    for status, verb in _VERBS.items():
        lines = report.to(status)
        if not lines:
            continue
        done = f"{verb}{'d' if verb.endswith('e') else 'ed'}" if is_applied else f"would {verb}"
        click.echo(f"{done} {len(lines)} more, here they are:")
        _tell_some([_line(line) for line in lines], everything=everything)
    if report.kept:
        click.echo(f"{len(report.kept)} lines would change and are left as they are:")
        _tell_some([_line(line) for line in report.kept], everything=everything)
    left = [f"{row.line_id} ({row.locale}): {row.why}" for row in report.left]
    if left:
        click.echo(f"{len(left)} lines cannot be decided about:")
        _tell_some(left, everything=everything)
    parts = [f"{report.judged} lines judged", f"{len(report.moved)} with another status"]
    parts += [f"{len(report.kept)} left as they are"] if report.kept else []
    parts += [f"{report.rewritten} takes have a new verdict"] if is_applied else []
    click.echo(", ".join(parts))


def _tell_some(rows: list[str], *, everything: bool) -> None:
    shown = rows if everything else rows[:SHOWN]
    for row in shown:
        click.echo(f"  {row}")
    if len(rows) > len(shown):
        click.echo(f"  … and {len(rows) - len(shown)} more (--all)")


def _line(line: Changed) -> str:
    """Return a line and why, on one line."""
    before = "" if line.now is not TakeStatus.APPROVED else "was "
    why = "; ".join(before + _finding(f) for f in line.findings)
    more = (
        f"; attempt {line.other_attempt} would pass: render it again"
        if (line.other_attempt)
        else ""
    )
    kept = f" [left: {line.kept}]" if line.kept else ""
    return f"{line.line_id} ({line.locale}) {line.was.value}: {why}{more}{kept}"


def _finding(finding: Finding) -> str:
    if finding.value is None or finding.limit is None:
        return f"{finding.check}: {finding.message}"
    missed = "over" if finding.relation == "<=" else "under"
    return f"{finding.check} {finding.value:.3g} {finding.unit} {missed} {finding.limit:.3g}"


def document(report: ReplayReport, *, is_applied: bool) -> dict[str, Any]:
    """Return a report for machines."""
    return {
        "applied": is_applied,
        "judged": report.judged,
        "rewritten": report.rewritten,
        "changed": [_plain(line) for line in report.changed],
        "left": [asdict(row) for row in report.left],
    }


def _plain(line: Changed) -> dict[str, Any]:
    names = ("check", "value", "limit", "relation", "unit", "message")
    return {
        **{name: getattr(line, name) for name in ("line_id", "locale", "character")},
        "was": line.was.value,
        "now": line.now.value,
        "findings": [{name: getattr(f, name) for name in names} for f in line.findings],
        "other_attempt": line.other_attempt,
        "kept": line.kept,
    }
