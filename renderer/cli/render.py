"""`barkline render`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer.bootstrap import House, Named, open_house
from renderer.cli import outcome, qa_pages, show, walk
from renderer.cli.option import (
    against_option,
    build_option,
    json_option,
    order_options,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.domain.route import Priority
from renderer.domain.take import TakeStatus
from renderer.domain.voice_lock import VoiceLock
from renderer.errors import ConfigError
from renderer.services.scope import Scope

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
@click.option(
    "--wait/--no-wait",
    "waits",
    default=True,
    help="Wait for the workers of a service; without: import, queue, and exit with 0.",
)
@click.option(
    "--priority",
    type=click.Choice([p.name.lower() for p in Priority]),
    help="In a service, what overtakes what.  [default: urgent for up to 8 lines, else normal]",
)
@order_options
@click.option("--report/--no-report", default=True, help="Write the QA pages afterwards.")
@json_option
def command(project: Path, build: Path | None, against: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Import what changed, render it, and write the QA pages.

    May be stopped at any time with Ctrl-C, or killed: the next run goes on where it was. Exits
    with 1 while a line in scope is rejected, failed or quarantined, rendered now or before.
    """
    scope = scope_of(options)
    workspace = walk.open_workspace(project, build)
    if not options["waits"] and not workspace.settings.is_service:
        raise ConfigError(
            "--no-wait leaves the work to the workers of a service, and BARKLINE_REDIS_URL is not "
            "set: use `barkline import`, or leave --no-wait out."
        )
    lock = walk.read_lock(against) if against else None
    with walk.alone(workspace):
        house = open_house(workspace)
        done = _render(house, scope, options, lock)
        if not options["waits"]:
            _tell_queued(done, as_json=options["as_json"])
            return 0
        outcome.tell_failures(house, scope)
        bad = outcome.unsettled(house, scope)
        into = workspace.build / "report"
        page = qa_pages.write_pages(house, scope, into) if options["report"] else None
    if options["as_json"]:
        show.as_json(_document(done, bad, page))
    else:
        click.echo(show.import_summary(done.ingest))
        click.echo(told(done))
        if bad:
            click.echo(f"unsettled: {', '.join(f'{n} {s.value}' for s, n in bad.items())}")
        if page:
            click.echo(f"report: {page}")
    return 1 if bad else 0


def _render(
    house: House, scope: Scope, options: dict[str, Any], lock: VoiceLock | None
) -> walk.Rendered:
    asked = options["priority"]
    priority = Priority[asked.upper()] if asked else None
    retry = tuple(RETRY[r] for r in options["retry"] if r in RETRY)
    return walk.render(
        house,
        scope,
        retry,
        lock,
        reads_store=LOST in options["retry"],
        named=Named(options["committer"], options["revision"], priority),
        waits=options["waits"],
    )


def _tell_queued(done: walk.Rendered, *, as_json: bool) -> None:
    """Say what the workers of the service were asked for."""
    if as_json:
        show.as_json({"imported": done.ingest.lines, "queued": done.queued})
        return
    click.echo(show.import_summary(done.ingest))
    click.echo(f"queued: {done.queued} takes; `barkline status` shows where they are")


def _document(done: walk.Rendered, bad: dict[TakeStatus, int], page: Path | None) -> dict[str, Any]:
    return {
        "imported": done.ingest.lines,
        "takes": {s.value: done.counts.get(s, 0) for s in TakeStatus if s.is_finished},
        "unsettled": {status.value: number for status, number in bad.items()},
        "report": page,
    }


def told(done: walk.Rendered) -> str:
    """Return what a render did, in one line."""
    if not done.counts:
        return "nothing to render"
    counts = ", ".join(f"{n} {s.value}" for s, n in sorted(done.counts.items()) if n)
    return f"rendered: {counts} ({done.speed})"
