"""`barkline import`."""

from __future__ import annotations

from pathlib import Path

import click

from renderer.bootstrap import Named, open_house
from renderer.cli import show, walk
from renderer.cli.option import build_option, json_option, order_options, project_argument


@click.command(epilog="Example: barkline import manifests/emberfall")
@project_argument
@build_option
@order_options
@json_option
def command(project: Path, build: Path | None, committer: str, revision: str, as_json: bool) -> int:
    """Import what changed into the database, and render nothing yet.

    Nothing is imported when any line has a fault. What is new waits for `barkline render`.
    """
    workspace = walk.open_workspace(project, build)
    with walk.alone(workspace):
        report = walk.take_in(open_house(workspace), None, named=Named(committer, revision))
    if as_json:
        show.as_json(
            {
                "files": report.files,
                "unchanged_files": report.skipped,
                "lines": report.lines,
                "to_render": report.requested,
                "renamed": report.renamed,
                "gone": report.orphaned,
            }
        )
    else:
        click.echo(show.import_summary(report))
    return 0
