"""`barkline status`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from renderer.bootstrap import House, open_house
from renderer.cli import outcome, show, walk
from renderer.cli.option import (
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.domain.take import TakeStatus
from renderer.services.held import decisions_held, standing_of

IMPORTS_SHOWN = 20


@click.command(epilog="Example: barkline status manifests/emberfall --locale de-DE")
@project_argument
@build_option
@scope_options
@click.option("--imports", is_flag=True, help="Show the last imports instead: when, who and what.")
@json_option
def command(
    project: Path,
    build: Path | None,
    imports: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Show how many lines are where, by locale and character, and what needs a person."""
    scope = scope_of(options)
    house = open_house(walk.open_workspace(project, build))
    if imports:
        tell_imports(house, as_json=as_json)
        return 0
    errors = outcome.failures(house, scope)
    by_locale: dict[str, Counter[str]] = {}
    by_character: dict[str, Counter[str]] = {}
    waiting: list[dict[str, str]] = []
    with house.reading() as unit:
        stale = house.stale_translations(unit)
        rows = [row for row in unit.lines.iterate() if scope.holds(row.utterance)]
        held = decisions_held(unit, rows).decisions
    for row in rows:
        said, decision = row.utterance, held.get(row.pk)
        status = standing_of(row, decision)
        by_locale.setdefault(said.locale, Counter())[status] += 1
        by_character.setdefault(said.character, Counter())[status] += 1
        is_good = row.status is TakeStatus.APPROVED and status in ("approved", "frozen")
        if not (is_good or status == "waived") or said.key in stale:
            why = "stale translation" if is_good or status == "waived" else status
            error = decision.describe() if decision else errors.get(said.key, ("", ""))[1]
            entry = {"line_id": said.line_id, "locale": said.locale, "why": why}
            waiting.append(entry | {"error": error})
    if as_json:
        show.as_json({"locales": by_locale, "characters": by_character, "waiting": waiting})
        return 0
    tell((by_locale, by_character), waiting)
    return 0


def tell(tables: tuple[dict[str, Counter[str]], ...], waiting: list[dict[str, str]]) -> None:
    """Print the counts, and what needs a person."""
    if not any(tables):
        click.echo("no line is here; run `barkline render`, or look at what you asked for")
        return
    for table in tables:
        for name, counts in sorted(table.items()):
            click.echo(f"{name:24} " + ", ".join(f"{n} {s}" for s, n in sorted(counts.items())))
        click.echo("")
    for row in waiting:
        error = f": {row['error']}" if row["error"] else ""
        click.echo(f"{row['why']}: {row['line_id']} ({row['locale']}){error}")


def tell_imports(house: House, *, as_json: bool) -> None:
    """Print the last imports that found something to do, the newest first."""
    with house.reading() as unit:
        past = unit.history.imports(IMPORTS_SHOWN)
    if as_json:
        show.as_json([{"at": p.at.isoformat(timespec="seconds"), **asdict(p.told)} for p in past])
        return
    if not past:
        click.echo("nothing was imported yet; run `barkline import` or `barkline render`")
    for imported in past:
        told = imported.told
        click.echo(
            f"{imported.at:%Y-%m-%d %H:%M} UTC  {told.who}  {told.revision[:12] or '(no commit)'}  "
            f"{told.lines} lines, {told.requested} requested, {told.cached} cached"
        )
