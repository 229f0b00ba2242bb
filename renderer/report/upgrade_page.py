"""The page of an upgrade: every line old beside new, the worst first, with an A/B player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderer.report.markup import fill
from renderer.whole_file import write_whole

_PAGE = Path(__file__).parent / "page"
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class UpgradePage:
    """What the page shows.

    Attributes:
        project: Its name.
        written_at: ISO 8601, UTC.
        old: The old voice.
        new: The new one.
        facts: (figure, what it is).
        lines: One row per line as `analysis.upgrade.plain` gives it, the worst first.
        promote: Character id to the command that promotes it; empty where none can.
        why_not: Why nothing can be promoted from here, or "".
    """

    project: str
    written_at: str
    old: str
    new: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[Mapping[str, Any]]
    promote: Mapping[str, str]
    why_not: str = ""


def write_upgrade(page: UpgradePage, into: Path) -> Path:
    """Write `index.html` beside the sounds; returns its path."""
    style = "".join((_PAGE / f"{n}.css").read_text("utf-8") for n in ("page", "analysis"))
    script = (_PAGE / "compare.js").read_text("utf-8")
    names = list(dict.fromkeys(name for line in page.lines for name in line["deltas"]))
    text = fill("upgrade.html.j2", style, script, page=page, most=_MOST, names=names)
    index = into / "index.html"
    write_whole(index, text.encode("utf-8", "replace"))
    return index
