"""How far a training of several runs is, and how it is stopped so that it can go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from renderer.training.character import Told
    from renderer.training.fit import Run


@contextmanager
def shown(*, quiet: bool) -> Iterator[Told]:
    """Show a bar per step on standard error; Ctrl-C and SIGTERM end it where it can go on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    from renderer.training.character import Told

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    note = TextColumn("{task.fields[note]}")
    brake = _Brake()
    console = Console(stderr=True)
    with Progress(*columns, note, console=console, transient=True, disable=quiet) as bars, brake:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int, text: str) -> None:
            brake.check(what)
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, note="")
            bars.update(tasks[what], completed=done, total=total, note=text)

        yield Told(show, brake.began)


class _Brake:
    """Ends a run after the step under way, and everything else at its next word; twice: at once."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._before: dict[int, Any] = {}
        self._is_pulled = False

    def __enter__(self) -> None:
        for sign in (signal.SIGINT, signal.SIGTERM):
            self._before[sign] = signal.signal(sign, self._pull)

    def __exit__(self, *_: object) -> None:
        for sign, before in self._before.items():
            signal.signal(sign, before)

    def began(self, run: Run) -> None:
        """Know what is under way."""
        self._run = run

    def check(self, what: str) -> None:
        """Stop here, unless this is the run that stops by itself."""
        is_run = self._run is not None and self._run.folder.name == what
        if self._is_pulled and not is_run:
            raise KeyboardInterrupt

    def _pull(self, _sign: int, _frame: object) -> None:
        if self._is_pulled:
            raise KeyboardInterrupt
        self._is_pulled = True
        if self._run is not None:
            self._run.trainer.stop()
