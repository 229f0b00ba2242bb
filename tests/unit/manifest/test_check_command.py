"""`barkline check` and `barkline schema` as CI calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from renderer.cli.check import command as check
from renderer.cli.schema import command as schema
from renderer.manifest.inspection import Step, inspect

GOOD = "lines: [{id: one, character: anna, text: hi}]\n"
BAD = "lines: [{id: one, character: nobody, text: hi}]\n"
STALE = "locale: de-DE\nlines: [{id: one, character: anna, text: hallo}]\n"


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def run(game: Any, *options: str) -> Any:
    return CliRunner().invoke(check, [str(game.root), *options], catch_exceptions=False)


def test_clean(game: Any) -> None:
    game.write("scenes/a.yaml", GOOD)
    result = run(game)
    assert result.exit_code == 0
    assert result.stdout == "No faults found.\n"
    assert result.stderr == "1 good lines in 1 files.\n"


def test_error_exits_65_and_lists_every_file(game: Any) -> None:
    game.write("scenes/a.yaml", BAD)
    game.write("scenes/b.yaml", "lines: [")
    result = run(game)
    assert result.exit_code == 65
    assert "a.yaml:1" in result.stdout
    assert "b.yaml:2" in result.stdout
    assert "2 errors found." in result.stdout


def test_broken_project_file(game: Any) -> None:
    game.write("project.yaml", "name: ../x\n")
    result = run(game)
    assert result.exit_code == 65
    assert "3 errors found." in result.stdout


def test_strict_fails_on_warnings(game: Any) -> None:
    game.write("scenes/a.yaml", GOOD)
    game.write("scenes/b.yaml", STALE)
    assert run(game).exit_code == 0
    assert "unrecorded-translation" in run(game).stdout
    assert run(game, "--strict").exit_code == 65


def test_broken_source_does_not_make_its_translations_orphans(game: Any) -> None:
    game.write("scenes/a.yaml", BAD)
    game.write("scenes/b.yaml", STALE)
    assert "translation-without-source" not in run(game).stdout


def test_progress_rises_to_the_whole(game: Any) -> None:
    rows = "".join(f"l{n},anna,hi\n" for n in range(2_500))
    game.write("scenes/a.csv", "id,character,text\n" + rows)
    game.write("scenes/b.yaml", GOOD)
    steps: list[Step] = []
    inspect(game.root, on_step=steps.append)
    assert [s.lines for s in steps] == [1_000, 2_000, 2_500, 2_501]
    done = [s.done for s in steps]
    assert done == sorted(done)
    assert done[0] < steps[0].total / 2
    assert done[-1] == steps[-1].total


def test_empty_project_is_mentioned(game: Any) -> None:
    result = run(game)
    assert result.exit_code == 0
    assert "no-scenes" in result.stdout


def test_paths_are_relative_to_the_working_folder(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    game.write("scenes/a.yaml", BAD)
    monkeypatch.chdir(game.root.parent)
    folder = game.root.name
    out = CliRunner().invoke(check, [folder, "--format", "github"]).stdout
    assert out.startswith(f"::error file={folder}/scenes/a.yaml,line=1,")
    monkeypatch.chdir(game.root)
    assert "file=scenes/a.yaml," in CliRunner().invoke(check, ["--format", "github"]).stdout
    assert (
        "file=scenes/a.yaml,"
        in CliRunner().invoke(check, ["project.yaml", "--format", "github"]).stdout
    )


def test_lexicons_hints_and_voices_are_looked_at(game: Any) -> None:
    game.write(
        "lexicon/names.yaml",
        "locale: en-US\nentries:\n  - {word: lead, hint: metal, ipa: lɛd}\n  - {wrd: x}\n",
    )
    project = game.root / "project.yaml"
    project.write_text(project.read_text().replace("anna: {voice: formant}", "anna: {voice: nix}"))
    line = "{{id: {}, character: {}, text: Lead on, hints: {{lead: {}}}}}"
    lines = [line.format("a", "cleo", "metal"), line.format("b", "anna", "mettle")]
    game.write("scenes/a.yaml", "lines:\n" + "".join(f"  - {x}\n" for x in lines))
    faults = json.loads(run(game, "--format", "json").stdout)["faults"]
    found = {(f["path"], f["line"], f["code"], f["level"]) for f in faults}
    shown = {
        (path.removeprefix(faults[0]["path"].split("lexicon/")[0]), *rest) for path, *rest in found
    }
    assert ("scenes/a.yaml", 3, "unknown-hint", "warning") in shown
    assert ("project.yaml", 0, "voice-not-installed", "warning") in shown
    assert any(path == "lexicon/names.yaml" and level == "error" for path, _, _, level in shown)


def test_github_is_the_default_inside_a_workflow(
    game: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    game.write("scenes/a.yaml", BAD)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(game).stdout.startswith("::error ")
    assert "::error" not in run(game, "--format", "text").stdout


def test_output_into_a_folder_that_is_not_there(game: Any) -> None:
    result = run(game, "--output", str(game.root / "no" / "out.txt"))
    assert result.exit_code not in (0, 65)
    assert "No such file" in result.stderr


def test_machine_formats(game: Any, tmp_path: Path) -> None:
    game.write("scenes/a.yaml", BAD)
    assert json.loads(run(game, "--format", "json").stdout)["errors"] == 1
    assert json.loads(run(game, "--format", "sarif").stdout)["runs"][0]["results"]
    target = tmp_path / "out.xml"
    result = run(game, "--format", "junit", "--output", str(target))
    assert result.exit_code == 65
    assert result.stdout == ""
    assert ElementTree.parse(target).getroot().get("failures") == "1"


@pytest.mark.parametrize("kind", ["scene", "project"])
def test_schema_is_json(kind: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(schema, [kind])
    assert json.loads(result.stdout)["type"] == "object"
    target = tmp_path / "s.json"
    CliRunner().invoke(schema, [kind, "--output", str(target)])
    assert target.read_text(encoding="utf-8") == result.stdout


def test_needs_no_heavy_library(repository: Path) -> None:
    code = (
        "import sys\n"
        "from renderer.cli.check import command\n"
        "command(['manifests/emberfall'], standalone_mode=False)\n"
        "heavy = {'numpy', 'scipy', 'sqlalchemy', 'dramatiq', 'onnxruntime', 'jinja2', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_rows_of_the_gate_are_held_against_the_project_and_its_voices(game: Any) -> None:
    game.write("scenes/a.yaml", GOOD)
    game.write(
        "gate.yaml",
        "locales:\n  de-AT: {most_gap_s: 3}\nvoices:\n  formnat: {}\n"
        '  "formant#f222": {}\n  "formant#f2@de": {}\n',
    )
    said = run(game)
    assert said.exit_code == 65
    assert "gate.yaml:2: error: locales.de-AT: " in said.stdout
    assert "gate.yaml:4: warning: voices.formnat: " in said.stdout
    assert "gate.yaml:5: warning: voices.formant#f222: " in said.stdout
    assert "1 error and 2 warnings found." in said.stdout
    game.write("gate.yaml", "voices:\n  formnat: {}\n")
    assert run(game).exit_code == 0
    assert run(game, "--strict").exit_code == 65
