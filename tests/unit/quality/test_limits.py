from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.domain.voice import ENGINES
from renderer.errors import Fault, InputError, Level
from renderer.quality.limit_file import Known, read_limits
from renderer.quality.limits import (
    LEARNED_LIMITS,
    NAMES,
    TABLES,
    TABLES_OF_SHORT,
    GateLimits,
    merge,
)

SHIPPED = Path(__file__).resolve().parents[3] / "assets" / "gate_limits.yaml"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gate.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def limits_of(limits: GateLimits, **more):
    known = {"engine": "piper", "locale": "en-US", "voice": "kristin", "delivery": "normal"}
    return limits.limits_for(**{**known, "is_short": False, **more})


def test_the_shipped_file_sets_every_limit():
    shipped = read_limits(SHIPPED)
    assert {*shipped.defaults, *shipped.full} == set(NAMES)
    assert not set(shipped.defaults) & set(shipped.full)


def test_short_lines_have_limits_of_their_own_per_engine_and_delivery(tmp_path):
    text = """
engines: {formant: {most_click_db: 2, most_gap_s: 2}}
short:
  most_words: 2
  limits: {most_click_db: 3, most_gap_s: 3}
  engines: {formant: {most_click_db: 4}}
  deliveries: {whisper: {most_click_db: 5}}
"""
    limits = read_limits(written(tmp_path, text))
    assert limits_of(limits, engine="formant", delivery="whisper").most_click_db == 2
    assert limits_of(limits, is_short=True).most_click_db == 3
    formant = limits_of(limits, engine="formant", is_short=True)
    assert (formant.most_click_db, formant.most_gap_s) == (4, 3)
    assert limits_of(limits, engine="formant", delivery="whisper", is_short=True).most_click_db == 5
    own = read_limits(written(tmp_path, "short: {engines: {formant: {most_click_db: 9}}}"))
    merged = limits_of(merge(limits, own), engine="formant", is_short=True)
    assert (merged.most_click_db, merged.most_gap_s) == (9, 3)
    with pytest.raises(InputError, match="1 faults"):
        read_limits(written(tmp_path, "short: {deliveries: {wisper: {most_click_db: 9}}}"))


def test_the_more_specific_wins(tmp_path):
    limits = read_limits(
        written(
            tmp_path,
            """
defaults: {most_click_db: 1, most_gap_s: 1, most_head_db: 1, most_tail_db: 1}
engines: {piper: {most_click_db: 2, most_gap_s: 2, most_head_db: 2}}
locales: {en: {most_click_db: 3, most_gap_s: 3}, en-GB: {most_click_db: 9}}
voices: {kristin: {most_click_db: 4}, "kristin#high": {most_click_db: 5}}
deliveries: {whisper: {most_click_db: 6}}
short: {most_words: 2, most_s: 0.8, limits: {most_click_db: 7, most_tail_db: null}}
""",
        )
    )
    assert limits_of(limits).most_click_db == 4
    assert limits_of(limits, voice="kristin#high").most_click_db == 5
    assert limits_of(limits, voice="amy", locale="en-GB").most_click_db == 9
    assert limits_of(limits, voice="amy").most_gap_s == 3
    assert limits_of(limits, delivery="whisper").most_click_db == 6
    assert limits_of(limits).most_head_db == 2
    assert limits_of(limits).most_tail_db == 1
    short = limits_of(limits, delivery="whisper", is_short=True)
    assert (short.most_click_db, short.most_tail_db) == (7, None)
    assert limits.is_short(2, 5.0)
    assert limits.is_short(9, 0.7)
    assert not limits.is_short(3, 0.9)


def test_a_voice_in_a_language_has_limits_of_its_own(tmp_path):
    text = """
defaults: {most_click_db: 1, most_tail_db: 1}
voices:
  hearth: {most_click_db: 2, most_tail_db: 2}
  "hearth#brann": {most_click_db: 3}
  hearth@de: {most_click_db: 4}
  hearth@de-AT: {most_click_db: 5}
  "hearth#brann@de": {most_click_db: 6}
  "hearth#brann@de-AT": {most_click_db: 7}
"""
    limits = read_limits(written(tmp_path, text))

    def click(voice: str, locale: str) -> float | None:
        return limits_of(limits, voice=voice, locale=locale).most_click_db

    assert [click("hearth", at) for at in ("fr-FR", "de-DE", "de-AT")] == [2, 4, 5]
    assert [click("hearth#brann", at) for at in ("fr-FR", "de-DE", "de-AT")] == [3, 6, 7]
    assert [click("hearth#ida", at) for at in ("fr-FR", "de-DE", "de-AT")] == [2, 4, 5]
    assert click("amy", "de-DE") == 1
    assert limits_of(limits, voice="hearth#brann", locale="de-AT").most_tail_db == 2


@pytest.mark.parametrize("key", ["@de", "amy@", "amy@de@fr", "amy@de#low", "a b", "amy@1", "amy#"])
def test_a_voice_that_cannot_be_is_a_fault_with_its_line(tmp_path, key):
    path = written(tmp_path, f'voices:\n  amy: {{}}\n  "{key}": {{most_click_db: 3}}\n')
    with pytest.raises(InputError) as caught:
        read_limits(path)
    assert [(f.line, f.field) for f in caught.value.faults] == [(3, f"voices.{key}")]
    assert "name#speaker@de" in caught.value.faults[0].fix


def test_a_delivery_that_is_none_is_a_fault(tmp_path):
    with pytest.raises(InputError) as caught:
        read_limits(written(tmp_path, "deliveries:\n  wisper: {most_click_db: 3}\n"))
    assert [(f.line, f.field) for f in caught.value.faults] == [(2, "wisper")]
    assert "whisper" in caught.value.faults[0].fix


def test_a_project_changes_one_limit_and_keeps_the_rest(tmp_path):
    shipped = read_limits(SHIPPED)
    own = written(
        tmp_path,
        "defaults: {most_gap_s: 3}\n"
        "engines: {formant: {most_click_db: null}}\n"
        "voices: {hero: {least_dnsmos_ovrl: 3.1}}\n"
        "short: {most_s: 0.5}\n",
    )
    merged = merge(shipped, read_limits(own))
    assert limits_of(merged).most_gap_s == 3
    assert limits_of(merged).most_click_db == shipped.defaults["most_click_db"]
    assert limits_of(merged, engine="formant").most_click_db is None
    assert limits_of(merged, engine="formant").least_dnsmos_ovrl < 2
    assert limits_of(merged, voice="hero").least_dnsmos_ovrl == 3.1
    assert (merged.short_words, merged.short_s) == (shipped.short_words, 0.5)


def test_every_fault_is_named_with_its_line_and_the_near_name(tmp_path):
    path = written(
        tmp_path,
        "defaults:\n  most_clik_db: 3\n  most_gap_s: soon\n  most_dc_dbfs: .nan\n"
        "  most_tail_db: 1\n  most_tail_db: 2\nvoises: {}\nengines: 7\n",
    )
    with pytest.raises(InputError) as caught:
        read_limits(path)
    faults = {(f.line, f.field) for f in caught.value.faults}
    assert {(2, "most_clik_db"), (3, "defaults.most_gap_s"), (4, "defaults.most_dc_dbfs")} <= faults
    assert {line for line, _ in faults} == {2, 3, 4, 6, 7, 8}
    assert any("most_click_db" in f.problem + f.fix for f in caught.value.faults)
    assert any("voices" in f.fix for f in caught.value.faults)


@pytest.mark.parametrize(
    "text",
    ["[1, 2]", "a: &a [*a]", "}{", "\x00", "defaults: !!python/object:os.system {}", "- x\n" * 9],
)
def test_files_that_are_no_limits_are_refused(tmp_path, text):
    with pytest.raises(InputError):
        read_limits(written(tmp_path, text))


def test_a_missing_or_huge_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_limits(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="larger"):
        read_limits(written(tmp_path, "#" * 300_000))


def test_an_empty_file_changes_nothing(tmp_path):
    assert merge(GateLimits({"most_gap_s": 1.0}), read_limits(written(tmp_path, ""))) == GateLimits(
        {"most_gap_s": 1.0}, {table: {} for table in (*TABLES, *TABLES_OF_SHORT)}
    )


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200))
def test_no_text_makes_the_reader_crash(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("gate") / "gate.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(InputError):
        read_limits(path)


def test_full_metrics_are_asked_for_by_a_project(tmp_path):
    shipped = read_limits(SHIPPED)
    own = read_limits(written(tmp_path, "metrics: full\nfull: {least_likeness: 5}\n"))
    assert limits_of(shipped).least_likeness is None
    assert limits_of(merge(shipped, own)).least_likeness == 5
    assert limits_of(merge(shipped, own)).least_likeness_margin is not None
    off = read_limits(written(tmp_path, "metrics: default\n"))
    assert limits_of(merge(merge(shipped, own), off)).least_likeness is None


def test_a_projects_defaults_go_before_the_shipped_row_of_full_metrics(tmp_path):
    text = (
        "metrics: full\n"
        "defaults: {most_missing_phones: 3, most_heard_error_rate: 0.7,\n"
        "  least_likeness_margin: null, least_likeness: 0.5, most_extra_phones: 4}\n"
        "full: {most_extra_phones: 5}\n"
    )
    merged = merge(read_limits(SHIPPED), read_limits(written(tmp_path, text)))
    held = limits_of(merged)
    assert (held.most_missing_phones, held.most_heard_error_rate) == (3, 0.7)
    assert (held.least_likeness_margin, held.least_likeness) == (None, 0.5)
    assert held.most_extra_phones == 5, "the project's own row of full metrics goes before both"
    over = merge(merged, read_limits(written(tmp_path, "defaults: {most_extra_phones: 6}")))
    assert limits_of(over).most_extra_phones == 6
    off = merge(merged, read_limits(written(tmp_path, "metrics: default\n")))
    assert limits_of(off).most_extra_phones == 4


def test_exact_metrics_hold_nothing_that_a_model_hears(tmp_path):
    shipped = read_limits(SHIPPED)
    exact = merge(shipped, read_limits(written(tmp_path, "metrics: exact\n")))
    assert shipped.holds_learned
    assert not exact.holds_learned
    for more in ({}, {"is_short": True}, {"engine": "formant"}, {"delivery": "whisper"}):
        held = limits_of(exact, **more)
        assert not held.holds_any(LEARNED_LIMITS)
        assert held.most_click_db is not None
        assert held.most_line_timbre_db is not None


def test_an_unknown_extent_is_a_fault(tmp_path):
    with pytest.raises(InputError) as caught:
        read_limits(written(tmp_path, "metrics: everything\n"))
    assert [(f.line, f.field) for f in caught.value.faults] == [(1, "metrics")]


def faults_of(path: Path, **more) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read_limits(path, **more)
    return list(caught.value.faults)


def test_a_row_of_an_engine_that_is_none_is_a_fault_with_near_names(tmp_path):
    text = "engines:\n  formnat: {most_click_db: 3}\nshort:\n  engines: {pipper: {}}\n"
    first, second = faults_of(written(tmp_path, text))
    assert (first.path, first.line, first.field) == ("gate.yaml", 2, "engines.formnat")
    assert "formant" in first.fix
    assert (second.line, second.field) == (4, "short.engines.pipper")
    assert "piper" in second.fix
    for engine in (*ENGINES, "recording"):
        read_limits(written(tmp_path, f"engines: {{{engine}: {{most_click_db: 3}}}}"))


@pytest.mark.parametrize(
    ("table", "key", "fix"),
    [
        ("locales", "en-us", "en-US"),
        ("locales", "en_US", "en-US"),
        ("locales", "DE", "de"),
        ("locales", "zh-hant-tw", "zh-Hant-TW"),
        ("locales", "german", "de-DE"),
        ("voices", "formant@en-us", "formant@en-US"),
        ("voices", "formant#f2@DE", "formant#f2@de"),
    ],
)
def test_a_locale_that_is_spelt_otherwise_is_a_fault(tmp_path, table, key, fix):
    [fault] = faults_of(written(tmp_path, f'{table}:\n  "{key}": {{most_click_db: 3}}\n'))
    assert (fault.line, fault.field) == (2, f"{table}.{key}")
    assert fix in fault.fix


@pytest.mark.parametrize("key", ["de", "en-US", "zh-Hant-TW", "es-419", "ca-ES-valencia"])
def test_a_language_or_a_locale_may_have_a_row(tmp_path, key):
    text = f"locales: {{{key}: {{most_click_db: 3}}}}\nvoices: {{amy@{key}: {{most_gap_s: 3}}}}"
    limits = read_limits(written(tmp_path, text))
    assert limits_of(limits, locale=key, voice="amy").most_click_db == 3
    assert limits_of(limits, locale=key, voice="amy").most_gap_s == 3


def test_a_locale_that_the_project_has_not_is_a_fault(tmp_path):
    known = Known(("en-US", "de-DE"))
    good = "locales: {en: {}, en-US: {}, de: {}}\nvoices: {amy@de: {}, amy@de-DE: {}}\n"
    assert read_limits(written(tmp_path, good), known) == read_limits(written(tmp_path, good))
    bad = "locales:\n  de-AT: {}\nvoices:\n  amy@fr: {}\n"
    first, second = faults_of(written(tmp_path, bad), known=known)
    assert (first.line, first.field) == (2, "locales.de-AT")
    assert "de-DE" in first.fix
    assert (second.line, second.field) == (4, "voices.amy@fr")
    read_limits(written(tmp_path, bad))  # nobody knows the project


def test_a_voice_or_a_speaker_that_nobody_knows_is_warned_of(tmp_path):
    text = """voices:
  formnat: {}
  formant@en-US: {}
  "formant#f22": {}
  "formant#f2": {}
  recording: {}
  "cast#anyone": {}
  "alone#one@en": {}
"""
    heard: list[Fault] = []
    voices = {"formant": ("f1", "f2"), "cast": None, "alone": ()}
    read_limits(written(tmp_path, text), Known(voices=lambda: voices), heard)
    assert {f.level for f in heard} == {Level.WARNING}
    assert [(f.line, f.field) for f in heard] == [
        (2, "voices.formnat"),
        (4, "voices.formant#f22"),
        (8, "voices.alone#one@en"),
    ]
    assert "formant" in heard[0].fix
    assert "f2" in heard[1].fix


def test_nobody_is_asked_for_voices_where_no_row_names_one(tmp_path):
    def asked():
        raise AssertionError

    read_limits(written(tmp_path, "defaults: {most_gap_s: 3}"), Known(voices=asked))


@pytest.mark.parametrize("version", ["99", "0", "1.5", "one", "null", "[1]"])
def test_another_version_is_a_fault(tmp_path, version):
    [fault] = faults_of(written(tmp_path, f"defaults: {{}}\nversion: {version}\n"))
    assert (fault.line, fault.field) == (2, "version")
    assert "version: 1" in fault.fix
    read_limits(written(tmp_path, "version: 1\n"))


@pytest.mark.parametrize(
    ("text", "is_short"),
    [
        ("short: {most_words: null}", (False, True)),
        ("short: {most_s: null}", (True, False)),
        ("short: {most_words: null, most_s: null}", (False, False)),
        ("short: {limits: {most_gap_s: 1}}", (True, True)),
        ("{}", (True, True)),
    ],
)
def test_null_for_what_is_short_means_that_nothing_is(tmp_path, text, is_short):
    own = read_limits(written(tmp_path, text))
    stored = GateLimits(**json.loads(json.dumps(asdict(own))))  # as an import keeps them
    for limits in (merge(read_limits(SHIPPED), own), merge(read_limits(SHIPPED), stored)):
        assert (limits.is_short(1, 5.0), limits.is_short(9, 0.5)) == is_short
        assert limits.is_short(0, 5.0) is is_short[0]
        back = merge(limits, read_limits(written(tmp_path, "short: {most_words: 3, most_s: 2}")))
        assert back.is_short(3, 5.0)
        assert back.is_short(9, 1.5)
