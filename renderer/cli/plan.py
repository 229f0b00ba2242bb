"""`barkline plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer import config
from renderer.bootstrap import Workspace, open_house
from renderer.cli import show, walk
from renderer.cli.option import (
    against_option,
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.domain.render_key import Part
from renderer.services.compare import Change
from renderer.services.plan import Plan, PlannedLine

WORK = 2
SHOWN = 40


@click.command(epilog="Example: barkline plan manifests/emberfall --against voice.lock --json")
@project_argument
@build_option
@against_option
@scope_options
@click.option(
    "--only-input",
    multiple=True,
    type=click.Choice([p.value for p in Part]),
    help="Only lines that are stale because of this input.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every line, not the first 40.")
@click.option("--read-all", is_flag=True, help="Read files of unchanged digest as well.")
@click.option("--annotate", is_flag=True, help="Print GitHub annotations, as in a workflow.")
@json_option
def command(project: Path, build: Path | None, against: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Show for every line what a render would do, and which input made it stale.

    Exits with 2 when there is work, 0 when there is none. Changes nothing.
    """
    scope = scope_of(options)
    workspace = walk.open_workspace(project, build)
    house = open_house(workspace, in_memory=against is not None or not has_database(workspace))
    walk.require_scenes(house)
    planner = house.planner()
    if against is not None:
        plan = planner.against_lock(walk.read_lock(against), scope)
    else:
        with house.reading() as unit:
            plan = planner.against_database(unit, scope, reads_all=options["read_all"])
    if options["only_input"]:
        plan = plan.only([Part(name) for name in options["only_input"]])
    if options["as_json"]:
        show.as_json(document(plan))
    else:
        tell(plan, everything=options["show_all"])
    if options["annotate"] or (config.is_github_actions() and not options["as_json"]):
        annotate(plan, workspace.project.root, err=options["as_json"])
    return WORK if plan.work else 0


def has_database(workspace: Workspace) -> bool:
    """Whether a database is configured or was made by an earlier render."""
    is_configured = bool(workspace.settings.database_url)
    return is_configured or (workspace.build / "barkline.db").is_file()


def reason(line: PlannedLine) -> str:
    """Say why a line is in the plan."""
    inputs = ", ".join(p.value.replace("_", " ") for p in line.because)
    if line.change is Change.CHANGED:
        return f"changed: {inputs}" + ("; its freeze ends" if line.lapses else "")
    if line.change is Change.FROZEN:
        return f"frozen; would change: {inputs}" if inputs else "frozen"
    return line.change.value


def tell(plan: Plan, *, everything: bool) -> None:
    """Print a plan for people."""
    for fault in plan.faults:
        show.warn(str(fault))
    lines = plan.lines if everything else plan.lines[:SHOWN]
    for line in lines:
        click.echo(f"{line.line_id}\t{line.locale}\t{line.character}\t{reason(line)}")
    if len(plan.lines) > len(lines):
        click.echo(f"… and {len(plan.lines) - len(lines)} more (--all)")
    counts = ", ".join(f"{plan.counts[c]} {c.value}" for c in Change if plan.counts[c])
    click.echo(f"{counts or 'no lines'}")
    if plan.work:
        click.echo(f"{plan.work} to render, about {duration(plan.estimated_s)}")


def duration(seconds: float) -> str:
    """Return seconds in words.

    >>> duration(75)
    '1 min 15 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def annotate(plan: Plan, root: Path, *, err: bool = False) -> None:
    """Print one GitHub annotation per line that would be rendered; workflows read both streams."""
    for line in plan.lines:
        if line.change.is_work:
            path = _relative(root / line.path)
            show.annotate(
                *("notice", path, line.line, "voice"),
                f"{line.line_id} ({line.locale}) {reason(line)}",
                err=err,
            )


def _relative(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def document(plan: Plan) -> dict[str, Any]:
    """Return a plan for machines."""
    return {
        "counts": {c.value: plan.counts[c] for c in Change},
        "work": plan.work,
        "estimated_s": round(plan.estimated_s, 1),
        "lines": [
            {
                "line_id": line.line_id,
                "locale": line.locale,
                "character": line.character,
                "path": line.path,
                "line": line.line,
                "change": line.change.value,
                "because": [p.value for p in line.because],
                "freeze_ends": line.lapses,
            }
            for line in plan.lines
        ],
    }
