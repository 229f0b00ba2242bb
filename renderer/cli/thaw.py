"""`barkline thaw`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer import config
from renderer.bootstrap import open_house
from renderer.cli import outcome, walk
from renderer.cli.option import build_option, project_argument, scope_of, scope_options
from renderer.services.freeze import thaw


@click.command(epilog="Example: barkline thaw manifests/emberfall --line gate_halt_01")
@project_argument
@build_option
@scope_options
def command(project: Path, build: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Let frozen lines follow their inputs again, from the next render on."""
    house = open_house(walk.open_workspace(project, build))
    scope = scope_of(options)
    outcome.warn_empty(house, scope)
    report = thaw(house.unit, scope, config.who())
    click.echo(f"{len(report.done)} lines thawed")
    return 0
