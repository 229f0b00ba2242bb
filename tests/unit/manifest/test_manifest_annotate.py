"""Faults for people and CI: every format escaped by its own rules."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import Fault, Level
from renderer.manifest.annotate import FORMATS, annotate

HOSTILE = "a,b:c%\r\n::error::<&\"']]>\x00\x1b[2J\u202e\ud800"
FAULTS = [
    Fault("scenes/b.yaml", 3, "text", "Bad.", "Fix it.", "bad-text", Level.ERROR, 5),
    Fault("scenes/a.yaml", 0, "", "Look.", "See.", "odd", Level.WARNING),
]


def test_text_is_sorted_and_counted() -> None:
    assert annotate(FAULTS, "text", prefix="game") == (
        "game/scenes/a.yaml: warning: Look.\n    See. [odd]\n"
        "game/scenes/b.yaml:3:5: error: text: Bad.\n    Fix it. [bad-text]\n"
        "1 error and 1 warning found.\n"
    )


def test_github() -> None:
    assert annotate(FAULTS, "github").splitlines() == [
        "::warning file=scenes/a.yaml,title=odd::Look.%0ASee.",
        "::error file=scenes/b.yaml,line=3,col=5,title=bad-text::text: Bad.%0AFix it.",
    ]


def test_github_cannot_be_injected() -> None:
    fault = Fault(HOSTILE, 1, HOSTILE, HOSTILE, HOSTILE, "x")
    out = annotate([fault], "github")
    assert out.count("\n") == 1
    assert out.startswith("::error file=a%2Cb%3Ac%25")


def test_sarif_has_what_code_scanning_needs() -> None:
    log = json.loads(annotate(FAULTS, "sarif", version="0.1.0"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["bad-text", "odd"]
    warning, error = run["results"]
    assert (warning["level"], error["level"]) == ("warning", "error")
    place = error["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "scenes/b.yaml"
    assert place["region"] == {"startLine": 3, "startColumn": 5}
    assert "region" not in warning["locations"][0]["physicalLocation"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_uri_is_encoded() -> None:
    fault = Fault("scenes/ä b#1.yaml", 1, "", "p", "f", "x")
    log = json.loads(annotate([fault], "sarif"))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "scenes/%C3%A4%20b%231.yaml"


def test_junit_counts_errors_as_failures() -> None:
    root = ElementTree.fromstring(annotate(FAULTS, "junit"))
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert [s.get("name") for s in root] == ["scenes/a.yaml", "scenes/b.yaml"]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "Bad."


def test_clean_project_is_a_passed_case_in_junit() -> None:
    root = ElementTree.fromstring(annotate([], "junit"))
    assert root.get("failures") == "0"
    assert root.find(".//testcase") is not None
    assert json.loads(annotate([], "sarif"))["runs"][0]["results"] == []
    assert annotate([], "github") == ""
    assert annotate([], "text") == "No faults found.\n"


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match="text, github"):
        annotate([], "html")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.sampled_from(FORMATS))
def test_hostile_text_stays_text(text: str, form: str) -> None:
    text += HOSTILE
    out = annotate([Fault(text, 1, text, text, text, "x")], form)
    assert out.replace("\n", "").isprintable()
    out.encode("utf-8")
    if form in ("sarif", "json"):
        json.loads(out)
    elif form == "junit":
        ElementTree.fromstring(out)
