"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from renderer.services.scope import Scope

F = TypeVar("F", bound=Callable[..., Any])

project_argument = click.argument(
    "project", default=".", type=click.Path(path_type=Path), metavar="[PROJECT]"
)
build_option = click.option(
    "--build",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for everything generated.  [default: build/<project>]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
lock_option = click.option(
    "--lock",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The voice lock.  [default: voice.lock in the build folder]",
)
against_option = click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A committed voice lock to hold the manifests against: what CI does, with no database.",
)


def scope_options(command: F) -> F:
    """Add --character, --scene, --locale and --line; the command receives `scope`."""
    for name, what in (
        ("line", "line id"),
        ("locale", "locale"),
        ("scene", "scene"),
        ("character", "character"),
    ):
        command = click.option(
            f"--{name}",
            multiple=True,
            metavar="PATTERN",
            help=f"Only this {what}; a shell pattern, may be repeated.",
        )(command)
    return command


def scope_of(options: dict[str, tuple[str, ...]]) -> Scope:
    """Return the scope the four options ask for."""
    return Scope(
        characters=options["character"],
        scenes=options["scene"],
        locales=options["locale"],
        lines=options["line"],
    )
