"""What the page shows, out of a house: lines, takes, sounds and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from renderer import __version__
from renderer.bootstrap import House, SystemClock
from renderer.domain.reading import LineReading, ProjectReading, TakeReading
from renderer.errors import ObjectMissingError
from renderer.ports import LineKey
from renderer.report.gallery import Gallery
from renderer.services.reading import take_reading
from renderer.services.scope import Scope
from renderer.web.board import Board
from renderer.web.feed import Feed
from renderer.web.reviewing import Renders, Review, Reviewing, Sources
from renderer.web.watch import Watch

if TYPE_CHECKING:
    from renderer.report.picture import Pictures


class HouseReader:
    """Reads a project's lines and takes.

    Args:
        house: The project.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._reader = house.reader()
        self._stale: frozenset[LineKey] = frozenset()

    def lines(self, keys: Sequence[LineKey] | None) -> Iterable[LineReading]:
        """Read some lines; with None all of them, and which translations are stale."""
        with self._house.reading() as unit:
            if keys is not None:
                return list(self._reader.read_keys(unit, keys, self._stale))
            self._stale = frozenset(self._house.stale_translations(unit))
            return list(self._reader.read(unit, Scope(), self._stale))

    def takes(self, render_keys: Sequence[str]) -> list[TakeReading]:
        """Read takes, in the order asked for; those that are gone are left out."""
        with self._house.reading() as unit:
            known = unit.takes.find(render_keys)
            ids = [known[key][0] for key in render_keys if key in known]
            return [take_reading(take) for take in unit.takes.get(ids)]

    def last_import(self) -> object:
        """Return what names the last import."""
        with self._house.reading() as unit:
            return [past.at for past in unit.history.imports(1)]

    def draw(self, take: TakeReading) -> Pictures | None:
        """Draw one take, or return None when its sound cannot be had."""
        from renderer.audio.codec import decode
        from renderer.report.picture import draw_sound

        name = take.audio.rsplit("/", maxsplit=1)[-1]
        try:
            return draw_sound(decode(self._house.store.get(f"objects/{name[:2]}/{name}")))
        except ObjectMissingError:
            return None


def open_reviewing(house: House, review: Review, renders: Renders) -> tuple[Reviewing, Watch]:
    """Return the use cases of a project's page, and what looks for changes of others.

    Args:
        house: The project.
        review: Records decisions.
        renders: Renders what a decision has changed.
    """
    reader, feed = HouseReader(house), Feed()
    now = SystemClock().now().astimezone(UTC)
    project = ProjectReading(
        project=house.workspace.project.name,
        written_at=now.isoformat(timespec="seconds"),
        lines=(),
        codec=house.workspace.project.delivery.codec,
        version=__version__,
    )
    board = Board(reader.lines, project)
    board.load()
    gallery = Gallery(house.workspace.build / "review", reader.draw)
    sources = Sources(reader.lines, reader.takes, house.store.get, gallery)
    reviewing = Reviewing(board, review, renders, sources, feed)
    watch = Watch(
        review.log, board.unfinished, reader.last_import, reviewing.refresh, reviewing.reload
    )
    return reviewing, watch
