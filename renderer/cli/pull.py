"""`barkline pull`: fetch the lock's assets into a game build."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from renderer.config import Settings
from renderer.errors import PullError
from renderer.pull import PullReport, pull, read_lock
from renderer.pull.client import Progress

FAILURES_SHOWN = 50


@click.command(
    "pull", epilog="Example: barkline pull --store s3://bucket/voice --into Content/Voice"
)
@click.option(
    "--lock",
    "lock_path",
    type=click.Path(path_type=Path),
    default=Path("voice.lock"),
    show_default=True,
    help="The voice lock.",
)
@click.option(
    "--store",
    default="",
    help="Folder, s3://bucket/prefix or https://host/path. "
    "[default: BARKLINE_STORE, else the folder store/ beside the lock]",
)
@click.option(
    "--into", type=click.Path(path_type=Path), required=True, help="Folder of the game's voices."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--locale", "locales", multiple=True, help="Only this locale; may be repeated.")
@click.option("--metadata", is_flag=True, help="Write <line_id>.json beside each sound.")
@click.option("--remove-orphans", is_flag=True, help="Remove sounds the lock no longer names.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(
    *,
    lock_path: Path,
    store: str,
    into: Path,
    jobs: int,
    locales: tuple[str, ...],
    metadata: bool,
    remove_orphans: bool,
    as_json: bool,
) -> int:
    """Fetch the lock's assets into a game build.

    Keeps what is there, fetches what is missing or different, checks every hash and renames
    whole files into place. Needs nothing but the lock and the store.

    Exit codes: 0 all is there; 64 wrong usage; 65 the lock cannot be read or trusted; 74 files
    could not be fetched (the others are there; run it again); 78 the store's address is wrong.
    """
    from renderer.storage import open_store

    lock = read_lock(lock_path)
    source = open_store(_store(store, lock_path))
    try:
        with _bar(is_shown=not as_json) as progress:
            report = pull(
                lock,
                source,
                into,
                jobs=jobs,
                locales=locales or None,
                metadata=metadata,
                remove_orphans=remove_orphans,
                progress=progress,
            )
    except PullError as error:
        return _tell_failures(error, as_json=as_json)
    _tell(report, into, as_json=as_json)
    return 0


def _store(given: str, lock_path: Path) -> str:
    beside = lock_path.absolute().parent / "store"
    chosen = given or Settings.read().store or (str(beside) if beside.is_dir() else "")
    if not chosen:
        raise click.UsageError(
            "no store is named. Use --store with a folder, s3://bucket/prefix or "
            "https://host/path, or set BARKLINE_STORE."
        )
    return chosen


@contextmanager
def _bar(*, is_shown: bool) -> Iterator[Progress | None]:
    """Show a progress bar on standard error, when a person is watching."""
    if not is_shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(TextColumn("pull"), BarColumn(), MofNCompleteColumn(), console=console) as bar:
        task = bar.add_task("pull", total=None)

        def show(done: int, total: int, fetched: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show


def _tell(report: PullReport, into: Path, *, as_json: bool) -> None:
    if as_json:
        document = {
            "fetched": report.fetched,
            "kept": report.kept,
            "removed": report.removed,
            "bytes": report.bytes,
            "failures": [],
        }
        click.echo(json.dumps(document))
        return
    removed = f", {report.removed} removed" if report.removed else ""
    click.echo(
        f"{into}: {report.fetched} fetched ({report.bytes / 1e6:.1f} MB), "
        f"{report.kept} kept{removed}"
    )


def _tell_failures(error: PullError, *, as_json: bool) -> int:
    if as_json:
        failures = [{"path": path, "why": why} for path, why in error.failures]
        click.echo(json.dumps({"failures": failures, "error": str(error)}, ensure_ascii=False))
        return error.exit_code
    for path, why in error.failures[:FAILURES_SHOWN]:
        click.echo(f"error: {path}: {why}", err=True)
    if len(error.failures) > FAILURES_SHOWN:
        more = len(error.failures) - FAILURES_SHOWN
        click.echo(f"… and {more} more; --json shows all", err=True)
    click.echo(f"barkline: {error}", err=True)
    return error.exit_code
