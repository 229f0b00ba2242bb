"""What a reviewer does: look at a line, hear it, decide, hand in a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from renderer.domain.reading import LineReading, TakeReading
from renderer.domain.review import Decision, Reviewed
from renderer.errors import BarklineError
from renderer.ports import LineKey
from renderer.report.gallery import Gallery
from renderer.report.record import Plain, decision_record, detail, take_record
from renderer.web.board import Board, ReadLines, Rows
from renderer.web.feed import Feed
from renderer.web.problem import Problem

MOST_EARLIER = 3


class Review(Protocol):
    """Records decisions; `services.review` is one."""

    def decide(
        self,
        decisions: Sequence[Decision],
        seen: Mapping[LineKey, int],
        *,
        keeps_rest: bool = False,
    ) -> list[Reviewed]:
        """Record decisions; says what became of each."""
        ...

    def replace(self, decision: Decision, seen: int, data: bytes) -> Reviewed:
        """Let an uploaded recording speak a line."""
        ...

    def history(self, line_id: str, locale: str) -> list[Decision]:
        """Return every decision about a line, oldest first."""
        ...

    def log(self, limit: int | None = None) -> list[Decision]:
        """Return the project's decisions, the newest first."""
        ...


class Renders(Protocol):
    """Renders lines whose inputs a decision has changed."""

    def ask(self, keys: Sequence[LineKey]) -> None:
        """Have lines imported and rendered soon; returns at once."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything the page shows comes from.

    Attributes:
        lines: Reads lines.
        takes: Reads takes by render key; those that are gone are left out.
        sound: Returns the bytes of an object of the store.
        gallery: Draws pictures and keeps them.
    """

    lines: ReadLines
    takes: Callable[[Sequence[str]], list[TakeReading]]
    sound: Callable[[str], bytes]
    gallery: Gallery


class Reviewing:
    """The use cases behind the page.

    Args:
        board: The rows of all lines.
        review: Records decisions.
        renders: Renders what a decision has changed.
        sources: Where lines, takes, sounds and pictures come from.
        feed: Is told what changed.
    """

    def __init__(
        self, board: Board, review: Review, renders: Renders, sources: Sources, feed: Feed
    ) -> None:
        self.board = board
        self.feed = feed
        self._review = review
        self._renders = renders
        self._sources = sources

    def line(self, key: LineKey) -> Plain:
        """Return everything about one line."""
        found = self._find(key)
        history = self._review.history(*key)
        shown = {take.render_key for take in (found.take, found.previous) if take}
        before = [d.render_key for d in reversed(history) if d.render_key not in shown]
        earlier = self._sources.takes(list(dict.fromkeys(before))[:MOST_EARLIER])
        return {
            **detail(found, _later(found.take), _later(found.previous)),
            "history": [decision_record(d) for d in history],
            "others": [take_record(take, _later(take)) for take in earlier if take.audio],
        }

    def picture(self, render_key: str) -> Plain:
        """Return the picture of a take, drawn when nobody has drawn it yet."""
        take = next(iter(self._sources.takes([render_key])), None)
        drawn = self._sources.gallery.hang(take)
        return drawn or {"problem": "its sound is no longer in the store"}

    def sound(self, key: str) -> bytes:
        """Return the bytes of a sound."""
        return self._sources.sound(key)

    def png(self, name: str) -> bytes:
        """Return a spectrogram that was drawn before."""
        content = self._sources.gallery.png(name)
        if content is None:
            raise Problem(404, "no-picture", "There is no such picture.")
        return content

    def decide(self, decisions: Sequence[Decision], seen: Mapping[LineKey, int]) -> list[Reviewed]:
        """Record what can be recorded; says what became of each."""
        reviewed = self._review.decide(decisions, seen, keeps_rest=True)
        self._follow(reviewed)
        return reviewed

    def replace(self, decision: Decision, seen: int, data: bytes) -> Reviewed:
        """Let an uploaded recording speak a line."""
        reviewed = self._review.replace(decision, seen, data)
        self._follow([reviewed])
        return reviewed

    def refresh(self, keys: Sequence[LineKey]) -> Rows:
        """Read lines again, and tell every page of those that changed."""
        rows = self.board.refresh(keys)
        if rows.rows:
            self.feed.tell("lines", rows.plain())
        return rows

    def reload(self) -> None:
        """Read every line again, and have every page do so."""
        self.board.load()
        self.feed.tell("reload", {})

    def _follow(self, reviewed: Sequence[Reviewed]) -> None:
        """Render what is to be said another way, and tell the pages, which may fail."""
        changed = dict.fromkeys(r.decision.key for r in reviewed if r.asks_for_import)
        if changed:
            self._renders.ask(list(changed))
        self.refresh(list(dict.fromkeys(r.decision.key for r in reviewed)))

    def _find(self, key: LineKey) -> LineReading:
        try:
            found = next(iter(self._sources.lines([key])), None)
        except BarklineError as error:
            raise Problem(503, "database", str(error)) from error
        if found is None:
            raise Problem(
                404, "no-line", "This line is no longer in the manifests. Reload the page."
            )
        return found


def _later(take: TakeReading | None) -> Plain | None:
    """Return what lets the page ask for a picture once the line is shown."""
    return {"later": take.render_key} if take and take.audio else None
