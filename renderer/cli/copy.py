"""`barkline copy`: from a build folder into the service."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.bootstrap.carry import open_carrier
from renderer.cli import show, walk
from renderer.cli.option import json_option
from renderer.config import Settings

if TYPE_CHECKING:
    from renderer.services.carry import Carried


@click.command(epilog="Example: barkline copy --from build/emberfall")
@click.option(
    "--from",
    "build",
    required=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The build folder of a project that was rendered in embedded mode.",
)
@click.option("--store", default="", help="The store of its takes.  [default: its own, store/]")
@click.option("--dry-run", is_flag=True, help="Only say what there is to copy.")
@json_option
def command(build: Path, store: str, dry_run: bool, as_json: bool) -> int:
    """Copy takes, lines, decisions, history and sounds of a build folder into the service.

    They go into BARKLINE_DATABASE_URL and BARKLINE_STORE; the folder stays as it is. May be
    stopped at any time and run again: what is there is passed over. Exits with 1 when sounds are
    lost: `barkline render --retry lost` renders those again.
    """
    with walk.hold(build), show.steps() as tell:
        carrier = open_carrier(Settings.read(), build, store, tell)
        found = carrier.look() if dry_run else carrier.run()
    if as_json:
        show.as_json({"copied": not dry_run, **asdict(found)})
    else:
        _tell(found, is_dry=dry_run)
    return 1 if found.lost else 0


def _tell(found: Carried, *, is_dry: bool) -> None:
    amount = found.amount
    click.echo(f"projects: {', '.join(found.projects) or 'none'}")
    for what, number, new in (
        ("takes", amount.takes, amount.new_takes),
        ("lines", amount.lines, amount.new_lines),
        ("objects", found.objects, found.new_objects),
    ):
        click.echo(f"{number} {what}, {new} new")
    if found.lost:
        click.echo(
            f"{found.lost} objects are lost or damaged; afterwards, `barkline render --retry lost`"
        )
    click.echo("nothing was copied (--dry-run)" if is_dry else "copied; the folder is as it was")
