"""`barkline gc`: sweep the object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.bootstrap.garbage import Grounds, find_grounds, open_collector
from renderer.cli import show, walk
from renderer.cli.option import any_project_argument, build_option, duration, json_option
from renderer.config import Settings
from renderer.domain.voice_lock import VoiceLock
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.services.gc import Sweep

SHOWN = 20
_MEGABYTE = 1_000_000


@click.command(epilog="Example: barkline gc manifests/emberfall --lock release.lock --apply")
@any_project_argument
@build_option
@click.option(
    "--lock",
    "locks",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A voice lock whose sounds stay; may be repeated. The build folder's own always counts.",
)
@click.option("--no-lock", is_flag=True, help="There is no lock: nothing was ever published.")
@click.option(
    "--grace",
    callback=duration,
    metavar="DURATION",
    default="24h",
    show_default=True,
    help="Nothing younger goes; at least 1h.",
)
@click.option("--apply", "applies", is_flag=True, help="Delete; without it nothing is changed.")
@click.option(
    "--pointers",
    is_flag=True,
    help="Also what render keys of no take point to. Only when no other database uses the store.",
)
@click.option(
    "--most",
    type=click.IntRange(0, 100),
    default=50,
    show_default=True,
    help="Refuse when more than this percentage of the store would go.",
)
@click.option("--force", is_flag=True, help="Let any percentage go.")
@json_option
def command(project: Path | None, build: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Find objects in the store that nothing names, and with --apply delete them.

    An object stays when a take of the database, a lock given with --lock or a document under a
    render key names it, or when it is younger than --grace. Outbox rows that are done with go as
    well. PROJECT is not needed where BARKLINE_DATABASE_URL and BARKLINE_STORE are set.
    """
    grounds = find_grounds(Settings.read(), project, build)
    locks = _locks(grounds, options["locks"], has_none=options["no_lock"])
    is_applied = bool(options["applies"])
    with walk.hold_if(grounds.build, is_applied), show.steps() as tell:
        collector = open_collector(grounds, options["grace"], tell)
        sweep = collector.look(locks, with_pointers=options["pointers"])
        if is_applied:
            most = 1.0 if options["force"] else options["most"] / 100
            collector.apply(sweep, most_share=most)
    if options["as_json"]:
        show.as_json(_document(sweep, is_applied))
    else:
        _tell(sweep, is_applied)
    return 0


def _locks(grounds: Grounds, paths: tuple[Path, ...], *, has_none: bool) -> list[VoiceLock]:
    """Read the locks whose objects stay.

    Raises:
        ConfigError: There is none, and nobody said that this is right.
    """
    own = grounds.lock_path
    found = [*paths, *([own] if own else [])]
    if not found and not has_none:
        raise ConfigError(
            "no voice lock is named, and sounds that only a lock names would go. Name every lock "
            "that is in use with --lock, those of released builds as well; or say --no-lock."
        )
    return [walk.read_lock(path) for path in found]


def _document(sweep: Sweep, is_applied: bool) -> dict[str, Any]:
    return {
        "applied": is_applied,
        "objects": sweep.objects,
        "orphans": len(sweep.orphans),
        "orphan_bytes": sweep.orphan_bytes,
        "young": sweep.young,
        "pointers": len(sweep.lost_pointers),
        "share": round(sweep.share(), 4),
        "outbox": sweep.settled,
        "deleted": sweep.deleted,
        "deleted_bytes": sweep.deleted_bytes,
        "spared": sweep.spared,
        "outbox_deleted": sweep.purged,
        "keys": [item.key for item in (*sweep.orphans, *sweep.lost_pointers)],
    }


def _tell(sweep: Sweep, is_applied: bool) -> None:
    going = [*sweep.orphans, *sweep.lost_pointers]
    if not is_applied:
        for item in going[:SHOWN]:
            click.echo(f"{item.modified_at:%Y-%m-%d}\t{item.size}\t{item.key}")
        if len(going) > SHOWN:
            click.echo(f"… and {len(going) - SHOWN} more; --json shows all")
    click.echo(
        f"{sweep.objects} objects: {len(sweep.orphans)} that nothing names "
        f"({sweep.share():.1%}), {sweep.young} more too young to go; "
        f"{len(sweep.lost_pointers)} pointers of no take; "
        f"{sweep.orphan_bytes / _MEGABYTE:.1f} MB; {sweep.settled} outbox rows done with"
    )
    if is_applied:
        spared = f", {sweep.spared} spared at the last look" if sweep.spared else ""
        click.echo(
            f"deleted: {sweep.deleted} ({sweep.deleted_bytes / _MEGABYTE:.1f} MB), "
            f"{sweep.purged} outbox rows{spared}"
        )
    elif going or sweep.settled:
        click.echo("nothing was deleted; --apply deletes")
