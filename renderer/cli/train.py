"""`barkline train`: our own voices, from text sets to a model that speaks.

The steps live in files of their own, `train_*.py`, imported when they run.
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


STEPS = {
    "texts": Step("train_texts", "command", "Make a text set from a grammar."),
    "distil": Step("train_distil", "command", "Let a voice or program speak text sets."),
    "prepare": Step("train_prepare", "command", "Turn recordings into a checked corpus."),
    "augment": Step("train_augment", "command", "Make a labelled variant of a speaker."),
    "fit": Step("train_fit", "fit", "Train a model by a recipe, or go on with it."),
    "predict": Step("train_fit", "predict", "Let an acoustic model speak a corpus to a vocoder."),
    "emotion": Step("train_emotion", "command", "Train a judge of emotions on a voice."),
    "export": Step("train_fit", "export", "Write trained models as a voice."),
}


class Steps(click.Group):
    """The steps of a training; their help is known without importing one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the steps in the order of the walk."""
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
    name="train",
    cls=Steps,
    epilog="Example: barkline train distil --voice formant#f5 --texts en.txt --out build/corpus",
)
def command() -> None:
    """Train voices of your own: text sets, corpora, models.

    The steps need the extra `train`: pip install 'barkline[cpu,train]'.
    """
