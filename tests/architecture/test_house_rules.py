"""Rules of the house that import contracts cannot hold."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HEAVY = (
    *("numpy", "scipy", "soundfile", "sqlalchemy", "alembic", "dramatiq", "onnxruntime"),
    *("phonemizer", "parselmouth", "jinja2", "boto3", "librosa", "torch", "sklearn", "resvg_py"),
)
LIGHT_COMMANDS = (
    ["--help"],
    ["--version"],
    ["check", "--help"],
    ["check", "manifests/emberfall"],
    ["schema"],
    ["pull", "--help"],
    ["verify", "--help"],
    ["voices", "--help"],
)
PROBE = """
import contextlib, io, json, sys
from renderer.cli import main
out = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
    try:
        main(json.loads(sys.argv[1]))
    except SystemExit as end:
        code = end.code
tops = {name.partition(".")[0] for name in sys.modules}
print(json.dumps({"code": code, "out": out.getvalue()[-2000:], "modules": sorted(tops)}))
"""
MOST_LINES = 320  # "about 300"
# File to the reason why it may be longer.
LONGER: dict[str, str] = {
    "renderer/text/english.py": "one grammar of numbers, dates and units, read from top to bottom",
    "renderer/training/fastpitch.py": "the acoustic model, one file read from top to bottom",
    "renderer/training/trainer.py": "the training loop, one file read from top to bottom",
    "benchmarks/distinctness_pilot.py": "one measurement from teachers to the matrix",
    "benchmarks/voices.py": "one measurement from voices to the tables, run as one script",
    "benchmarks/voice_bench.py": "the measures that voices.py puts together",
    "benchmarks/service.py": "four measurements of one service, run as one script",
    "benchmarks/direction.py": "one measurement from rendering to the table, run as one script",
}

# A worker that hangs in native code ends itself from within, and at once; so do fault tests.
ENDS_PROCESSES = {
    "renderer/services/failpoint.py": {"os._exit"},
    "workers/stop.py": {"os._exit"},
    "workers/worker_process.py": {"os._exit"},
}


def sources(repository: Path, *packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((repository / package).rglob("*.py"))


def name_of(repository: Path, path: Path) -> str:
    return path.relative_to(repository).as_posix()


@pytest.mark.parametrize("argv", LIGHT_COMMANDS, ids=" ".join)
def test_light_commands_import_nothing_heavy(repository: Path, argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(argv)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["code"] == 0, found["out"]
    assert sorted(set(HEAVY) & set(found["modules"])) == []


def test_every_package_and_module_says_what_it_is(repository: Path) -> None:
    silent = [
        name_of(repository, path)
        for path in sources(repository, "renderer", "workers")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_modules_stay_short(repository: Path) -> None:
    long = {
        name_of(repository, path): lines
        for path in sources(repository, "renderer", "workers", "benchmarks", "migrations")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert {name: n for name, n in long.items() if name not in LONGER} == {}


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            yield ast.unparse(node.exc).partition("(")[0]


def test_only_the_command_line_prints_and_exits(repository: Path) -> None:
    ending = {"print", "sys.exit", "exit", "quit", "os._exit", "SystemExit", "click.echo", "input"}
    found = [
        f"{name_of(repository, path)}: {call}"
        for path in sources(repository, "renderer", "workers")
        if "cli" not in path.relative_to(repository).parts
        for call in calls(ast.parse(path.read_text(encoding="utf-8")))
        if call in ending - ENDS_PROCESSES.get(name_of(repository, path), set())
    ]
    assert found == []


def test_only_the_configuration_reads_the_environment(repository: Path) -> None:
    found = [
        name_of(repository, path)
        for path in sources(repository, "renderer", "workers")
        if name_of(repository, path) != "renderer/config.py"
        and any(
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in ("os.environ", "os.getenv", "os.putenv")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert found == []


def test_names_that_mean_nothing_are_not_used(repository: Path) -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "data", "info"}
    found = [
        name_of(repository, path)
        for path in sources(repository, "renderer", "workers")
        if path.stem in banned or set(path.relative_to(repository).parts) & banned
    ]
    assert found == []


def test_every_package_is_on_the_map(repository: Path) -> None:
    map_ = ast.get_docstring(
        ast.parse((repository / "renderer" / "__init__.py").read_text(encoding="utf-8"))
    )
    packages = {
        path.parent.name
        for path in (repository / "renderer").glob("*/__init__.py")
        if not path.parent.name.startswith("_")
    }
    assert map_ is not None
    assert {name for name in packages if name not in map_} == set()
