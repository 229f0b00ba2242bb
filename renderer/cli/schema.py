"""`barkline schema`: print the JSON Schema of manifests."""

from __future__ import annotations

import json
from typing import TextIO

import click


@click.command(
    name="schema",
    short_help="Print the JSON Schema of manifests.",
    epilog="Example: barkline schema scene --output scene.schema.json",
)
@click.argument("kind", type=click.Choice(("scene", "project", "retakes")), default="scene")
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    help="Write the schema to this file.",
)
def command(kind: str, output: TextIO | None) -> None:
    """Print the JSON Schema (draft-07) of scene files, the project file or retakes.yaml.

    An editor that knows the schema completes field names, shows what they mean and underlines what
    is wrong. In a YAML file, name it in the first line:

    \b
        # yaml-language-server: $schema=../scene.schema.json
    """  # noqa: D301 - click's mark for "do not wrap"
    from renderer.manifest.schema import project_schema, retakes_schema, scene_schema

    schemas = {"scene": scene_schema, "project": project_schema, "retakes": retakes_schema}
    click.echo(json.dumps(schemas[kind](), ensure_ascii=False, indent=2), file=output)
