"""The tables in docs/faults.md, each between its marks."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
END = "<!-- end -->"


def write(name: str, text: str) -> None:
    """Put a table into the document."""
    begin = f"<!-- table: {name} -->"
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{begin}\n{text}{END}{after}", encoding="utf-8")
