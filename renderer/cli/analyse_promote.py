"""`barkline analyse promote` and `barkline analyse rollback`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from renderer import config
from renderer.bootstrap import Workspace, open_house
from renderer.cli import show, walk
from renderer.cli.analyse_upgrade import FORMAT, VERSION, model_of, upgrade_file
from renderer.cli.option import build_option, json_option, project_argument
from renderer.domain.take import TakeStatus
from renderer.errors import InputError
from renderer.services.scope import Scope

OTHER_SINCE = (
    "The new voice has another model or engine than when it was heard; run `barkline analyse "
    "upgrade` again."
)
_character = click.option("--character", required=True, metavar="ID", help="Which character.")
_no_render = click.option(
    "--no-render", is_flag=True, help="Import the lines, and leave them to the next render."
)


@click.command(
    name="promote", epilog="Example: barkline analyse promote manifests/emberfall --character wren"
)
@project_argument
@build_option
@_character
@_no_render
@json_option
def promote(project: Path, build: Path | None, character: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Give a character the new voice of the last upgrade, in the project file and for its lines.

    Only the voice of that character changes in the project file; the lines are imported and the
    decision is recorded in one transaction; then they are rendered. Exits with 65 when the file
    cannot be changed with certainty, and with 1 when a line is rejected.
    """
    from renderer.bootstrap.recast import promote as give

    workspace = walk.open_workspace(project, build)
    voices = _wanted(workspace, character)
    with walk.alone(workspace):
        done = give(workspace, character, voices, config.who())
        return _finish(done, options)


@click.command(
    name="rollback",
    epilog="Example: barkline analyse rollback manifests/emberfall --character wren",
)
@project_argument
@build_option
@_character
@_no_render
@json_option
def rollback(project: Path, build: Path | None, character: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Give a character the voice back that it had before its last promotion.

    Its former takes are found again by their keys; nothing is rendered that was rendered before.
    """
    from renderer.bootstrap.recast import roll_back

    workspace = walk.open_workspace(project, build)
    with walk.alone(workspace):
        return _finish(roll_back(workspace, character, config.who()), options)


def _wanted(workspace: Workspace, character: str) -> dict[str, str]:
    """Return what the last upgrade found for a character.

    Raises:
        InputError: There is none, or the character is another than it was then.
    """
    path = upgrade_file(workspace.build)
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is not there or is broken; run `barkline analyse upgrade` first."
        ) from error
    if not isinstance(told, dict) or (told.get("format"), told.get("version")) != (FORMAT, VERSION):
        raise InputError(f"{path} is no upgrade of this version; run `barkline analyse upgrade`.")
    if told["why_not"]:
        raise InputError(told["why_not"])
    if character not in told["characters"]:
        known = ", ".join(told["characters"]) or "nobody"
        raise InputError(f"the last upgrade was of {known}, not of {character!r}.")
    now = workspace.project.characters.get(character)
    if now is None or now.fingerprint != told["characters"][character]:
        raise InputError(
            f"{character!r} was changed since the upgrade; run `barkline analyse upgrade` again."
        )
    if model_of(open_house(workspace, in_memory=True), told["voice_to"]) != told["model"]:
        raise InputError(OTHER_SINCE)
    return {told["voice_from"]: told["voice_to"]}


def _finish(done: Any, options: dict[str, Any]) -> int:  # noqa: ANN401 - bootstrap is imported late
    """Render what is new and tell what was done."""
    event, report = done.event, done.report
    counts: dict[TakeStatus, int] = {}
    if not options["no_render"] and report.requested:
        counts = walk.render(done.house, Scope(characters=(event.character,))).counts
    bad = sum(n for status, n in counts.items() if status is not TakeStatus.APPROVED)
    if options["as_json"]:
        show.as_json(
            {
                "character": event.character,
                "was": list(event.was),
                "now": list(event.now),
                "who": event.who,
                "is_rollback": event.is_rollback,
                "requested": report.requested,
                "takes": {status.value: n for status, n in counts.items() if n},
            }
        )
    else:
        now = ", ".join(event.now)
        click.echo(f"{event.character} has the voice {now} (was {', '.join(event.was)})")
        click.echo(f"{report.requested} lines to render, {report.cached} known")
    return 1 if bad else 0
