"""After `pip install barkline` alone, a command that renders says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HIDE = """
import sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
from renderer.cli import main
main(sys.argv[2:])
"""
EXTRAS = (
    "numpy,scipy,soundfile,soxr,sqlalchemy,alembic,dramatiq,filelock,onnxruntime,phonemizer,"
    "parselmouth,jinja2,num2words,unidecode,speechmos,onnx,espeakng_loader,boto3"
)


def run_without(hidden: str, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HIDE, hidden, *argv],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("argv", [("plan",), ("render",), ("voices", "list")])
def test_a_command_that_renders_names_the_extra(argv: tuple[str, ...], repository: Path) -> None:
    project = [] if argv[0] == "voices" else [str(repository / "docs/tutorials/lantern")]
    done = run_without(EXTRAS, *argv, *project)
    assert done.returncode == 78
    assert "pip install 'barkline[cpu]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_needs_no_extra(repository: Path) -> None:
    done = run_without(EXTRAS, "check", str(repository / "manifests/emberfall"), "--strict")
    assert done.returncode == 0, done.stderr


def test_a_module_of_our_own_that_is_missing_is_our_fault() -> None:
    done = run_without("renderer.cli.plan", "plan")
    assert done.returncode == 70
    assert "barkline[cpu]" not in done.stderr
