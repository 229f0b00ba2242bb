"""`barkline freeze`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer import config
from renderer.bootstrap import open_house
from renderer.cli import outcome, show, walk
from renderer.cli.option import (
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.cli.plan import reason
from renderer.services.compare import Change
from renderer.services.freeze import freeze


@click.command(epilog="Example: barkline freeze manifests/emberfall --scene gate")
@project_argument
@build_option
@scope_options
@click.option("--list", "only_list", is_flag=True, help="Show what is frozen and what it would be.")
@json_option
def command(project: Path, build: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Pin approved lines to their current take, whatever changes around them.

    A new engine, lexicon, mastering target or codec leaves a frozen line alone. A change of the
    line itself (text, direction, voice, seed, recording) ends its freeze, with a warning. Exits
    with 1 when a line in scope is not approved and so cannot be frozen.
    """
    scope = scope_of(options)
    house = open_house(walk.open_workspace(project, build))
    refused: tuple[tuple[str, str], ...] = ()
    outcome.warn_empty(house, scope)
    if not options["only_list"]:
        report = freeze(house.unit, scope, config.who())
        refused = report.refused
        for line_id, locale in refused:
            click.echo(f"not frozen, for it is not approved: {line_id} ({locale})", err=True)
        click.echo(f"{len(report.done)} lines frozen", err=options["as_json"])
    with house.reading() as unit:
        plan = house.planner().against_database(unit, scope, reads_all=True)
    frozen = [line for line in plan.lines if line.change is Change.FROZEN or line.lapses]
    if options["as_json"]:
        show.as_json(
            [
                {
                    "line_id": line.line_id,
                    "locale": line.locale,
                    "would_change": [p.value for p in line.because],
                    "freeze_ends": line.lapses,
                }
                for line in frozen
            ]
        )
    else:
        for line in frozen:
            click.echo(f"{line.line_id}\t{line.locale}\t{reason(line)}")
    return 1 if refused else 0
