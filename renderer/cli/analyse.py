"""`barkline analyse`: who sounds like whom; what another voice would change.

`barkline analyse PROJECT` studies the cast. The other steps live in files of their own and are
imported when they run.
"""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click


class Step(NamedTuple):
    """Where a step's command is, and what it does."""

    module: str
    command: str
    help: str


CAST = "cast"
STEPS = {
    CAST: Step(
        "analyse_cast", "command", "Study the cast: maps, matrices, pitch, drift. [default]"
    ),
    "upgrade": Step(
        "analyse_upgrade", "command", "Render lines with another voice, old beside new."
    ),
    "promote": Step("analyse_promote", "promote", "Give a character the voice of the upgrade."),
    "rollback": Step("analyse_promote", "rollback", "Give a character its former voice back."),
}


class Steps(click.Group):
    """The kinds of analysis; what is no name of one is the project of a cast's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `analyse PROJECT` for `analyse cast PROJECT`."""
        if not args or (args[0] not in STEPS and args[0] not in ("--help", "-h")):
            args = [CAST, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the steps in order."""
        return list(STEPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a step and return its command."""
        if cmd_name not in STEPS:
            return None
        step = STEPS[cmd_name]
        command = getattr(importlib.import_module(f"renderer.cli.{step.module}"), step.command)
        if not isinstance(command, click.Command):
            raise TypeError(f"renderer.cli.{step.module}.{step.command} is no click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of steps without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, step.help) for name, step in STEPS.items()])


@click.group(
    name="analyse", cls=Steps, epilog="Example: barkline analyse manifests/emberfall --locale en-US"
)
def command() -> None:
    """Show who sounds like whom, how voices moved, and what another voice would change.

    `barkline analyse PROJECT` is short for `barkline analyse cast PROJECT`; its options are those
    of `barkline analyse cast --help`.
    """
