from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.take import Attempt
from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.report.record import Tables, detail, local_path, problem, script_json


@given(st.text())
def test_script_json_holds_no_character_a_page_could_act_on(text: str) -> None:
    written = script_json({"text": text})
    assert written.isascii()
    assert not set("<>&") & set(written)
    assert json.loads(written) == {"text": text}


@given(st.text(max_size=40))
def test_a_local_path_never_names_a_scheme_or_a_root(path: str) -> None:
    safe = local_path(path)
    assert not safe.startswith("/")
    assert "\\" not in safe
    assert ":" not in safe.split("/")[0]


def test_what_is_no_number_is_spelt_out_and_not_lost(make_line) -> None:
    findings = (
        Finding("dnsmos_ovrl", Outcome.ERROR, math.nan, 2.8, ">="),
        Finding("level", Outcome.FAIL, -math.inf, -60.0, ">=", "dB"),
    )
    plain = detail(make_line(status="rejected", findings=findings), None, None)
    assert [f["value"] for f in plain["take"]["findings"]] == ["not a number", "−∞"]
    script_json(plain)


def test_what_speaks_against_a_take_comes_before_what_speaks_for_it(make_line) -> None:
    findings = tuple(Finding(o.value, o) for o in (Outcome.PASS, Outcome.FAIL, Outcome.ERROR))
    plain = detail(make_line(status="rejected", findings=findings), None, None)
    assert [f["outcome"] for f in plain["take"]["findings"]] == ["error", "fail", "pass"]


def test_only_what_a_director_asked_for_is_listed(make_line) -> None:
    assert detail(make_line(), None, None)["direction"]["prosody"] == {"rate": 1.2}


def test_attempts_without_sounds_keep_their_place(make_line) -> None:
    from dataclasses import replace

    verdict = Verdict.of((Finding("cut_tail", Outcome.FAIL, -18.0, -40.0, "<=", "dB"),))
    line = make_line(status="rejected")
    tried = (Attempt(1, "", verdict), Attempt(2, "rate × 0.96", verdict))
    take = replace(line.take, tried=tried, tried_audio=("audio/first.ogg",))
    plain = detail(replace(line, take=take), None, None)["take"]["tried"]
    assert [a["audio"] for a in plain] == ["audio/first.ogg", ""]
    assert plain[1]["failed"][0]["check"] == "cut_tail"


def test_names_are_stored_once_and_a_nameless_character_shows_its_id(make_line) -> None:
    tables = Tables()
    rows = [tables.row(make_line(f"l{i}", character_name=""), i) for i in range(3)]
    plain = tables.plain()
    assert plain["characters"] == ["kara"]
    assert plain["characterNames"] == ["kara"]
    assert len({row[4] for row in rows}) == 1


def test_a_problem_names_line_check_value_and_limit(make_line) -> None:
    finding = Finding("inner_gap", Outcome.FAIL, 0.6, 0.4, "<=", "s", "A gap.", "Use a comma.")
    found = problem(make_line(status="rejected", findings=(finding,)))
    assert found["line_id"] == "halt_01"
    assert found["findings"][0]["value"] == 0.6
    assert found["findings"][0]["hint"] == "Use a comma."
