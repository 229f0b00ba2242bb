"""A small game on disk, and short ways to read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from renderer.domain.project import Project
from renderer.domain.utterance import Utterance
from renderer.errors import Fault
from renderer.manifest.project import read_project
from renderer.manifest.reader import find_files, read_scenes

PROJECT = """\
name: game
locales: [en-US, de-DE]
characters:
  anna: {voice: formant}
  bert: {voice: "formant#m3", voices: {de-DE: "other#m1"}, prosody: {rate: 1.6, pitch: 2}}
  cleo: {voice: formant, emotion: sad 0.9, delivery: whisper}
"""


class Game:
    """A project folder under test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("project.yaml", PROJECT)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def project(self) -> Project:
        return read_project(self.root)

    def read(
        self,
        files: Mapping[str, str | bytes] | None = None,
        **options: Any,
    ) -> tuple[list[Utterance], list[Fault]]:
        for name, content in (files or {}).items():
            self.write(f"scenes/{name}", content)
        project = self.project()
        faults: list[Fault] = []
        scenes = read_scenes(project, find_files(project), faults, **options)
        return [u for scene in scenes for u in scene.utterances], faults

    def line(self, **fields: str) -> tuple[list[Utterance], list[Fault]]:
        """Read one YAML line; values are YAML as it would be typed."""
        given = {"id": "one", "character": "anna", "text": '"Good morning."', **fields}
        rows = "".join(f"    {key}: {value}\n" for key, value in given.items() if value != "-")
        return self.read({"s.yaml": "lines:\n  -\n" + rows})


@pytest.fixture
def game(tmp_path: Path) -> Game:
    return Game(tmp_path)


@pytest.fixture
def codes() -> Callable[[list[Fault]], list[str]]:
    return lambda faults: [f.code for f in faults]
