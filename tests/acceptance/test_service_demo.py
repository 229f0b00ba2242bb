"""The service with real servers: a worker is killed and Redis flushed, and the game ships."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("postgres_server", "redis_server", "s3_server")  # or say what is missing
def test_the_service_ships_whatever_dies_in_the_middle(
    game: Any, repository: Path, tmp_path: Path
) -> None:
    script = repository / "scripts/service_demo.py"
    done = subprocess.run(
        [sys.executable, str(script), str(game.project), "--build", str(tmp_path / "service")],
        capture_output=True,
        check=False,
        text=True,
        timeout=550,
        env={k: v for k, v in os.environ.items() if not k.startswith("BARKLINE_")}
        | {"PYTHONPATH": str(repository)},
    )

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "killed worker process" in said
    assert "flushed Redis" in said
    assert re.search(r"takes: 7 approved$", said, re.MULTILINE), said
    assert re.search(r"owed: 0 rows$", said, re.MULTILINE), said
    assert len(list((tmp_path / "service/voice").rglob("*.ogg"))) == 8
