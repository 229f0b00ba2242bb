"""`barkline preview`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click

from renderer.bootstrap import House, open_house, open_render
from renderer.cli import walk
from renderer.cli.option import build_option
from renderer.domain.utterance import Utterance
from renderer.errors import Fault, InputError, Level, ManifestError

# Players that come with the systems people write on, with the arguments to play one file.
PLAYERS = (("afplay",), ("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"), ("play", "-q"))


@click.command(epilog="Example: barkline preview manifests/emberfall/scenes/gate.yaml --line halt")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--line", "line_id", required=True, help="Line id.")
@click.option("--locale", default="", help="Locale, where the file holds several.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--play", is_flag=True, help="Play it.")
@build_option
def command(
    file: Path, line_id: str, locale: str, out: Path | None, play: bool, build: Path | None
) -> int:
    """Render one line of one scene file at once, without a database.

    The gate's findings are shown; a rejected line is written all the same, and the exit code is 1.
    """
    workspace = walk.open_workspace(project_of(file), build)
    house = open_house(workspace, in_memory=True)
    said = find_line(house, file, line_id, locale)
    made = open_render(house).preview(house.keys.key(said), house.request(said))
    target = out or (
        workspace.build
        / "preview"
        / said.locale
        / f"{said.line_id}{workspace.project.delivery.extension}"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(made.delivery)
    for finding in made.verdict.failed:
        click.echo(f"{finding.check}: {finding.message} {finding.hint}", err=True)
    click.echo(f"{target} ({made.decoded.duration_s:.2f} s, {made.verdict.decision.value})")
    if play:
        _play(target)
    return 1 if made.verdict.failed else 0


def project_of(file: Path) -> Path:
    """Return the project file of the nearest folder above a scene file that holds one.

    Raises:
        InputError: No folder does.
    """
    from renderer.manifest.project import PROJECT_FILES

    for folder in file.resolve().parents:
        for name in PROJECT_FILES:
            if (folder / name).is_file():
                return folder / name
    raise InputError(f"No folder above {file} holds a {PROJECT_FILES[0]}; add one there.")


def find_line(house: House, file: Path, line_id: str, locale: str) -> Utterance:
    """Find one line of one scene file.

    Raises:
        ManifestError: The file has faults.
        InputError: The line is not in it.
    """
    name = file.resolve().relative_to(house.workspace.project.root.resolve()).as_posix()
    files = [f for f in house.source.files() if f.path == name]
    faults: list[Fault] = []
    lines = [u for _, some in house.source.read(files, faults, {}) for u in some]
    errors = [f for f in faults if f.level is Level.ERROR]
    if errors:
        raise ManifestError(f"{name} has {len(errors)} faults", faults)
    found = [u for u in lines if u.line_id == line_id and locale in ("", u.locale)]
    if not found:
        wanted = f"{line_id!r} in {locale}" if locale else repr(line_id)
        ids = sorted({f"{u.line_id} ({u.locale})" for u in lines})
        near = [i for i in ids if line_id in i] or ids
        known = f"it has {', '.join(near[:20])}" if near else "it is no scene file of the project"
        raise InputError(f"{name} has no line {wanted}; {known}.")
    return found[0]


def _play(path: Path) -> None:
    for name, *arguments in PLAYERS:
        player = shutil.which(name)
        if player:
            subprocess.run([player, *arguments, str(path)], check=False)  # noqa: S603 - fixed program
            return
    click.echo("no player found (afplay, ffplay or sox); open the file yourself", err=True)
