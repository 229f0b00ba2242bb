"""`barkline usage`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.bootstrap.garbage import find_grounds
from renderer.bootstrap.upkeep import read_usage
from renderer.cli import show
from renderer.cli.option import any_project_argument, build_option, json_option
from renderer.config import Settings

if TYPE_CHECKING:
    from renderer.domain.usage import Usage

UNKNOWN = "(unknown)"


@click.command(epilog="Example: barkline usage --json")
@any_project_argument
@build_option
@json_option
def command(project: Path | None, build: Path | None, as_json: bool) -> int:
    """Show what each project cost, and what it was saved by takes that others had rendered.

    A take is rendered once for all projects and charged to the one that asked first. PROJECT is
    not needed where BARKLINE_DATABASE_URL and BARKLINE_STORE are set.
    """
    accounts = read_usage(find_grounds(Settings.read(), project, build))
    if as_json:
        show.as_json([{**asdict(a), "work_per_minute_s": a.work_per_minute_s} for a in accounts])
    else:
        _tell(accounts)
    return 0


def _tell(accounts: list[Usage]) -> None:
    if not accounts:
        click.echo("no project is here; run `barkline import`, or name another database")
        return
    for account in accounts:
        click.echo(
            f"{account.project or UNKNOWN}: {account.lines} lines, "
            f"{account.line_audio_s / 60:.1f} minutes of sound"
        )
        click.echo(
            f"  rendered {account.rendered} takes in {account.work_s:.0f} s of work, "
            f"{account.work_per_minute_s:.1f} s for a minute of sound"
        )
        click.echo(
            f"  shares {account.shared} takes that others had rendered, "
            f"{account.saved_s:.0f} s of work saved"
        )
