"""Commands of Barkline that run beside a test, as a service of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-c", "from renderer.cli import main; main()")


def service_environment(
    database: str, redis: str, store: Any, build: Path, repository: Path
) -> dict[str, str]:
    """Return the settings of a service of a test's own, one thread and one batch at once.

    Args:
        database: Its URL.
        redis: Its URL.
        store: An S3 server, which gets a bucket.
        build: Folder for what is generated.
        repository: The checkout whose commands run.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("BARKLINE_")}
    return env | {
        **store.environment(),
        "PYTHONPATH": str(repository),
        "BARKLINE_DATABASE_URL": database,
        "BARKLINE_REDIS_URL": redis,
        "BARKLINE_STORE": store.new_bucket(),
        "BARKLINE_BUILD": str(build),
        "BARKLINE_WORKERS": "1",
        "BARKLINE_THREADS": "1",
    }


@contextmanager
def running(log: Path, env: Mapping[str, str], *argv: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the end; what it says is added to a log."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*COMMAND, *map(str, argv)], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
