"""`barkline gate`: what other limits would make of the takes that are there."""

from __future__ import annotations

import click

from renderer.cli.gate_calibrate import command as calibrate
from renderer.cli.gate_replay import command as replay


@click.group(name="gate", epilog="Example: barkline gate replay manifests/emberfall")
def command() -> None:
    """Judge stored takes again under other limits, and propose limits; nothing is rendered."""


command.add_command(replay)
command.add_command(calibrate)
