"""Groups of commands: one that may be left unnamed, and steps that are imported when they run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class Step(NamedTuple):
    """Where a command is, and its line of help."""

    module: str
    command: str
    help: str


class DefaultGroup(click.Group):
    """A group one of whose commands is meant where none is named.

    Args:
        default: Its name.
    """

    def __init__(self, *args: Any, default: str, **settings: Any) -> None:  # noqa: ANN401 - click
        super().__init__(*args, **settings)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `GROUP PROJECT` for `GROUP DEFAULT PROJECT`."""
        named = (*self.list_commands(ctx), *ctx.help_option_names)
        if self._default and (not args or args[0] not in named):
            args = [self._default, *args]
        return super().parse_args(ctx, args)


class Steps(DefaultGroup):
    """A group whose commands are imported when they run; their help is known without.

    Args:
        steps: Name to command.
        default: The one that is meant where none is named, or "".
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click
        steps: Mapping[str, Step],
        default: str = "",
        **settings: Any,  # noqa: ANN401 - click
    ) -> None:
        super().__init__(*args, default=default, **settings)
        self._steps = steps

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return list(self._steps)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a step and return its command."""
        if cmd_name not in self._steps:
            return None
        step = self._steps[cmd_name]
        command = getattr(importlib.import_module(f"renderer.cli.{step.module}"), step.command)
        if not isinstance(command, click.Command):
            raise TypeError(f"renderer.cli.{step.module}.{step.command} is no click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of steps without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, step.help) for name, step in self._steps.items()])
