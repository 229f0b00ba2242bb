"""The page of an analysis: pictures with their figures beneath, in the style of the QA page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from renderer.report.markup import fill
from renderer.whole_file import write_whole

_PAGE = Path(__file__).parent / "page"
_MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Plate:
    """One picture and what is said of it.

    Attributes:
        name: Of its files and its anchor.
        title: Its heading.
        lead: What it says, in words.
        svg: The drawing, "" where there is none.
        why: Why there is no picture, or "".
        head: Head of the table that says the same.
        rows: The table.
        warnings: What it warns of.
        is_narrow: Whether two of them may stand side by side.
    """

    name: str
    title: str
    lead: str
    svg: str = ""
    why: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    is_narrow: bool = False


@dataclass(frozen=True, slots=True)
class AnalysisPage:
    """What the page shows.

    Attributes:
        project: Its name.
        written_at: ISO 8601, UTC.
        version: Barkline's.
        facts: (figure, what it is) for the head of the page.
        notes: What was left out, and why.
        plates: The pictures.
        style: Style sheet of the drawings.
        back: Link to the QA page, or "".
    """

    project: str
    written_at: str
    version: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    plates: Sequence[Plate]
    style: str
    back: str = ""


def write_analysis(page: AnalysisPage, into: Path) -> Path:
    """Write `index.html`; nothing in it runs, and nothing is fetched."""
    style = (
        (_PAGE / "page.css").read_text("utf-8")
        + (_PAGE / "analysis.css").read_text("utf-8")
        + page.style
    )
    text = fill("analysis.html.j2", style, "", page=page, most_rows=_MOST_ROWS)
    index = into / "index.html"
    write_whole(index, text.encode("utf-8", "replace"))
    return index
