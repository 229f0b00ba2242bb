"""What is shipped can be shipped: voices with their terms, files a repository can hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from renderer.domain.voice import VoiceCard
from renderer.speech.card import read_folders

MIB = 2**20
MOST_FILE = 20 * MIB
MOST_VOICES = 40 * MIB


@pytest.fixture(scope="module")
def cards(repository: Path) -> dict[str, VoiceCard]:
    return read_folders([repository / "assets/voices"])


def tracked(repository: Path, *paths: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", *paths], cwd=repository, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no git checkout")
    named = [repository / name for name in done.stdout.decode("utf-8").split("\0") if name]
    return [path for path in named if path.is_file()]


def test_no_file_is_too_big_for_a_repository(repository: Path) -> None:
    files = tracked(repository)
    assert files
    big = {str(f.relative_to(repository)): f.stat().st_size for f in files}
    assert {name: size for name, size in big.items() if size >= MOST_FILE} == {}


def test_the_voices_fit_a_wheel(repository: Path) -> None:
    folder = repository / "assets/voices"
    sizes = {f.name: f.stat().st_size for f in folder.rglob("*") if f.is_file()}
    assert max(sizes.values()) < MOST_FILE
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < MOST_VOICES


def test_a_voice_is_shipped(cards: dict[str, VoiceCard]) -> None:
    assert len(cards["hearth"].speakers) >= 12
    assert {"en", "de", "fr"} <= set(cards["hearth"].languages)


def test_every_shipped_voice_may_be_published_and_says_where_it_is_from(
    cards: dict[str, VoiceCard],
) -> None:
    for card in cards.values():
        assert card.may_publish, card.name
        assert card.licence.strip(), card.name
        assert card.source.strip(), card.name
        assert card.attribution.strip(), card.name
        assert not card.consent_expires, card.name


def test_every_shipped_speaker_is_in_the_notice_and_in_the_docs(
    cards: dict[str, VoiceCard], repository: Path
) -> None:
    notice = (repository / "NOTICE").read_text(encoding="utf-8")
    licences = (repository / "docs/licences.md").read_text(encoding="utf-8")
    voices = (repository / "docs/voices.md").read_text(encoding="utf-8")
    for card in cards.values():
        assert f"The voice pack {card.name}" in notice
        said = {s for s in card.speakers if re.search(rf"\b{s}\b", notice)}
        assert said == set(card.speakers)
        assert [s for s in card.speakers if not re.search(rf"\b{s}\b", licences)] == []
        assert [s for s in card.speakers if f"\n| `{s}` |" not in voices] == []
