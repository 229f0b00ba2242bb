"""Links in the documentation lead somewhere, and its lists are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from renderer.cli import COMMANDS
from renderer.domain.render_key import Part
from renderer.services.compare import Change

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {
        re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-")
        for heading in HEADING.findall(text)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target)
        ):
            broken.append(link)
    assert broken == []


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in LINK.findall(index)}
    linked.add(ROOT / "docs/index.md")
    pages = {
        p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "benchmarks"
    }  # listed in benchmarks.md
    assert sorted(p.relative_to(ROOT).as_posix() for p in pages - linked) == []


def test_the_reference_of_commands_is_complete() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    missing = [name for name in [*COMMANDS, *Part, *Change] if f"`{name}" not in text]
    assert missing == []


def test_every_setting_is_documented() -> None:
    config = (ROOT / "renderer/config.py").read_text(encoding="utf-8")
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    for_tests = {"BARKLINE_FAILPOINT", "BARKLINE_REFERENCE_DATA"}
    read = set(re.findall(r"BARKLINE_[A-Z_]+", config)) - for_tests
    assert {name for name in read if f"`{name}`" not in text} == set()
