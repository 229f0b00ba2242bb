"""Renders what a review asks for while its page is open: one burst at a time, in a thread."""

from __future__ import annotations

import glob
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from renderer.bootstrap import House, Named, open_walk, reopen
from renderer.domain.route import Priority
from renderer.domain.take import TakeStatus
from renderer.errors import BarklineError, ConfigError, InputError
from renderer.ports import LineKey
from renderer.services.await_takes import await_takes
from renderer.services.ingest import FEW
from renderer.services.queue import UNFINISHED, request, start_alone
from renderer.services.scope import Scope
from workers.embedded import render_all

WAIT_S = 1.0
Told = Callable[[Sequence[LineKey], int, str], None]
Hold = Callable[[], AbstractContextManager[None]]


class Bench:
    """Imports and renders lines as they are asked for.

    Args:
        house: The project; its committed files are read again before each burst.
        hold: Holds the build folder; raises `ConfigError` while another process has it.
        told: Told (lines, how many of them still wait, what went wrong) as work goes on.
    """

    def __init__(self, house: House, hold: Hold, told: Told) -> None:
        self._house = house
        self._hold = hold
        self._told = told
        self._asked: dict[LineKey, None] = {}
        self._wake = threading.Condition()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="review-bench", daemon=True)

    def start(self) -> None:
        """Begin to wait for work."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; a burst under way comes to its end."""
        with self._wake:
            self._is_stopped = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def ask(self, keys: Sequence[LineKey]) -> None:
        """Have lines imported and rendered soon; returns at once."""
        with self._wake:
            self._asked.update(dict.fromkeys(keys))
            self._wake.notify()

    def _next(self) -> list[LineKey]:
        """Wait for lines, and take all that are asked for; none when it is over."""
        with self._wake:
            self._wake.wait_for(lambda: bool(self._asked) or self._is_stopped)
            keys = [] if self._is_stopped else list(self._asked)
            self._asked.clear()
        return keys

    def _run(self) -> None:
        while keys := self._next():
            self._told(keys, len(keys), "")
            try:
                self._burst(keys)
            except InputError as error:
                first = f": {error.faults[0]}" if error.faults else ""
                self._told(keys, 0, f"{error}{first}")
            except (BarklineError, OSError) as error:
                self._told(keys, 0, str(error))
            else:
                self._told(keys, 0, "")

    def _burst(self, keys: list[LineKey]) -> None:
        if self._house.workspace.settings.is_service:
            self._render_there(keys)
            return
        while not self._is_stopped:
            try:
                with self._hold():
                    self._render_here(keys)
                return
            except ConfigError as error:
                self._told(keys, len(keys), str(error))
                time.sleep(WAIT_S)

    def _render_here(self, keys: list[LineKey]) -> None:
        house, scope = self._import(keys)
        ids = start_alone(house.unit, scope)
        self._told(keys, len(ids), "")
        if ids:
            workers = house.workspace.settings.workers
            render_all(open_walk(house), ids, lambda counts: self._tick(keys, counts), workers)

    def _render_there(self, keys: list[LineKey]) -> None:
        house, scope = self._import(keys)
        ids = request(house.unit, scope, FEW, Priority.URGENT)
        self._told(keys, len(ids), "")
        if ids:
            await_takes(house.reading, ids, lambda counts: self._tick(keys, counts), time.sleep)

    def _import(self, keys: list[LineKey]) -> tuple[House, Scope]:
        """Import what changed; voices that are loaded stay so."""
        fresh, known = reopen(self._house), self._house
        house = replace(
            fresh, unit=known.unit, reading=known.reading, store=known.store, voices=known.voices
        )
        scope = Scope(
            lines=tuple(sorted({glob.escape(line_id) for line_id, _ in keys})),
            locales=tuple(sorted({glob.escape(locale) for _, locale in keys})),
        )
        house.ingest(scope, named=Named(priority=Priority.URGENT)).run()
        return house, scope

    def _tick(self, keys: list[LineKey], counts: dict[TakeStatus, int]) -> None:
        self._told(keys, sum(counts.get(status, 0) for status in UNFINISHED), "")
