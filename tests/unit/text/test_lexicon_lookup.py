"""Lexicons: which entry a line uses, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.domain.direction import Direction, WordEdit
from renderer.domain.utterance import Utterance
from renderer.errors import Fault
from renderer.text.lexicon import Lexicon, read_lexicons
from renderer.text.lexicon_entry import LexiconEntry

ROOT = Path(__file__).resolve().parents[3]


def line(text: str, locale: str = "en-US", hints=(), direction=None) -> Utterance:
    return Utterance(
        "l", locale, "c", "s", text, text, "v", direction or Direction(), hints=tuple(hints)
    )


def entry(word: str, ipa: str = "ˈa", locale: str = "*", **more) -> LexiconEntry:
    return LexiconEntry(word, locale, ipa=ipa, **more)


def read(tmp_path: Path, text: str, name: str = "names.yaml") -> tuple[Lexicon, list[Fault]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    faults: list[Fault] = []
    return read_lexicons([(path, f"lexicon/{name}")], faults), faults


def used(lexicon: Lexicon, *args, **more) -> list[str]:
    return [e.ipa or e.say for e in lexicon.used(line(*args, **more))]


def test_a_line_depends_only_on_the_entries_its_words_use() -> None:
    before = Lexicon([entry("Kaelith")])
    after = Lexicon([entry("Kaelith"), entry("Vhar"), entry("Kaelitha")])
    assert before.digest(line("Hail, Kaelith!")) == after.digest(line("Hail, Kaelith!"))
    assert before.digest(line("Hail, Vhar!")) == ""
    assert after.digest(line("Hail, Vhar!")) != ""


def test_moving_an_entry_to_another_file_or_locale_changes_no_digest() -> None:
    here = Lexicon([entry("Kaelith", locale="en", path="a.yaml", line=3)])
    there = Lexicon([entry("KAELITH", locale="*", path="b.yaml", line=9)])
    assert here.digest(line("Kaelith")) == there.digest(line("Kaelith"))


def test_the_locale_chooses_the_closest_entry() -> None:
    lexicon = Lexicon(
        [entry("Ash", "a", "en-US"), entry("Ash", "b", "en"), entry("Ash", "c"), entry("Ash", "d")]
    )
    assert used(lexicon, "Ash", "en-US") == ["a"]
    assert used(lexicon, "Ash", "en-GB") == ["b"]
    assert used(lexicon, "Ash", "de-DE") == ["d"]  # the later one overrides


def test_a_homograph_follows_the_hint_of_its_line() -> None:
    lexicon = Lexicon([entry("lead", "lɛd", hint="metal"), entry("lead", "liːd")])
    assert used(lexicon, "lead pipe", hints=[("Lead", "Metal")]) == ["lɛd"]
    assert used(lexicon, "lead us") == ["liːd"]
    only_hinted = Lexicon([entry("lead", "lɛd", hint="metal")])
    assert used(only_hinted, "lead us") == []


def test_a_hint_that_no_entry_knows_is_reported() -> None:
    lexicon = Lexicon([entry("lead", hint="metal")])
    wrong = line("lead", hints=[("lead", "mettal")])
    assert lexicon.unmatched_hints(wrong) == (("lead", "mettal"),)
    assert lexicon.unmatched_hints(line("lead", hints=[("lead", "metal")])) == ()


def test_a_phrase_comes_before_its_words() -> None:
    lexicon = Lexicon([entry("New", "n"), entry("New Vhar", "njuː vɑː"), entry("Vhar", "v")])
    uses = lexicon.uses(line("To New Vhar, new Vhar and new hope"))
    assert [(u.first, u.last, u.entries[0].word) for u in uses] == [
        (1, 2, "New Vhar"),
        (3, 4, "New Vhar"),
        (6, 6, "New"),
    ]


@pytest.mark.parametrize(
    ("text", "locale", "said"),
    [
        ("Kaelith's", "en-US", "kˈeɪlɪθs"),
        ("Kaelith’s", "en-US", "kˈeɪlɪθs"),
        ("Kaeliths", "de-DE", "kˈeɪlɪθs"),
        ("d’Kaelith", "fr-FR", "dkˈeɪlɪθ"),
        ("KAELITH", "en-US", "kˈeɪlɪθ"),
    ],
)
def test_inflected_names_are_found_and_inflected(text: str, locale: str, said: str) -> None:
    (use,) = Lexicon([entry("Kaelith", "kˈeɪlɪθ")]).uses(line(text, locale))
    assert use.pieces[0].ipa == said


def test_common_words_do_not_inflect() -> None:
    assert used(Lexicon([entry("her", "x")]), "hers") == []


def test_a_hyphen_compound_uses_the_entries_of_its_parts() -> None:
    lexicon = Lexicon([entry("Emberfall", "e"), entry("Vhar", "v")])
    (use,) = lexicon.uses(line("Emberfall-Vhar-Weg", "de-DE"))
    assert [e.word for e in use.entries] == ["Emberfall", "Vhar"]
    assert [p.ipa for p in use.pieces] == ["e", "v", ""]


def test_a_word_whose_phonemes_are_given_uses_no_entry() -> None:
    direction = Direction(words=(WordEdit("Ash", 2, phonemes="æʃ"),))
    lexicon = Lexicon([entry("Ash")])
    uses = lexicon.uses(line("Ash to ash", direction=direction))
    assert [u.first for u in uses] == [0]


def test_match_case_tells_us_from_us() -> None:
    lexicon = Lexicon([entry("US", match_case=True)])
    assert used(lexicon, "give us peace") == []
    assert used(lexicon, "the US army") == ["ˈa"]


def test_stretched_words_find_their_entry() -> None:
    assert used(Lexicon([entry("shh", "ʃː")]), "Shhhhhh!") == ["ʃː"]


FAULTY = """\
locale: en-US
colour: red
entries:
  - word: Both
    say: both
    ipa: "bəʊθ"
  - word: Neither
  - word: Bad
    ipa: "bAd!"
  - word: Twice
    word: Thrice
    say: two
  - {word: Dup, say: one}
  - {word: dup, say: two}
  - just text
  - {word: "...", say: dots}
  - {word: Two Words, say: one}
  - {word: X, say: y, match_case: maybe}
  - {word: Y, say: [a]}
  - {word: Good, say: fine}
"""


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    lexicon, faults = read(tmp_path, FAULTY)
    assert {(f.line, f.code) for f in faults} == {
        (2, "unknown-field"),
        (4, "lexicon-speech"),
        (7, "lexicon-speech"),
        (9, "lexicon-phonemes"),
        (11, "duplicate-key"),
        (14, "duplicate-entry"),
        (15, "lexicon-entry"),
        (16, "lexicon-word"),
        (17, "lexicon-too-few-words"),
        (18, "lexicon-type"),
        (19, "lexicon-type"),
        (19, "lexicon-speech"),
    }
    assert all(f.path == "lexicon/names.yaml" and f.fix for f in faults)
    assert [e.word for e in lexicon.entries] == ["Dup", "Good"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "lexicon-shape"),
        ("- a\n", "lexicon-shape"),
        ("locale: en\n", "lexicon-entries"),
        ("locale: english language\nentries: []\n", "lexicon-locale"),
        ("entries: []\n", "lexicon-locale"),
        ("locale: en\nentries: [\n", "lexicon-yaml"),
        ("locale: en\n---\nlocale: de\n", "lexicon-yaml"),
        ("[" * 5000, "lexicon-yaml"),
        ('locale: en\nentries:\n  - {word: a, say: "a\\0b"}\n', "control-character"),
        ("locale: en\nentries:\n  - {word: a, say: " + "b" * 400 + "}\n", "too-long"),
        ('locale: en\nentries:\n  - {word: a, ipa: "ˈ"}\n', "lexicon-phonemes"),
        ('locale: en\nentries:\n  - {word: a, say: b, hint: " "}\n', "lexicon-hint"),
    ],
)
def test_broken_files_are_faults_and_never_exceptions(tmp_path: Path, text: str, code: str) -> None:
    _, faults = read(tmp_path, text)
    assert code in [f.code for f in faults]


def test_a_yaml_tag_runs_nothing(tmp_path: Path) -> None:
    text = "locale: en\nentries: !!python/object/apply:os.system [echo]\n"
    lexicon, _ = read(tmp_path, text)
    assert lexicon.entries == ()


def test_wrong_encoding_missing_file_and_size_are_faults(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("locale: fr # \xe9".encode("latin-1"))
    (tmp_path / "big.yaml").write_bytes(b"# " + b"x" * 4_000_001)
    faults: list[Fault] = []
    names = ("latin.yaml", "none.yaml", "big.yaml")
    read_lexicons([(tmp_path / n, n) for n in names], faults)
    assert [f.code for f in faults] == ["lexicon-encoding", "lexicon-read", "lexicon-size"]


def test_yaml_words_that_look_like_booleans_stay_words(tmp_path: Path) -> None:
    lexicon, faults = read(tmp_path, "locale: no\nentries:\n  - {word: No, say: yes}\n")
    assert not faults
    assert used(lexicon, "no", "no-NO") == ["yes"]


def test_the_shipped_lexicons_are_right() -> None:
    faults: list[Fault] = []
    paths = sorted((ROOT / "assets" / "lexicons").glob("*.yaml"))
    lexicon = read_lexicons([(p, p.name) for p in paths], faults)
    assert faults == []
    assert {e.locale for e in lexicon.entries} == {"en", "de", "fr"}
    assert used(lexicon, "Give us the lead, and read it is.") == []  # no hint, no change
