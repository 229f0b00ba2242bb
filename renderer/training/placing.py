"""A voice's folder takes its place whole; what it replaces is never lost.

It is made in a working folder beside its place. A voice that is replaced is set aside first, and
removed only once the new one is there; where a process died in between, the next one that writes
into that folder of voices puts it back. One process at a time writes into a folder of voices.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from renderer.errors import TrainingError

CARD = "card.yaml"
_WORKING, _ASIDE = ".exporting-", ".replaced-"


def require_place(target: Path, *, replaces: bool) -> None:
    """Refuse a place that is taken.

    Raises:
        TrainingError: Something is there and is not to be replaced, or is no voice.
    """
    if not os.path.lexists(target):
        return
    if not replaces:
        raise TrainingError(
            f"{target} is there already; choose another name, or replace it knowingly (--replace)."
        )
    if not (target / CARD).is_file():
        raise TrainingError(
            f"{target} is no voice (it has no {CARD}), so it is not replaced. Choose another name "
            "or folder, or move it away yourself."
        )


@contextlib.contextmanager
def working(parent: Path) -> Iterator[Path]:
    """Give a working folder in a folder of voices, which is held meanwhile; it is removed.

    Raises:
        OSError: It cannot be made.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with _held(parent, wait=True) as is_held:
        if is_held:
            _sweep(parent)
        made = Path(tempfile.mkdtemp(dir=parent, prefix=_WORKING))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


def place(made: Path, target: Path, *, replaces: bool) -> None:
    """Give a folder its place, beside which its working folder lies.

    Raises:
        TrainingError: As of `require_place`.
        OSError: It cannot be put there; what was there is there again.
    """
    require_place(target, replaces=replaces)
    holder: Path | None = None
    try:
        if target.exists():
            holder = Path(tempfile.mkdtemp(dir=target.parent, prefix=_ASIDE))
            os.rename(target, holder / target.name)
        os.rename(made, target)
    finally:  # also where somebody ends the process
        if holder is not None:
            _put_back(holder)


def sweep(parent: Path) -> None:
    """Put back what a process that died had set aside, and remove what it left half-made."""
    if not parent.is_dir():
        return
    with _held(parent, wait=False) as is_held:
        if is_held:
            _sweep(parent)


def _sweep(parent: Path) -> None:
    for path in parent.iterdir():
        if path.name.startswith(_ASIDE):
            _put_back(path)
        elif path.name.startswith(_WORKING):
            shutil.rmtree(path, ignore_errors=True)


def _put_back(holder: Path) -> None:
    """Put back what was set aside where its place is free, then remove the rest."""
    with contextlib.suppress(OSError):
        for aside in holder.iterdir():
            if not os.path.lexists(holder.parent / aside.name):
                os.rename(aside, holder.parent / aside.name)
        shutil.rmtree(holder)


@contextlib.contextmanager
def _held(parent: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a folder alone; False where another process does, or its disk knows no locks."""
    handle = os.open(parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
