"""`barkline analyse cast`, the default of `barkline analyse`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer.bootstrap import open_house
from renderer.cli import outcome, show, walk
from renderer.cli.option import (
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)

_SHOWN = 10


@click.command(name="cast", epilog="Example: barkline analyse manifests/emberfall --locale en-US")
@project_argument
@build_option
@scope_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for page, pictures and figures.  [default: report/analysis in the build folder]",
)
@json_option
def command(
    project: Path,
    build: Path | None,
    out: Path | None,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Study the approved takes: who sounds like whom, drift, pitch, pace.

    Writes a page with pictures (SVG, PNG) and figures (JSON, CSV). What was measured of a sound is
    kept in the build folder, so that a second run is quick. Exits with 1 when nothing in scope is
    approved.
    """
    from renderer.bootstrap.analysis import analyse, require_analysis, write_study

    require_analysis()
    workspace = walk.open_workspace(project, build)
    house = open_house(workspace)
    scope = scope_of(options)
    outcome.warn_empty(house, scope)
    with show.counting("measure") as tell:
        found = analyse(house, scope, tell)
    page = write_study(house, found, out or workspace.build / "report" / "analysis")
    for note in found.notes:
        show.warn(note)
    if as_json:
        from renderer.analysis.table import plain

        show.as_json({"page": str(page), **plain(found.study)})
        return 0
    for pair in found.study.confused[:_SHOWN]:
        click.echo(f"{pair.one} and {pair.other} will be confused: {'; '.join(pair.reasons)}")
    for drift in found.study.drifts:
        if drift.has_moved:
            step = f"{drift.before} → {drift.after}"
            click.echo(
                f"{drift.character} ({drift.locale}) moved by {drift.angle_deg:.0f}°: {step}"
            )
    click.echo(str(page))
    return 0
