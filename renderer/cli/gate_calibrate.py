"""`barkline gate calibrate`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from renderer.bootstrap import gate_limits
from renderer.cli import gate_replay, outcome, show
from renderer.cli.option import (
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.errors import InputError
from renderer.quality.calibration import LEAST_TAKES
from renderer.services.calibrate import Calibration, calibrate
from renderer.services.replay import Replayer

NOTHING = 1


@click.command(
    name="calibrate",
    epilog="Example: barkline gate calibrate manifests/emberfall --voice 'hearth*'",
)
@project_argument
@build_option
@scope_options
@click.option(
    "--voice",
    "voices",
    multiple=True,
    metavar="PATTERN",
    help="Only this voice (name#speaker); a shell pattern, may be repeated.",
)
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the proposals as a gate.yaml; no file is overwritten.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every line, not the first 40.")
@json_option
def command(
    project: Path,
    build: Path | None,
    voices: tuple[str, ...],
    write: Path | None,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Propose limits per voice, and per voice and language, from approved takes.

    What 98 of 100 takes keep, and a margin beyond. It needs 30 sentences per voice; short lines,
    whispers and shouts do not count. Shows what a replay under the proposals would change, and
    changes nothing itself. Exits with 1 when no voice has takes enough.
    """
    if write is not None and write.exists():
        raise InputError(f"{write} is there; name another file, and lay it into yours by hand.")
    house = gate_replay.open_judged(project, build)
    scope = scope_of(options)
    outcome.warn_empty(house, scope)
    place = house.workspace
    limits = gate_limits(place)
    with house.reading() as unit:
        found = calibrate(unit, limits, scope, voices)
        replayed = Replayer(place.project.name, found.over(limits)).look(unit, scope)
    if write is not None and found.proposals:
        write.write_text(found.fragment(), encoding="utf-8")
    if options["as_json"]:
        show.as_json(
            {
                "least_takes": LEAST_TAKES,
                "proposals": [asdict(one) for one in found.proposals],
                "refused": found.refused,
                "replay": gate_replay.document(replayed, is_applied=False),
            }
        )
    else:
        tell(found)
        if found.proposals:
            click.echo("\nUnder these limits a replay")
            gate_replay.tell(replayed, is_applied=False, everything=options["show_all"])
            if write is not None:
                click.echo(f"written: {write}")
    return 0 if found.rows else NOTHING


def tell(found: Calibration) -> None:
    """Print what is proposed, beside what holds now."""
    row = ""
    for one in found.proposals:
        if one.row != row:
            row = one.row
            click.echo(row)
        click.echo(f"  {one.limit:28} {one.current:>9.4g} → {one.proposed:<9.4g} {one.takes} takes")
    for name, takes in found.refused.items():
        click.echo(f"{name}: {takes} approved sentences; {LEAST_TAKES} are needed")
    if not found.rows and not found.refused:
        click.echo("no approved sentence has stored metrics; run `barkline render`")
    elif not found.proposals and found.rows:
        click.echo("every limit fits already")
