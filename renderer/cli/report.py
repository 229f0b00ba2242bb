"""`barkline report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from renderer.bootstrap import open_house
from renderer.cli import qa_pages, walk
from renderer.cli.option import build_option, project_argument, scope_of, scope_options


@click.command(epilog="Example: barkline report manifests/emberfall --character wren")
@project_argument
@build_option
@scope_options
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="Report folder.")
def command(project: Path, build: Path | None, into: Path | None, **options: Any) -> int:  # noqa: ANN401 - click
    """Write the QA pages: a folder that opens from disk, rejected lines first."""
    workspace = walk.open_workspace(project, build)
    page = qa_pages.write_pages(
        open_house(workspace), scope_of(options), into or workspace.build / "report"
    )
    click.echo(str(page))
    return 0
