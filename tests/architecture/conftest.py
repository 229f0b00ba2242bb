"""Programs that check files which are no Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run_program() -> Run:
    """Run a program: where it is missing the test is skipped at home and fails in CI."""

    def run(*argv: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        beside = Path(sys.executable).parent / argv[0]
        found = str(beside) if beside.is_file() else shutil.which(argv[0])
        if found is None:
            tell = pytest.fail if os.environ.get("CI") else pytest.skip
            tell(f"{argv[0]} is not installed; .ci/run says how")
        return subprocess.run(
            [str(found), *argv[1:]], input=text, capture_output=True, text=True, check=False
        )

    return run
