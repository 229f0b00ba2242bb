"""Who committed what a project's folder holds, when it is a checkout."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit a folder stands at.

    Attributes:
        revision: Its hash; with `-dirty` when the folder holds something else by now.
        committer: Name and address of its author.
    """

    revision: str
    committer: str


def read_commit(folder: Path) -> Commit | None:
    """Return the commit of a checkout; None when it is none, or git is missing or too slow.

    Args:
        folder: The project's folder.
    """
    shown = _git(folder, "log", "-1", "--format=%H%n%an <%ae>")
    if not shown:
        return None
    revision, _, committer = shown.partition("\n")
    changed = _git(folder, "status", "--porcelain", "--", ".")
    return Commit(f"{revision}-dirty" if changed else revision, committer)


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, or None."""
    program = shutil.which("git")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - fixed words; nothing of a manifest is among them
            [program, "-c", "core.fsmonitor=false", *words],
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
