"""`barkline render`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer.bootstrap import open_house
from renderer.cli import outcome, show, walk
from renderer.cli.option import (
    against_option,
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.domain.take import TakeStatus

LOST = "lost"
RETRY = {
    "rejected": TakeStatus.REJECTED,
    "quarantined": TakeStatus.QUARANTINED,
}


@click.command(epilog="Example: barkline render manifests/emberfall --character wren")
@project_argument
@build_option
@against_option
@scope_options
@click.option(
    "--retry",
    multiple=True,
    type=click.Choice(sorted([*RETRY, LOST])),
    help="Render these takes again (lost: the store has not their sound, or damaged); failed "
    "ones always are.",
)
@click.option("--report/--no-report", default=True, help="Write the QA pages afterwards.")
@json_option
def command(project: Path, build: Path | None, against: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Import what changed, render it, and write the QA pages.

    May be stopped at any time with Ctrl-C, or killed: the next run goes on where it was. Exits
    with 1 while a line in scope is rejected, failed or quarantined, rendered now or before.
    """
    scope = scope_of(options)
    workspace = walk.open_workspace(project, build)
    lock = walk.read_lock(against) if against else None
    with walk.alone(workspace):
        house = open_house(workspace)
        retry = tuple(RETRY[r] for r in options["retry"] if r in RETRY)
        done = walk.render(house, scope, retry, lock, reads_store=LOST in options["retry"])
        outcome.tell_failures(house, scope)
        bad = outcome.unsettled(house, scope)
        page = (
            walk.write_pages(house, scope, workspace.build / "report")
            if options["report"]
            else None
        )
    counts = {s.value: done.counts.get(s, 0) for s in TakeStatus if s.is_finished}
    if options["as_json"]:
        standing = {status.value: number for status, number in bad.items()}
        show.as_json(
            {
                "imported": done.ingest.lines,
                "takes": counts,
                "unsettled": standing,
                "report": page,
            }
        )
    else:
        click.echo(show.import_summary(done.ingest))
        click.echo(told(done))
        if bad:
            click.echo(f"unsettled: {', '.join(f'{n} {s.value}' for s, n in bad.items())}")
        if page:
            click.echo(f"report: {page}")
    return 1 if bad else 0


def told(done: walk.Rendered) -> str:
    """Return what a render did, in one line."""
    if not done.counts:
        return "nothing to render"
    counts = ", ".join(f"{n} {s.value}" for s, n in sorted(done.counts.items()) if n)
    return f"rendered: {counts} ({done.speed})"
