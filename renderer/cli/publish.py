"""`barkline publish`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from renderer.bootstrap import House, open_house
from renderer.cli import show, walk
from renderer.cli.option import build_option, json_option, lock_option, project_argument
from renderer.errors import InputError
from renderer.services.scope import Scope


@click.command(epilog="Example: barkline publish manifests/emberfall --lock voice.lock")
@project_argument
@build_option
@lock_option
@json_option
def command(project: Path, build: Path | None, lock: Path | None, as_json: bool) -> int:
    """Write the voice lock from what is approved, current and may be shipped.

    Exits with 1 when a required line is not in it, or was rendered before the manifests changed;
    the lock is written all the same, and says so.
    """
    workspace = walk.open_workspace(project, build)
    path = lock or workspace.lock_path
    house = open_house(workspace)
    stale = _work(house)
    report = walk.publish(house, path)
    if as_json:
        left_out = [asdict(left) for left in report.left_out]
        show.as_json(
            {
                "lock": path,
                "entries": report.entries,
                "waived": report.waived,
                "left_out": left_out,
                "stale": stale,
            }
        )
    else:
        walk.tell_left_out(report)
        waived = f", {report.waived} of them waived" if report.waived else ""
        click.echo(f"{path}: {report.entries} assets{waived}")
    return 0 if report.is_complete and not stale else 1


def _work(house: House) -> int:
    """Return how many lines are not rendered as they are committed, and say so.

    Raises:
        InputError: Nothing was rendered yet: the lock would be empty.
    """
    workspace = house.workspace
    with house.reading() as unit:
        if not unit.lines.files():
            raise InputError(
                f"nothing of {workspace.project.name} was rendered into {workspace.build}, so that "
                "the lock would be empty; it was not written. Run `barkline render` first, or "
                "name the build folder with --build."
            )
        work = house.planner().against_database(unit, Scope()).work
    if work:
        show.warn(f"{work} lines are not rendered as they are committed; run `barkline render`.")
    return work
