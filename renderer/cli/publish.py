"""`barkline publish`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from renderer.bootstrap import open_house
from renderer.cli import show, walk
from renderer.cli.option import build_option, json_option, lock_option, project_argument


@click.command(epilog="Example: barkline publish manifests/emberfall --lock voice.lock")
@project_argument
@build_option
@lock_option
@json_option
def command(project: Path, build: Path | None, lock: Path | None, as_json: bool) -> int:
    """Write the voice lock from what is approved, current and may be shipped.

    Exits with 1 when a required line is not in it; the lock is written all the same, and says so.
    """
    workspace = walk.open_workspace(project, build)
    path = lock or workspace.lock_path
    report = walk.publish(open_house(workspace), path)
    if as_json:
        left_out = [asdict(left) for left in report.left_out]
        show.as_json({"lock": path, "entries": report.entries, "left_out": left_out})
    else:
        walk.tell_left_out(report)
        click.echo(f"{path}: {report.entries} assets")
    return 0 if report.is_complete else 1
