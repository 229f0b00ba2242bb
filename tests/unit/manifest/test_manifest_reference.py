"""The writers' reference tells the truth: fields, ranges, examples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from renderer.manifest.cast import CHARACTER_FIELDS
from renderer.manifest.line import LINE_FIELDS
from renderer.manifest.markup import parse
from renderer.manifest.performance import DELIVERIES, EMOTIONS, PROSODY_FIELDS
from renderer.manifest.phone_edit import PHONE_FIELDS
from renderer.manifest.project import PROJECT_FIELDS
from renderer.manifest.scene import SUFFIXES
from renderer.manifest.word_edit import EMPHASES, WORD_FIELDS


@pytest.fixture(scope="module")
def reference(repository: Path) -> str:
    return (repository / "docs/manifest.md").read_text(encoding="utf-8")


def test_every_name_is_mentioned(reference: str) -> None:
    names = {
        *LINE_FIELDS, *CHARACTER_FIELDS, *PROJECT_FIELDS, *PROSODY_FIELDS, *WORD_FIELDS,
        *PHONE_FIELDS, *EMOTIONS, *DELIVERIES, *EMPHASES, *SUFFIXES,
    } - {"$schema"}  # fmt: skip
    assert [
        name
        for name in sorted(names)
        if not re.search(rf"\b{re.escape(name.strip('.'))}\b", reference)
    ] == []


def test_ranges_are_the_reader_s(reference: str) -> None:
    for name, (_, (low, high)) in PROSODY_FIELDS.items():
        row = next(r for r in reference.splitlines() if r.startswith("|") and f"`{name}`" in r)
        assert f"{low:g} to {high:g}".replace("-", "−") in row


def test_every_markup_in_the_table_is_known(reference: str) -> None:
    table = reference.split("## Markup")[1].split("## ", maxsplit=1)[0]
    typed = [
        code.replace("\\|", "|")
        for row in table.splitlines()
        if row.startswith("| ") and "you type" not in row
        for _, code in re.findall(r"(`+) ?(.+?) ?\1(?!`)", row.split(" | ")[0])
    ]
    assert len(typed) > 10
    for code in typed:
        assert parse(f"so {code} it is")[2] == [], code


def test_example_line_and_words_are_read(game: Any, reference: str) -> None:
    examples = re.findall(r"(?:^    .*\n)+", reference, re.MULTILINE)
    line = next(e for e in examples if "lines:" in e)
    game.write("project.yaml", next(e for e in examples if "source_locale" in e))
    lines, faults = game.read({"a.yaml": line})
    assert not faults
    assert lines[0].text == "Halt! Who goes there?"
    words = next(e for e in examples if e.strip().startswith("words:"))
    body = "lines:\n  - id: a\n    character: halvard\n    text: Never say never.\n" + words
    lines, faults = game.read({"b.yaml": body})
    assert not faults
    assert lines[-1].direction.words[0].word == "never"
