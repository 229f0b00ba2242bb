"""Stale translations: changed, unrecorded and orphaned ones, in any order of reading."""

from __future__ import annotations

from collections.abc import Iterable

from renderer.domain.utterance import Origin, Utterance, text_hash
from renderer.errors import Level
from renderer.manifest.translations import Reason, TranslationLedger, stale


def line(
    line_id: str,
    locale: str = "en-US",
    written: str = "Halt!",
    source_hash: str = "",
    was: Iterable[str] = (),
) -> Utterance:
    return Utterance(
        line_id, locale, "anna", "gate", written, written, "formant",
        was=tuple(was), source_hash=source_hash, origin=Origin("scenes/a.yaml", 7),
    )  # fmt: skip


def test_fresh_translation_is_not_mentioned() -> None:
    lines = [line("a"), line("a", "de-DE", source_hash=text_hash("Halt!"))]
    assert not list(stale(lines, {"a": text_hash("Halt!")}, source_locale="en-US"))


def test_white_space_and_normal_form_do_not_make_it_stale() -> None:
    ledger = TranslationLedger("en-US")
    ledger.add(line("a", written="Cafe\u0301  now"))
    ledger.add(line("a", "de-DE", source_hash=text_hash("Caf\u00e9 now")))
    assert not list(ledger.stale())


def test_markup_of_the_source_counts() -> None:
    ledger = TranslationLedger("en-US")
    ledger.add(line("a", written="I said *now*"))
    ledger.add(line("a", "de-DE", source_hash=text_hash("I said now")))
    assert [s.reason for s in ledger.stale()] == [Reason.CHANGED]


def test_every_reason_is_a_warning_with_the_hash_to_write() -> None:
    ledger = TranslationLedger("en-US")
    ledger.add(line("b", "de-DE", source_hash="0" * 12))
    ledger.add(line("c", "de-DE"))
    ledger.add(line("zz", "fr-FR", source_hash="0" * 12))
    for name in "abc":
        ledger.add(line(name))
    found = list(ledger.stale())
    assert [(s.line_id, s.reason) for s in found] == [
        ("b", Reason.CHANGED),
        ("c", Reason.UNRECORDED),
        ("zz", Reason.MISSING),
    ]
    faults = [s.fault() for s in found]
    assert {f.level for f in faults} == {Level.WARNING}
    assert text_hash("Halt!") in faults[0].fix
    assert text_hash("Halt!") in faults[1].fix
    assert (faults[0].path, faults[0].line) == ("scenes/a.yaml", 7)


def test_renamed_and_misspelt_sources_are_named() -> None:
    ledger = TranslationLedger("en-US")
    ledger.add(line("gate_new", was=["gate_old"]))
    ledger.add(line("Harbour_1"))
    ledger.add(line("gate_old", "de-DE", source_hash="0" * 12))
    ledger.add(line("harbour_1", "de-DE", source_hash="0" * 12))
    ledger.add(line("habour_1", "fr-FR", source_hash="0" * 12))
    hints = [s.fault().problem for s in ledger.stale()]
    assert "'gate_new' now" in hints[0]
    assert "spelt 'Harbour_1'" in hints[1]
    assert "Did you mean 'Harbour_1'" in hints[2]
