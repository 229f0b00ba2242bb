"""Renders what a review asks for while its page is open: one burst at a time, in a thread."""

from __future__ import annotations

import glob
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
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
_LOG = logging.getLogger(__name__)


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
        """Begin nothing more; a burst under way comes to its end, but no worker is waited for."""
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
            self._tell(keys, len(keys), "")
            self._tell(keys, 0, self._work(keys))

    def _work(self, keys: list[LineKey]) -> str:
        """Render lines; return what went wrong, or ""."""
        try:
            self._burst(keys)
        except InputError as error:
            first = f": {error.faults[0]}" if error.faults else ""
            return f"{error}{first}"
        except (BarklineError, OSError) as error:
            return str(error)
        except Exception as error:  # a bug: whoever asked is told, and the thread goes on
            _LOG.exception("a render that a review asked for failed")
            return f"{type(error).__name__}: {error}"
        return ""

    def _tell(self, keys: Sequence[LineKey], waiting: int, message: str) -> None:
        """Tell how far it is; that this fails is no reason to render nothing more."""
        try:
            self._told(keys, waiting, message)
        except (BarklineError, OSError) as error:
            _LOG.warning("the review page could not be told of a render: %s", error)
        except Exception:  # a bug: the thread goes on
            _LOG.exception("the review page could not be told of a render")

    def _burst(self, keys: list[LineKey]) -> None:
        if self._house.workspace.settings.is_service:
            self._render_there(keys)
            return
        with ExitStack() as held:
            if self._takes_hold(keys, held):
                self._render_here(keys)

    def _takes_hold(self, keys: list[LineKey], held: ExitStack) -> bool:
        """Wait until the build folder is free; returns whether it is held, not when it is over."""
        while not self._is_stopped:
            try:
                held.enter_context(self._hold())
            except ConfigError as error:
                self._tell(keys, len(keys), str(error))
                self._pause(WAIT_S)
            else:
                return True
        return False

    def _pause(self, seconds: float) -> None:
        """Sleep, unless it is over."""
        with self._wake:
            self._wake.wait_for(lambda: self._is_stopped, seconds)

    def _render_here(self, keys: list[LineKey]) -> None:
        house, scope = self._import(keys)
        ids = start_alone(house.unit, scope)
        self._tell(keys, len(ids), "")
        if ids:
            workers = house.workspace.settings.workers
            render_all(open_walk(house), ids, lambda counts: self._tick(keys, counts), workers)

    def _render_there(self, keys: list[LineKey]) -> None:
        house, scope = self._import(keys)
        ids = request(house.unit, scope, FEW, Priority.URGENT)
        self._tell(keys, len(ids), "")
        if ids:
            await_takes(
                house.reading,
                ids,
                lambda counts: self._tick(keys, counts),
                self._pause,
                is_over=lambda: self._is_stopped,
            )

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
        self._tell(keys, sum(counts.get(status, 0) for status in UNFINISHED), "")
