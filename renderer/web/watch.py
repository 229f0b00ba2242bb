"""Looks for what others changed: workers that finished, other servers, the command line."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from renderer.domain.review import Decision
from renderer.errors import BarklineError
from renderer.ports import LineKey

POLL_S = 1.0
MOST_AT_ONCE = 200
_LOG = logging.getLogger(__name__)


class Watch:
    """Polls the database while the server runs.

    Args:
        decisions: Returns the project's last decisions, the newest first.
        unfinished: Returns the lines whose take is not finished.
        imports: Returns what names the last import, whatever it is.
        refresh: Reads lines again and tells the pages.
        reload: Reads all lines again: manifests were imported.
    """

    def __init__(
        self,
        decisions: Callable[[int], Sequence[Decision]],
        unfinished: Callable[[], Sequence[LineKey]],
        imports: Callable[[], object],
        refresh: Callable[[Sequence[LineKey]], object],
        reload: Callable[[], object],
    ) -> None:
        self._decisions = decisions
        self._unfinished = unfinished
        self._imports = imports
        self._refresh = refresh
        self._reload = reload
        self._last_decision = ""
        self._last_import: object = None
        self._at = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="review-watch", daemon=True)

    def start(self) -> None:
        """Take what is there as known, and begin to look."""
        newest = self._decisions(1)
        self._last_decision = newest[0].id if newest else ""
        self._last_import = self._imports()
        self._thread.start()

    def stop(self) -> None:
        """End; waits for the look that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def look(self) -> None:
        """Look once."""
        imported = self._imports()
        if imported != self._last_import:
            self._last_import = imported
            self._reload()
        keys = dict.fromkeys([*self._decided(), *self._some_unfinished()])
        if keys:
            self._refresh(list(keys))

    def _decided(self) -> list[LineKey]:
        newest = self._decisions(1)
        if not newest or newest[0].id == self._last_decision:
            return []
        newest = self._decisions(MOST_AT_ONCE)
        last, self._last_decision = self._last_decision, newest[0].id
        ids = [decision.id for decision in newest]
        if last not in ids and len(newest) == MOST_AT_ONCE:
            self._reload()  # more was decided than was looked at
            return []
        new = newest[: ids.index(last)] if last in ids else newest
        return [decision.key for decision in new]

    def _some_unfinished(self) -> list[LineKey]:
        """Return the next of the unfinished lines: all of them have their turn."""
        waiting = self._unfinished()
        if self._at >= len(waiting):
            self._at = 0
        some = list(waiting[self._at : self._at + MOST_AT_ONCE])
        self._at += MOST_AT_ONCE
        return some

    def _run(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                self.look()
            except BarklineError as error:
                _LOG.warning("the review page could not look for changes: %s", error)
            except Exception:  # a bug: the next look may go well
                _LOG.exception("the review page could not look for changes")
