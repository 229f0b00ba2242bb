"""`barkline verify`: prove that a lock can be shipped, offline and without an engine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer import bootstrap, config
from renderer.cli.option import lock_option, project_argument
from renderer.config import Settings
from renderer.errors import Fault, Level, ManifestError

if TYPE_CHECKING:
    from renderer.domain.project import Project
    from renderer.domain.utterance import Utterance
    from renderer.services.verify import Problem, VerifyReport

PROBLEMS_SHOWN = 100
NOT_SHIPPABLE = 1


@click.command(
    "verify",
    epilog="Example: barkline verify manifests/emberfall --lock voice.lock --assets Content/Voice",
)
@project_argument
@lock_option
@click.option(
    "--assets",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A pulled folder, whose files are compared with the lock.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail as well.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    help="How problems are printed. [default: github inside a GitHub workflow, else text]",
)
def command(
    project: Path,
    lock: Path | None,
    assets: Path | None,
    strict: bool,
    as_json: bool,
    form: str | None,
) -> int:
    """Prove that every required line has an approved, current, publishable asset.

    Needs the manifests and the lock: no database, no store, no engine, no network.

    Exit codes: 0 it can be shipped; 1 it cannot; 64 wrong usage; 65 the manifests or the lock
    are wrong.
    """
    from renderer.pull import read_lock
    from renderer.services.verify import verify

    workspace = bootstrap.open_workspace(project, Settings.read())
    report = verify(
        workspace.project,
        _utterances(workspace.project),
        read_lock(lock or workspace.lock_path),
        workspace.inputs,
        assets,
        today=datetime.fromtimestamp(time.time(), UTC).date(),
    )
    is_good = report.is_shippable and not (strict and report.problems)
    if as_json:
        click.echo(json.dumps(_document(report, is_good), ensure_ascii=False))
    elif form == "github" or (form is None and config.is_github_actions()):
        for problem in report.problems:
            click.echo(_annotation(problem, workspace.project.root))
        click.echo(_summary(report, is_good))
    else:
        _tell(report, is_good)
    return 0 if is_good else NOT_SHIPPABLE


def _utterances(project: Project) -> Iterator[Utterance]:
    """Yield every line; whatever voices are installed here does not matter."""
    from renderer.manifest.reader import find_files, read_scenes

    faults: list[Fault] = []
    for scene in read_scenes(project, find_files(project), faults, voices=None):
        yield from scene.utterances
    errors = [f for f in faults if f.level is Level.ERROR]
    if errors:
        raise ManifestError(f"{len(errors)} faults in the manifests; nothing was verified", errors)


def _document(report: VerifyReport, is_good: bool) -> dict[str, Any]:
    return {
        "shippable": is_good,
        "required": report.required,
        "proven": report.proven,
        "frozen": report.frozen,
        "waived": report.waived,
        "files": report.files,
        "problems": [
            {
                "kind": p.kind.value,
                "level": p.level.value,
                "line_id": p.line_id,
                "locale": p.locale,
                "message": p.message,
                "changed": [part.value for part in p.changed],
                "file": p.origin.path,
                "line": p.origin.line,
                "path": p.path,
            }
            for p in report.problems
        ],
    }


def _tell(report: VerifyReport, is_good: bool) -> None:
    ordered = sorted(report.problems, key=lambda p: p.level is not Level.ERROR)
    for problem in ordered[:PROBLEMS_SHOWN]:
        where = f"{problem.origin.path}:{problem.origin.line}: " if problem.origin.path else ""
        click.echo(f"{problem.level.value}: {where}[{problem.kind.value}] {problem.message}")
    if len(ordered) > PROBLEMS_SHOWN:
        click.echo(f"… and {len(ordered) - PROBLEMS_SHOWN} more; --json shows all")
    click.echo(_summary(report, is_good))


def _summary(report: VerifyReport, is_good: bool) -> str:
    warnings = len(report.problems) - len(report.errors)
    details = [f"{report.proven} of {report.required} required lines proven"]
    details += [f"{report.files} files compared"] if report.files else []
    details += [f"{report.frozen} frozen"] if report.frozen else []
    details += [f"{report.waived} waived"] if report.waived else []
    details += [f"{warnings} warnings"] if warnings else []
    return f"{'shippable' if is_good else 'NOT SHIPPABLE'}: {', '.join(details)}"


def _annotation(problem: Problem, root: Path) -> str:
    """Return a problem as a GitHub workflow command, its place relative to here."""
    options = {"title": f"voice {problem.kind.value}"}
    if problem.origin.path:
        place = os.path.relpath(root / problem.origin.path).replace(os.sep, "/")
        options = {"file": place, "line": str(problem.origin.line), **options}
    inner = ",".join(f"{name}={_escape(value, ':,')}" for name, value in options.items())
    return f"::{problem.level.value} {inner}::{_escape(problem.message, '')}"


def _escape(text: str, also: str) -> str:
    """Encode what would end a workflow command: per cent, line ends, and what is named."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
