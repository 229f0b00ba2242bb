"""The QA pages as commands write them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import __version__
from renderer.bootstrap import House, SystemClock
from renderer.cli import show
from renderer.domain.reading import TakeReading
from renderer.errors import ObjectMissingError
from renderer.services.scope import Scope

if TYPE_CHECKING:
    from renderer.report.picture import Pictures


def write_pages(house: House, scope: Scope, into: Path) -> Path:
    """Write the QA pages; returns the path of index.html."""
    from renderer.domain.reading import ProjectReading
    from renderer.report.pages import write_report

    workspace = house.workspace
    now = SystemClock().now().astimezone(UTC)
    with house.reading() as unit:
        reader = house.reader()
        lines = tuple(reader.read(unit, scope, house.stale_translations(unit)))
    reading = ProjectReading(
        project=workspace.project.name,
        written_at=now.isoformat(timespec="seconds"),
        lines=lines,
        codec=workspace.project.delivery.codec,
        version=__version__,
    )
    sounds = Sounds(house, into)
    with show.counting("report") as tell:
        return write_report(reading, into, sounds.bytes_of, sounds.draw, tell)


class Sounds:
    """Finds the sounds a report asks for in the object store."""

    def __init__(self, house: House, into: Path) -> None:
        self._house = house
        self._into = into

    def bytes_of(self, audio: str) -> bytes:
        """Return the bytes behind a report's audio path (`audio/<sha256><suffix>`)."""
        name = audio.rsplit("/", maxsplit=1)[-1]
        return self._house.store.get(f"objects/{name[:2]}/{name}")

    def draw(self, take: TakeReading) -> Pictures | None:
        """Draw one take, or return None when its sound cannot be had."""
        from renderer.audio.codec import decode
        from renderer.report.picture import draw_sound

        if not take.audio:
            return None
        try:
            return draw_sound(decode(self.bytes_of(take.audio)))
        except ObjectMissingError:
            return None
