"""Inline markup: what is spoken, what is an edit, and what is a fault."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.domain.direction import Emphasis, Prosody, WordEdit
from renderer.domain.words import find_words
from renderer.manifest.markup import escape, is_ipa, parse


@pytest.mark.parametrize(
    ("written", "text", "edits"),
    [
        ("Plain text.", "Plain text.", []),
        ("a *b* c", "a b c", [WordEdit("b", emphasis=Emphasis.MODERATE)]),
        ("**No!**", "No!", [WordEdit("No", emphasis=Emphasis.STRONG)]),
        (
            "*never again*",
            "never again",
            [
                WordEdit("never", emphasis=Emphasis.MODERATE),
                WordEdit("again", emphasis=Emphasis.MODERATE),
            ],
        ),
        ("no, *no*", "no, no", [WordEdit("no", 2, emphasis=Emphasis.MODERATE)]),
        ("a [pause 0.4] b", "a b", [WordEdit("a", prosody=Prosody(pause_after_s=0.4))]),
        ("a[pause 400ms]b", "a b", [WordEdit("a", prosody=Prosody(pause_after_s=0.4))]),
        ("a [pause 1 s], b", "a, b", [WordEdit("a", prosody=Prosody(pause_after_s=1))]),
        ("Quoi [pause 1] ?", "Quoi ?", [WordEdit("Quoi", prosody=Prosody(pause_after_s=1))]),
        ("[pause 1] Go!", "Go!", [WordEdit("Go", prosody=Prosody(pause_before_s=1))]),
        ("Go! [pause 1]", "Go!", [WordEdit("Go", prosody=Prosody(pause_after_s=1))]),
        (
            "a [pause 1] [pause 0.5] b",
            "a b",
            [WordEdit("a", prosody=Prosody(pause_after_s=1.5))],
        ),
        ("Say [Kai|kaɪ].", "Say Kai.", [WordEdit("Kai", phonemes="kaɪ")]),
        (
            "**[Kai|kaɪ]** ran",
            "Kai ran",
            [WordEdit("Kai", emphasis=Emphasis.STRONG, phonemes="kaɪ")],
        ),
        (r"5 \* 3 \[ok\] \\", "5 * 3 [ok] \\", []),
        ("A < B & C > D", "A < B & C > D", []),
        ("snake_case stays", "snake_case stays", []),
        ("  a \n  b\t c ", "a b c", []),
    ],
)
def test_known_markup(written: str, text: str, edits: list[WordEdit]) -> None:
    assert parse(written) == (text, tuple(edits), [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("<break time='1s'/>", "unknown-markup"),
        ("Hi <emphasis>you</emphasis>", "unknown-markup"),
        ("Hello {player_name}", "unknown-markup"),
        ("_very_ cold", "unknown-markup"),
        ("`code`", "unknown-markup"),
        ("~~gone~~", "unknown-markup"),
        ("Tom &amp; Jerry", "unknown-markup"),
        ("[laughs] Ha.", "unknown-markup"),
        ("[] Ha.", "unknown-markup"),
        ("[pause]", "bad-pause"),
        ("[pause soon] a", "bad-pause"),
        ("[pause 0] a", "bad-pause"),
        ("[pause 6] a", "bad-pause"),
        ("a [pause 3] [pause 3] b", "bad-pause"),
        ("[two words|tuː]", "bad-phonemes"),
        ("[Kai|K@I]", "bad-phonemes"),
        ("[Kai|]", "bad-phonemes"),
        ("*open", "stray-star"),
        ("2 * 3", "stray-star"),
        ("un*believ*able", "stray-star"),
        ("***much***", "stray-star"),
        ("*a **b** c*", "stray-star"),
        ("* a *", "stray-star"),
        ("a [b", "stray-bracket"),
        ("a ] b", "stray-bracket"),
        ("[a [pause 1]]", "stray-bracket"),
        (r"a \n b", "bad-escape"),
        ("a \\", "bad-escape"),
        ("a *!* b", "markup-without-word"),
        ("un[known|noʊn]", "markup-without-word"),
    ],
)
def test_unknown_markup_is_a_fault(written: str, code: str) -> None:
    _, _, problems = parse(written)
    assert code in [p.code for p in problems]
    assert all(p.problem.endswith(".") and p.fix.endswith(".") for p in problems)


@pytest.mark.parametrize("written", ["<b>bold</b>", "{name}", "[laughs]", "&amp;", "`"])
def test_unknown_markup_is_never_spoken(written: str) -> None:
    text, _, _ = parse(f"a {written} z")
    assert not set(text) & set("<>{}[]`&")


def test_ipa_is_told_from_other_alphabets() -> None:
    assert is_ipa("ˌʌndɚˈstænd.ɪŋ")
    assert is_ipa("ɑ̃ tʃ d͡ʒ yː".replace(" ", ""))
    assert not is_ipa("AH0 N D")
    assert not is_ipa("ˈ")
    assert not is_ipa("a" * 500)


def test_hostile_length_is_no_problem() -> None:
    for piece in ("<a", "*", "[", "_a", "{", "&a", "\\", "[a|"):
        parse(piece * 20_000)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_escaped_text_is_spoken_as_it_is(text: str) -> None:
    spoken, edits, problems = parse(escape(text))
    assert spoken == " ".join(unicodedata.normalize("NFC", text).split())
    assert not edits
    assert not problems


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab *[]|\\{}<>_~&;pause0.4ms", max_size=60))
def test_every_edit_names_a_word_that_is_there(written: str) -> None:
    text, edits, _ = parse(written)
    there = {(w.text, w.occurrence) for w in find_words(text)}
    assert {(e.word, e.occurrence) for e in edits} <= there
    assert text == " ".join(text.split())


words = st.lists(st.sampled_from(["no", "No", "héros", "l'ami", "7", "go"]), min_size=1, max_size=6)
marks = st.lists(st.sampled_from(["{}", "*{}*", "**{}**", "{} [pause 0.25]"]), max_size=6)


@settings(max_examples=200, deadline=None)
@given(words, marks)
def test_round_trip_of_marked_words(written: list[str], wraps: list[str]) -> None:
    wraps = (wraps + ["{}"] * len(written))[: len(written)]
    text, edits, problems = parse(
        " ".join(w.format(x) for w, x in zip(wraps, written, strict=True))
    )
    assert not problems
    assert text == " ".join(written)
    marked = [x for w, x in zip(wraps, written, strict=True) if w != "{}"]
    assert [e.word for e in edits] == marked
