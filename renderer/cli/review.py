"""`barkline review`: decisions about takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import review_serve, show, walk
from renderer.cli.option import build_option, json_option, project_argument
from renderer.cli.step import DefaultGroup
from renderer.errors import ReviewError

if TYPE_CHECKING:
    from renderer.domain.review import Reviewed

LOG_SHOWN = 50


@click.group(
    "review",
    cls=DefaultGroup,
    default="serve",
    epilog="Example: barkline review manifests/emberfall --as Mira",
)
def command() -> None:
    """Decide about takes: approve, waive, retake, return to the writer, replace.

    `barkline review PROJECT` serves the review page; its options: `barkline review serve --help`.
    """


command.add_command(review_serve.command)


@command.command("apply", epilog="Example: barkline review apply manifests/emberfall d.json")
@click.argument("project", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@build_option
@json_option
def apply(project: Path, file: Path, build: Path | None, as_json: bool) -> int:
    """Record the decisions of a FILE that the report exported.

    A second time is harmless. Decisions about lines on which somebody else has decided since, or
    whose take is another one by now, are not recorded and listed; the rest is. Retakes are written
    into retakes.yaml: `barkline render` says them. Exits with 1 when any decision was not recorded.
    """
    from renderer.bootstrap import open_house, open_review
    from renderer.services.decision_file import load_decisions

    read = load_decisions(_bytes(file), file.name)
    workspace = walk.open_workspace(project, build)
    if read.project != workspace.project.name:
        raise ReviewError(
            f"{file.name} is of project {read.project!r}, this is {workspace.project.name!r}."
        )
    review = open_review(open_house(workspace))
    done = review.decide(read.decisions, read.seen, keeps_rest=True)
    tell(done, as_json=as_json)
    return 0 if all(one.is_settled for one in done) else 1


def _bytes(file: Path) -> bytes:
    from renderer.services.decision_file import MAX_BYTES

    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def tell(done: list[Reviewed], *, as_json: bool) -> None:
    """Print what became of decisions."""
    from renderer.report.record import decision_record

    if as_json:
        show.as_json(
            [
                {
                    **decision_record(r.decision),
                    "reception": r.reception.value,
                    "message": r.message,
                }
                for r in done
            ]
        )
        return
    for one in done:
        if not one.is_settled:
            line_id, locale = one.decision.key
            click.echo(f"{one.reception.value}: {line_id} ({locale}): {one.message}", err=True)
    counts = {r.reception: 0 for r in done}
    for one in done:
        counts[one.reception] += 1
    said = ", ".join(f"{n} {reception.value}" for reception, n in sorted(counts.items()))
    click.echo(f"decisions: {said or 'none'}")
    if any(one.asks_for_import for one in done):
        click.echo("committed files changed: run `barkline render`, then commit them")


@command.command("log", epilog="Example: barkline review log manifests/emberfall")
@project_argument
@click.option("--all", "everything", is_flag=True, help="Show every decision.")
@build_option
@json_option
def log(project: Path, everything: bool, build: Path | None, as_json: bool) -> int:
    """Show what was decided about takes, the newest first."""
    from renderer.bootstrap import open_house, open_review
    from renderer.report.record import decision_record

    review = open_review(open_house(walk.open_workspace(project, build)))
    found = review.log(None if everything else LOG_SHOWN)
    if as_json:
        show.as_json([decision_record(decision) for decision in found])
        return 0
    if not found:
        click.echo("nothing was decided yet")
    for decision in found:
        click.echo(f"{decision.line_id} ({decision.locale}): {decision.describe()}")
    return 0
