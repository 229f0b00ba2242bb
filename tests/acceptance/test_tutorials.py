"""Every tutorial is followed to the letter: its files are written, its commands run.

`tutorial.py` beside this file says how a page is written.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs/tutorials"
PROJECT = PAGES / "lantern"


def load_tutorial() -> ModuleType:
    """Import the module beside this file, which is in no package."""
    spec = importlib.util.spec_from_file_location("barkline_tutorial", HERE / "tutorial.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


tutorial: Any = load_tutorial()


def files_of(folder: Path) -> dict[str, str]:
    found = [*folder.glob("*.yaml"), *folder.glob("scenes/**/*.yaml")]
    return {f.relative_to(folder).as_posix(): f.read_text(encoding="utf-8") for f in found}


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_the_writers_tutorial_ends_with_the_project_the_others_begin_with(tmp_path: Path) -> None:
    reader = tutorial.Reader(tmp_path)
    assert reader.follow(page("writer")) > 0
    assert files_of(reader.folder) == files_of(PROJECT)


@pytest.mark.parametrize("name", ["ci", "qa", "game-build"])
def test_a_tutorial_can_be_followed_to_the_letter(name: str, tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "lantern")
    assert tutorial.Reader(tmp_path).follow(page(name)) > 0


def untaught_base(voices: Path) -> None:
    """Put a small voice with weights among the user's voices, for a checkout without a shipped one.

    It has learnt nothing, so what is made of it is noise; every step is the same.
    """
    import torch

    from renderer.training.export import WEIGHTS, VoiceAbout, export_voice
    from renderer.training.fastpitch import FastPitch, FastPitchConfig
    from renderer.training.source_filter import SourceFilter, SourceFilterConfig
    from renderer.training.speaker_table import SpeakerTable

    torch.manual_seed(1)
    networks = (
        FastPitch(FastPitchConfig.named("tiny")).eval(),
        SpeakerTable(("ann",)).eval(),
        SourceFilter(SourceFilterConfig(width=32, blocks=1)).eval(),
    )
    weights = voices / "weights"
    voices.mkdir(parents=True)
    export_voice(*networks, VoiceAbout("pack", "CC0-1.0", True), voices / "pack", weights=weights)
    weights.rename(voices / "pack" / WEIGHTS)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tutorial_of_characters_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    if not list((PAGES.parents[1] / "assets/voices").rglob("*.safetensors")):
        untaught_base(tmp_path / ".home/share/barkline/voices")
    assert tutorial.Reader(tmp_path).follow(page("a-voice-for-your-character")) > 0


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda p: p.stem)
def test_yaml_that_is_only_shown_is_yaml(path: Path) -> None:
    for block in tutorial.blocks(path.read_text(encoding="utf-8")):
        if block.language == "yaml":
            assert yaml.safe_load(block.text) is not None, f"line {block.line}"


def test_the_workflow_calls_what_there_is() -> None:
    """A GitHub workflow: jobs with steps, each of which uses an action or runs something."""
    shown = [b for b in tutorial.blocks(page("ci")) if b.title.startswith(".github/workflows/")]
    assert shown
    for block in shown:
        workflow = yaml.safe_load(block.text)
        assert {"name", "jobs"} <= workflow.keys()
        assert True in workflow or "on" in workflow  # YAML 1.1 reads the key `on` as true
        for job in workflow["jobs"].values():
            assert job["runs-on"]
            assert all(("uses" in step) != ("run" in step) for step in job["steps"])


@pytest.mark.parametrize(
    ("expected", "printed", "is_match"),
    [
        (["a ... c"], "a b c\n", True),
        (["a ... c"], "a b d\n", False),
        (["a", "..."], "a\nb\nc\n", True),
        (["a", "...", "c"], "a\nc\n", True),
        (["a"], "a\nb\n", False),
        (["a.c"], "abc\n", False),
    ],
)
def test_output_is_compared(expected: list[str], printed: str, is_match: bool) -> None:
    assert tutorial.matches(expected, printed) is is_match


def test_exit_codes_are_read_from_the_page() -> None:
    block = tutorial.blocks("```console\n$ one  # exits 2\ntext\n$ two # exits 2\n```\n")[0]
    assert [(s.command, s.exit_code) for s in tutorial.steps(block)] == [
        ("one", 2),
        ("two # exits 2", 0),
    ]
