"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from renderer.services.scope import Scope

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Return a time like `90m`, `24h` or `7d` in seconds: a callback for options."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,6})([smhd])", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is no duration; use one like 90m, 24h or 7d.")
    return float(int(match.group(1)) * _UNITS[match.group(2)])


any_project_argument = click.argument(
    "project", required=False, type=click.Path(path_type=Path, exists=True), metavar="[PROJECT]"
)

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


def order_options(command: F) -> F:
    """Add --committer and --revision; the command receives `committer` and `revision`."""
    revision = click.option(
        "--revision",
        default="",
        metavar="SHA",
        help="The commit that is imported.  [default: BARKLINE_REVISION, CI's, or the checkout's]",
    )
    committer = click.option(
        "--committer",
        default="",
        metavar="NAME",
        help="Who committed it.  [default: BARKLINE_USER, or the commit's author]",
    )
    return committer(revision(command))


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
