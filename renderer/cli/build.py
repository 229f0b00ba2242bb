"""`barkline build`: the whole walk in one command."""

from __future__ import annotations

from pathlib import Path

import click

from renderer.bootstrap import open_house
from renderer.cli import outcome, qa_pages, show, walk
from renderer.cli.option import build_option, project_argument
from renderer.cli.render import told
from renderer.services.scope import Scope


@click.command(epilog="Example: barkline build manifests/emberfall")
@project_argument
@build_option
def command(project: Path, build: Path | None) -> int:
    """Render, publish, pull and report: everything a game needs, in the build folder.

    Writes voice.lock, voice/<locale>/<line_id>.<ending> and report/index.html. Exits with 1 when
    a required line is not in the lock.
    """
    from renderer.pull import pull

    workspace = walk.open_workspace(project, build)
    with walk.alone(workspace):
        house = open_house(workspace)
        done = walk.render(house, Scope())
        click.echo(show.import_summary(done.ingest))
        click.echo(told(done))
        outcome.tell_failures(house, Scope())
        report = walk.publish(house, workspace.lock_path)
        walk.tell_left_out(report)
        lock = walk.read_lock(workspace.lock_path)
        with show.counting("pull") as tell:
            pulled = pull(
                lock, house.store, workspace.build / "voice", remove_orphans=True, progress=tell
            )
        page = qa_pages.write_pages(house, Scope(), workspace.build / "report")
    click.echo(f"lock:   {workspace.lock_path} ({report.entries} assets)")
    click.echo(f"voice:  {workspace.build / 'voice'} ({pulled.fetched} new, {pulled.kept} kept)")
    click.echo(f"report: {page}")
    return 0 if report.is_complete else 1
