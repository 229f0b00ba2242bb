"""The page of an analysis: pictures with their figures beneath, in the style of the QA page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from renderer.report.markup import content_policy
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
        has_png: Whether each picture is there as PNG too.
        back: Link to the QA page, or "".
    """

    project: str
    written_at: str
    version: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    plates: Sequence[Plate]
    style: str
    has_png: bool = False
    back: str = ""


def write_analysis(page: AnalysisPage, into: Path) -> Path:
    """Write `index.html`; nothing in it runs, and nothing is fetched."""
    style = (
        (_PAGE / "page.css").read_text("utf-8")
        + (_PAGE / "analysis.css").read_text("utf-8")
        + page.style
    )
    text = render_page("analysis.html.j2", style, "", page=page, most_rows=_MOST_ROWS)
    index = into / "index.html"
    write_whole(index, text.encode("utf-8", "replace"))
    return index


def render_page(template: str, style: str, script: str, **told: object) -> str:
    """Return a page of the report with its style, script and content policy."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    policy = content_policy(script, style)
    return environment.get_template(template).render(
        style=style, script=script, policy=policy, **told
    )
