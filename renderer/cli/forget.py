"""`barkline forget`: lines that are gone, whole projects, and old history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer.bootstrap.garbage import find_grounds
from renderer.bootstrap.upkeep import open_forgetter
from renderer.cli import show, walk
from renderer.cli.option import any_project_argument, build_option, duration, json_option
from renderer.config import Settings
from renderer.services.forget import Forgotten, Wish

SHOWN = 20
GONE_S = 30 * 86_400.0


@click.command(epilog="Example: barkline forget --gone 30d --events 400d --lock release.lock --yes")
@any_project_argument
@build_option
@click.option(
    "--gone",
    callback=duration,
    metavar="DURATION",
    help="Lines that are gone for so long.  [default: 30d]",
)
@click.option("--project", "name", default="", help="A whole project, by its name.")
@click.option(
    "--events",
    callback=duration,
    metavar="DURATION",
    help="Events of the audit trail older than that.",
)
@click.option(
    "--dead-letters", callback=duration, metavar="DURATION", help="Dead letters older than that."
)
@click.option(
    "--lock",
    "locks",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A voice lock in use: what it names stays. May be repeated.",
)
@click.option(
    "--yes", "--apply", "applies", is_flag=True, help="Do it; without it nothing is changed."
)
@json_option
def command(project: Path | None, build: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Forget lines that are gone, with their takes, or whatever else the options name.

    A take goes when no line asks for it, is pinned to it or ever asked for it. Sounds stay in the
    store until `barkline gc`. PROJECT says whose database is meant; it is not needed where
    BARKLINE_DATABASE_URL and BARKLINE_STORE are set.
    """
    wish = Wish(options["gone"], options["name"], options["events"], options["dead_letters"])
    if wish == Wish():
        wish = Wish(gone_s=GONE_S)
    grounds = find_grounds(Settings.read(), project, build)
    is_applied = bool(options["applies"])
    with walk.hold_if(grounds.build, is_applied):
        forgetter = open_forgetter(grounds, [walk.read_lock(path) for path in options["locks"]])
        found = forgetter.run(wish) if is_applied else forgetter.look(wish)
    if options["as_json"]:
        show.as_json(_document(found, is_applied))
    else:
        _tell(found, wish, is_applied)
    return 0


def _document(found: Forgotten, is_applied: bool) -> dict[str, Any]:
    return {
        "applied": is_applied,
        "lines": found.lines,
        "kept_lines": found.kept,
        "takes": found.takes,
        "events": found.events,
        "dead_letters": found.dead_letters,
        "project_gone": found.is_project_gone,
        "names": [[line.project, line.line_id, line.locale] for line in found.going],
    }


def _tell(found: Forgotten, wish: Wish, is_applied: bool) -> None:
    for line in found.going[:SHOWN]:
        click.echo(f"{line.project}\t{line.line_id}\t{line.locale}")
    if len(found.going) > SHOWN:
        click.echo(f"… and {len(found.going) - SHOWN} more; --json shows all")
    kept = f" ({found.kept} more stay: a lock names them)" if found.kept else ""
    click.echo(
        f"{found.lines} lines{kept}, {found.takes} takes, {found.events} events, "
        f"{found.dead_letters} dead letters"
    )
    if not is_applied:
        click.echo("nothing was forgotten; --yes does it")
        return
    if wish.project and not found.is_project_gone:
        click.echo(f"the project {wish.project!r} stays: lines of it stay")
    if found.begun:
        click.echo(f"{found.begun} lines are gone since an unknown time: it counts from now on")
    if found.takes:
        click.echo("their sounds stay until `barkline gc --pointers --apply`")
