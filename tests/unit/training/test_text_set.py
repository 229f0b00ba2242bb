from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from renderer.errors import InputError
from renderer.training.text_set import (
    MAX_WORDS,
    choose,
    coverage,
    generate,
    is_bark,
    read_grammar,
    read_texts,
    text_set,
)

TEXTS = Path(__file__).resolve().parents[3] / "assets/training/texts"
LANGUAGES = ("en", "de", "fr", "ca")
GRAMMAR = """\
# a comment
[line]
{Who} and {who2} {do}.
{Bark}
[who]
wolf
owl
[do]
sing
run
[bark]
Halt!
"""


def letters(texts: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(c for c in text.lower() if c.isalpha()) for text in texts]


@pytest.fixture
def grammar(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.grammar"
    path.write_text(GRAMMAR, "utf-8")
    return path


def test_a_grammar_gives_every_sentence_and_never_a_phrase_twice(grammar: Path) -> None:
    found = set(generate(read_grammar(grammar), 50))
    assert found == {
        "Wolf and owl sing.",
        "Wolf and owl run.",
        "Owl and wolf sing.",
        "Owl and wolf run.",
        "Halt!",
    }


def test_the_same_seed_gives_the_same_set() -> None:
    grammar = read_grammar(TEXTS / "de.grammar")
    assert generate(grammar, 30, 4) == generate(grammar, 30, 4) != generate(grammar, 30, 5)


def test_all_faults_of_a_grammar_are_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.grammar"
    path.write_text("stray\n[line]\n{Nobody} {Nothing}.\n[empty]\n", "utf-8")
    with pytest.raises(InputError, match="empty: empty") as caught:
        read_grammar(path)
    assert [fault.line for fault in caught.value.faults] == [1, 3, 3]


def test_a_grammar_that_goes_in_circles_ends(tmp_path: Path) -> None:
    path = tmp_path / "round.grammar"
    path.write_text("[line]\n{line} again\n", "utf-8")
    assert len(generate(read_grammar(path), 2)) <= 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "holds no sentence"), ("Hi.\nHi.\n", "1 faults"), ("a" * 500, "1 faults")],
)
def test_a_text_set_that_cannot_be_spoken_is_refused(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "texts.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=problem):
        read_texts(path)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(b"\xff\xfe\x00")
    for wrong in (path, tmp_path / "none.txt", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_texts(wrong)


def test_rare_pairs_are_chosen_first() -> None:
    texts = ["abab", "baba", "abba", "xyz"]
    chosen = choose(texts, letters(texts), 2)
    assert "xyz" in chosen
    assert coverage(letters(chosen)).pairs[("x", "y")] == 1
    assert len(choose(texts, letters(texts), 99)) == 4


def test_barks_come_first_and_held_out_sentences_never(grammar: Path) -> None:
    out = ["Wolf and owl run."]
    sentences, cover = text_set(read_grammar(grammar), 4, 1, letters, out)
    assert sentences[0] == "Halt!"
    assert set(out).isdisjoint(sentences)
    assert cover.sentences == 4
    assert "4 sentences" in str(cover)


def test_what_cannot_be_spoken_is_left_out(grammar: Path) -> None:
    def mute(texts: Sequence[str]) -> list[tuple[str, ...]]:
        return [() if "sing" in t else p for t, p in zip(texts, letters(texts), strict=True)]

    sentences, _ = text_set(read_grammar(grammar), 5, 1, mute)
    assert len(sentences) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_sets_are_lean_and_the_held_out_ones_apart(language: str) -> None:
    train = read_texts(TEXTS / f"{language}.txt")
    valid = read_texts(TEXTS / f"{language}.valid.txt")
    assert len(valid) == 50
    assert len(train) >= 400
    assert set(train).isdisjoint(valid)
    assert all(1 <= len(text.split()) <= MAX_WORDS + 4 for text in train)
    assert sum(is_bark(text) for text in train) >= 50
    assert sum("?" in text for text in train) >= 40
    assert sum("!" in text for text in train) >= 80
    assert (TEXTS / f"{language}.txt").stat().st_size < 150_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_sets_come_from_their_grammar(language: str) -> None:
    grammar = read_grammar(TEXTS / f"{language}.grammar")
    made = set(generate(grammar, 4 * len(read_texts(TEXTS / f"{language}.txt")), 1))
    assert set(read_texts(TEXTS / f"{language}.txt")) <= made
