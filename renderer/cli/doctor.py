"""`barkline doctor`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.bootstrap.doctor import examine_all
from renderer.cli import show
from renderer.cli.option import any_project_argument, build_option, json_option
from renderer.domain.diagnosis import Health

if TYPE_CHECKING:
    from renderer.domain.diagnosis import Diagnosis


@click.command(epilog="Example: barkline doctor --json")
@any_project_argument
@build_option
@json_option
def command(project: Path | None, build: Path | None, as_json: bool) -> int:
    """Look whether everything Barkline needs is there and well, and say what to do when not.

    Every check runs, whatever the others find; one that gets no answer within 20 seconds has
    failed. What is asked depends on the settings. Into the store one small object is written, and
    deleted again where that is allowed. Exits with 1 when anything failed.
    """
    found = examine_all(project, build)
    is_well = not any(one.health is Health.FAILED for one in found)
    if as_json:
        show.as_json({"well": is_well, "checks": [asdict(one) for one in found]})
    else:
        _tell(found)
    return 0 if is_well else 1


def _tell(found: list[Diagnosis]) -> None:
    width = max(len(one.check) for one in found)
    for one in found:
        click.echo(f"{one.health.value:8} {one.check:{width}}  {one.found}")
        if one.fix:
            click.echo(f"{'':8} {'':{width}}  → {one.fix}")
    bad = sum(one.health is Health.FAILED for one in found)
    odd = sum(one.health is Health.WARNING for one in found)
    click.echo(f"{len(found)} checks: {bad} failed, {odd} warnings")
