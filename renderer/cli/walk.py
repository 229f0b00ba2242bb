"""The pieces of the walk as commands put them together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer import bootstrap
from renderer.bootstrap import House, Named, SystemClock, Workspace
from renderer.cli import outcome, show
from renderer.config import Settings, unknown_variables
from renderer.domain.route import Priority
from renderer.domain.take import TakeStatus
from renderer.domain.voice_lock import VoiceLock, load
from renderer.errors import ConfigError, InputError, LockError
from renderer.services.ingest import FEW, IngestReport
from renderer.services.publish import PublishReport
from renderer.services.scope import Scope
from renderer.whole_file import write_whole

if TYPE_CHECKING:
    pass

LOST_SHOWN = 20


def open_workspace(project: Path, build: Path | None) -> Workspace:
    """Open a project and show its warnings."""
    for name in unknown_variables():
        show.warn(f"nothing reads {name}: is it misspelt? The settings are in docs/commands.md.")
    workspace = bootstrap.open_workspace(project, Settings.read(), build)
    for fault in workspace.warnings:
        show.warn(str(fault))
    return workspace


def read_lock(path: Path) -> VoiceLock:
    """Read a voice lock.

    Raises:
        LockError: It is missing or none.
    """
    try:
        return load(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError as error:
        raise LockError(f"{path} does not exist; write it with `barkline publish`.") from error
    except UnicodeDecodeError as error:
        raise LockError(f"{path} is no voice lock; restore it from git.") from error


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Hold the build folder, so that two renders do not share a database by mistake.

    Raises:
        ConfigError: Another process holds it.
    """
    with hold(workspace.build):
        yield


@contextmanager
def hold(build: Path) -> Iterator[None]:
    """Hold a build folder.

    Raises:
        ConfigError: Another process holds it.
    """
    from filelock import FileLock, Timeout

    build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(build / ".barkline.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(
            f"another barkline renders into {build}; wait for it, or use --build."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def hold_if(build: Path | None, is_applied: bool) -> Iterator[None]:
    """Keep renders out of a build folder, where there is one and something is to be changed."""
    is_held = is_applied and build is not None and build.is_dir()
    with hold(build) if is_held and build else nullcontext():
        yield


def _unused_recordings(house: House) -> list[str]:
    """Return the recordings that no line asks for: a wrong name would pass unnoticed."""
    recordings = house.workspace.recordings
    if not recordings:
        return []
    with house.reading() as unit:
        lines = {(line_id, locale) for line_id, locale, _ in unit.lines.ids(())}
    unused = sorted(recordings.keys() - lines)
    return [f"recorded/{locale}/{line_id}.wav" for line_id, locale in unused]


@dataclass(slots=True)
class Rendered:
    """What a render did.

    Attributes:
        ingest: The import.
        counts: How many takes ended in each status.
        speed: In words.
        queued: Takes that were asked of the workers of a service.
    """

    ingest: IngestReport
    counts: dict[TakeStatus, int] = field(default_factory=dict)
    speed: str = ""
    queued: int = 0


def require_scenes(house: House) -> None:
    """Hold that there is anything to say: an empty import would take every line for gone.

    Raises:
        InputError: No scene file is found.
    """
    if not house.source.files():
        project = house.workspace.project
        raise InputError(
            f"no scene file below {project.root} matches {', '.join(project.scenes)}; add one, for "
            f"example scenes/gate.yaml, or correct `scenes` in {project.path.name}."
        )


def take_in(
    house: House,
    scope: Scope | None,
    lock: VoiceLock | None = None,
    *,
    named: Named | None = None,
) -> IngestReport:
    """Import what changed; shows progress and warnings.

    Raises:
        InputError: No scene file is found, or lines have faults.
    """
    require_scenes(house)
    with show.counting("import") as tell:
        report = house.ingest(scope, lock, named=named).run(tell)
    for fault in report.warnings:
        show.warn(str(fault))
    for name in _unused_recordings(house):
        show.warn(f"{name} belongs to no line; name it recorded/<locale>/<line_id>.wav.")
    for line_id, locale in report.lapsed:
        show.warn(f"{line_id} ({locale}) was frozen, but the line itself changed; it is rendered.")
    return report


def render(
    house: House,
    scope: Scope,
    retry: tuple[TakeStatus, ...] = (),
    lock: VoiceLock | None = None,
    *,
    reads_store: bool = False,
    named: Named | None = None,
    waits: bool = True,
) -> Rendered:
    """Import and render what is in scope; shows progress.

    Takes that failed (not those the gate rejected) are always tried again.

    Args:
        house: The project.
        scope: Which lines.
        retry: Statuses of takes to render again.
        lock: A committed lock to go by.
        reads_store: Whether to look for takes whose sound is lost or damaged.
        named: What the caller says of the import.
        waits: Whether to wait for the workers of a service.
    """
    from renderer.services.queue import reopen, start_alone
    from workers.embedded import render_all

    ingest = take_in(house, scope, lock, named=named)
    outcome.warn_empty(house, scope)
    _heal(house, scope, reads=reads_store, against=lock is not None)
    attempts = house.workspace.project.max_attempts
    reopen(house.unit, scope, (TakeStatus.FAILED, *retry), attempts)
    done = Rendered(ingest)
    settings = house.workspace.settings
    if settings.is_service:
        _await_workers(house, scope, done, named.priority if named else None, waits=waits)
        return done
    ids = start_alone(house.unit, scope)
    if not ids:
        return done
    walk = bootstrap.open_walk(house)
    with show.RenderDisplay(len(ids), SystemClock().monotonic_s) as display:
        walk.render.told = display.told
        done.counts = render_all(walk, ids, display.tick, settings.workers)
        done.speed = display.speed()
    return done


def _await_workers(
    house: House, scope: Scope, done: Rendered, priority: Priority | None, *, waits: bool
) -> None:
    """Have the workers of the service render what is open in scope; shows progress.

    May be interrupted: the workers go on, and the same command waits for them again.
    """
    from renderer.services import failpoint
    from renderer.services.await_takes import await_takes
    from renderer.services.queue import request

    point = failpoint.read(house.workspace.settings.failpoint)
    ids = request(house.unit, scope, FEW, priority, point)
    done.queued = len(ids)
    if not ids or not waits:
        return
    display = show.RenderDisplay(len(ids), SystemClock().monotonic_s)
    with display:
        done.counts = await_takes(house.reading, ids, display.tick, time.sleep, point)
        done.speed = display.speed()


def _heal(house: House, scope: Scope, *, reads: bool, against: bool) -> None:
    """Have lines rendered again whose sound the store has lost.

    The build folder's own store is always asked. A shared one, and one that a committed lock
    vouches for, only when asked to: it may be slow, or away for a moment.
    """
    from renderer.services.heal import Healer

    if not reads and (against or not house.workspace.owns_store):
        return
    healed = Healer(house.unit, house.store, house.request, house.reading).run(scope, reads=reads)
    for line_id, locale in healed[:LOST_SHOWN]:
        show.warn(f"the store has lost the sound of {line_id} ({locale}); it is rendered again.")
    if len(healed) > LOST_SHOWN:
        show.warn(f"… and of {len(healed) - LOST_SHOWN} more.")


def publish(house: House, path: Path) -> PublishReport:
    """Write the voice lock, atomically; one that says the same is not touched."""
    workspace = house.workspace
    with house.reading() as unit:
        report = house.publish().run(unit, workspace.project.name, workspace.project.required)
    if not path.is_file() or path.read_bytes() != report.text.encode():
        write_whole(path, report.text.encode())
    return report


def tell_left_out(report: PublishReport) -> None:
    """Show what is not in the lock and why."""
    for left in report.left_out:
        click.echo(f"not published: {left.line_id} ({left.locale}): {left.why}", err=True)
