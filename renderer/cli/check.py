"""`barkline check`: read the manifests as an import would, and list every fault."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from renderer import __version__, config
from renderer.errors import BarklineError, Fault, InputError

if TYPE_CHECKING:
    from renderer.domain.project import Project
    from renderer.manifest.inspection import Inspection, Step, Surroundings

FORMATS = ("text", "github", "sarif", "junit", "json")
BUILT_IN_VOICE = "formant"
EXIT_FAULTS = 65  # EX_DATAERR of sysexits.h


@click.command(
    name="check",
    short_help="Check manifests without a database.",
    epilog="Example: barkline check manifests/emberfall --format sarif --output check.sarif",
)
@click.argument("project", type=click.Path(exists=True, path_type=Path), default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="text for people; github annotates a pull request; sarif, junit and json for other CI.  "
    "[default: github inside a GitHub workflow, else text]",
)
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    help="Write the faults to this file.",
)
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.pass_context
def command(
    ctx: click.Context, project: Path, form: str | None, output: TextIO | None, strict: bool
) -> None:
    """Check the manifests of PROJECT (a folder or its project file; default: here).

    Lists every fault of every file at once, each with file, line, field and what to do. Needs no
    database, no voice and no network.

    Exit codes: 0 no errors; 65 errors (with --strict: or warnings).
    """
    from renderer.manifest.annotate import annotate

    form = form or ("github" if config.is_github_actions() else "text")
    with _progress() as on_step:
        found = _inspect(project, on_step)
    text = annotate(found.faults, form, prefix=_prefix(project), version=__version__)
    click.echo(text, nl=False, file=output)
    if form in ("text", "github") or output is not None:
        click.echo(f"{found.lines:,} good lines in {found.files:,} files.", err=True)
    if found.has_errors or (strict and found.faults):
        ctx.exit(EXIT_FAULTS)


def _inspect(project: Path, on_step: Callable[[Step], None]) -> Inspection:
    from renderer.manifest.inspection import inspect

    found = inspect(project, around=_around, on_step=on_step)
    if found.project is not None:
        found.faults.extend(_beside(found.project))
    return found


def _beside(project: Project) -> Iterator[Fault]:
    """Yield what is wrong with a project's own limits, emotion profiles and recordings."""
    from renderer.bootstrap.workspace import gate_names, gate_path, profiles_path
    from renderer.direction.profile import read_profiles
    from renderer.quality.limit_file import read_limits
    from renderer.services.recording import FOLDER, scan_recordings

    odd: list[Fault] = []
    names = gate_names(project, config.Settings.read())
    readers: tuple[tuple[Path, Callable[[Path], object]], ...] = (
        (gate_path(project), lambda path: read_limits(path, names, odd)),
        (profiles_path(project), read_profiles),
        (project.root / FOLDER, scan_recordings),
    )
    for path, read in readers:
        try:
            if path.exists():
                read(path)
        except BarklineError as error:
            faults = error.faults if isinstance(error, InputError) else ()
            whole = Fault(path.name, 0, "", str(error), "Correct or remove it.", "unreadable")
            yield from faults or (whole,)
    yield from odd


def _around(project: Project) -> Surroundings:
    """Return the lexicons and voices `render` would use on this machine."""
    from renderer.bootstrap.workspace import lexicon_paths
    from renderer.manifest.inspection import Surroundings
    from renderer.speech.card import read_folders

    folders = [project.root / "voices", config.Settings.read().voices]
    try:
        voices = {BUILT_IN_VOICE, *read_folders([*folders, config.assets_dir() / "voices"])}
    except InputError as error:  # a broken card is the business of `barkline voices`
        click.echo(f"Voices are not checked: {error}", err=True)
        return Surroundings(lexicon_paths(project))
    return Surroundings(lexicon_paths(project), voices)


def _prefix(project: Path) -> str:
    """Return the project folder relative to the working folder, with forward slashes."""
    folder = project if project.is_dir() else project.parent
    try:
        relative = Path(relpath(folder)).as_posix()
    except ValueError:  # another drive on Windows
        relative = folder.resolve().as_posix()
    return "" if relative == "." else relative


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """Show a bar on stderr where a person sits in front of it."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.fields[lines]:,} lines"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", lines=0)

        def on_step(step: Step) -> None:
            bar.update(task, completed=step.done, total=step.total, lines=step.lines)

        yield on_step
