"""The error-rate harness on the formant voice, and the project of truly defective takes."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# Severe defects for which the gate has a check that needs no learned metric.
FOUND = (
    *("clipped", "cut_end", "silence_inside", "clicks"),
    *("offset", "level", "delivered_level", "lost_packets"),
)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def errors() -> Iterator[ModuleType]:
    """The harness, which imports its neighbours as a script does."""
    folder = str(REPOSITORY / "benchmarks")
    sys.path.insert(0, folder)
    yield load(REPOSITORY / "benchmarks" / "gate_errors.py")
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def bench(errors, tmp_path_factory):
    """A bench that tells a voice from two others of its model, not from all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("renderer.services.voice_norm.MOST_OTHERS", 2)
        yield errors.Bench(tmp_path_factory.mktemp("gate"), None)


@pytest.fixture(scope="module")
def lines(errors):
    """One line of the formant voice for each length class, and its neighbours."""
    listed = errors.specs("evaluation", None, only=["formant"])
    return [s for s in listed if s.voice == "formant" and s.locale == "en-US"]


def row_of(errors, bench, spec, name="", donors=()):
    defect = next((d for d in errors.DEFECTS if d.name == name), None)
    [(_, row)] = bench.judge([errors.Item(spec, defect, tuple(donors), 1)])
    return row


@pytest.fixture(scope="module")
def line(lines):
    return next(s for s in lines if s.length == "4–10" and s.words >= 7)  # sounds for over a second


def test_a_clean_line_passes(errors, bench, line):
    row = row_of(errors, bench, line)
    assert row["decision"] == "approved", row["fail"]
    assert {"clipping", "gap", "dnsmos_ovrl"} <= set(row["checks"])


@pytest.mark.parametrize("kind", FOUND)
def test_a_severe_defect_is_found_by_a_check_that_should(errors, bench, lines, kind):
    """On one of three lines at least: a cut may fall into a closure, where nothing is cut."""
    named = set(errors.gate_rates.KINDS[kind].checks)
    hosts = [s for s in lines if s.words >= 7][:3]
    rows = (row_of(errors, bench, spec, f"{kind}-severe") for spec in hosts)
    assert any(row["decision"] == "rejected" and set(row["fail"]) & named for row in rows)


def test_a_learned_metric_hears_the_noise(errors, bench, line):
    """The formant engine's limits are below what noise costs it: heard, and yet no finding."""
    clean, noisy = (row_of(errors, bench, line, name) for name in ("", "white_noise-severe"))
    assert noisy["values"]["dnsmos_bak"] < clean["values"]["dnsmos_bak"] - 0.2


def test_a_learned_metric_has_an_answer_on_one_word_and_hears_severe_noise_there(
    errors, bench, lines
):
    bark = next(s for s in lines if s.length == "1")
    clean, noisy = (row_of(errors, bench, bark, name) for name in ("", "white_noise-severe"))
    assert clean["decision"] == "approved", clean["fail"]
    answers = {f"dnsmos_{name}" for name in ("ovrl", "sig", "bak", "p808")}
    answers |= {f"{name}_below" for name in answers}
    held = answers & set(clean["checks"])
    assert {"dnsmos_ovrl", "dnsmos_bak", "dnsmos_ovrl_below"} <= held
    assert not held & set(clean["inconclusive"])
    assert noisy["values"]["dnsmos_bak"] < clean["values"]["dnsmos_bak"] - 0.2


def test_words_are_planted_where_the_engine_says_they_are(errors, bench, lines, line):
    others = [s for s in lines if s.length == "11+"][:1]
    for kind in ("dropped_word", "repeated_word", "wrong_word"):
        row = row_of(errors, bench, line, f"{kind}-severe", others)
        assert row is not None, kind


def test_a_line_of_one_word_has_no_word_to_drop(errors, bench, lines):
    bark = next(s for s in lines if s.length == "1")
    assert row_of(errors, bench, bark, "dropped_word-severe") is None


def test_what_could_not_be_told_is_missed(errors, bench, lines):
    """A check that has no answer has missed the defect, and is counted as such."""
    bark = next(s for s in lines if s.length == "1")
    row = row_of(errors, bench, bark, "white_noise-faint")
    assert row["decision"] == "approved", row["fail"]
    row["inconclusive"] = [*row["inconclusive"], "dnsmos_ovrl"]
    counted = errors.gate_rates.detection([row], "white_noise", "faint", "1")
    assert (counted["n"], counted["any"]["hits"], counted["missed"]) == (1, 0, 1)
    assert counted["inconclusive"] == 1


def test_a_decision_is_the_same_twice(errors, bench, line):
    first = row_of(errors, bench, line, "clicks-audible")
    assert row_of(errors, bench, line, "clicks-audible") == first


def test_a_run_goes_on_where_it_was_and_writes_a_page(errors, tmp_path, monkeypatch):
    asked = ["--clips", "1", "--lines", "2", "--voice", "formant", "--audible-only", "--quiet"]
    arguments = errors.parse([*asked, "--build", str(tmp_path)])
    arguments.data = None
    offset = [d for d in errors.DEFECTS if d.kind == "offset"]
    monkeypatch.setattr(errors, "DEFECTS", offset)
    first = errors.run(arguments)
    assert first["clean"]["voices"]["of"] == 2
    found = [r for r in first["defects"] if (r["hosts"], r["length"]) == ("all", "all")]
    assert [row["any"]["share"] for row in found] == [1.0]
    monkeypatch.setattr(errors, "bench", None)  # nothing is left to judge
    assert errors.run(arguments) == first
    page = errors.gate_page.page(first)
    asked = "--clips 1 --lines 2 --voice formant --audible-only --write"
    assert f"`python benchmarks/gate_errors.py {asked}`" in page
    assert "Fainter and stronger" not in page
    assert "| `offset` | 0.02 of full scale | dc " in page
    both = {**first, "about": {**first["about"], "audible_only": False}}
    assert "Fainter and stronger" in errors.gate_page.page(both)
    assert "| `offset` |" in page
    assert "**Not met** (0 lines)" in page  # of real speech


def test_what_a_service_that_decides_calls_decides_too(errors):
    """Else its change would leave decisions standing that nobody would make any more."""
    files = errors.state.__globals__["deciding_files"]()
    services = {path.stem: path for path in files if path.parent.name == "services"}
    called = {
        name
        for path in services.values()
        for name in re.findall(r"from renderer\.services\.(\w+)", path.read_text("utf-8"))
    }
    assert called - services.keys() == set()


def test_decisions_are_kept_for_one_state_of_all_that_decides(errors):
    """A page is no part of a decision; the lines, the limits and what reads them are."""
    files = errors.state.__globals__["deciding_files"]()
    names = {path.relative_to(REPOSITORY).as_posix() for path in files}
    assert all(path.is_file() for path in files)
    assert names >= {
        "assets/gate_limits.yaml",
        "assets/audibility.yaml",
        "assets/judges/phones.onnx",
        "benchmarks/gate_split.yaml",
        "benchmarks/gate_line.py",
        "renderer/domain/verdict.py",
        "renderer/ports/judge.py",
        "renderer/services/finish.py",
        "renderer/services/in_place.py",
        "renderer/services/listen.py",
        "renderer/services/own_score.py",
        "renderer/services/plain_lines.py",
    }
    assert not names & {
        "benchmarks/gate_page.py",
        "benchmarks/gate_rates.py",
        "renderer/services/review.py",
    }


def test_sides_share_no_speaker_voice_sentence_or_seed(errors):
    sides = [errors.read_split(side) for side in ("tuning", "evaluation")]
    voices = [{(n, s) for n, some in side["voices"].items() for s in some} for side in sides]
    texts = [
        {line if isinstance(line, str) else line["text"] for lines in side["lines"].values()
         for line in lines}
        for side in sides
    ]  # fmt: skip
    assert not voices[0] & voices[1]
    assert not texts[0] & texts[1]
    assert abs(sides[0]["seed"] - sides[1]["seed"]) >= 10_000
    for corpus in ("ravdess", "emodb"):
        assert not set(sides[0]["recordings"][corpus]) & set(sides[1]["recordings"][corpus])


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (6, 300, 0.0092, 0.0429),
    ],
)
def test_intervals_are_those_of_wilson(errors, hits, of, low, high):
    assert errors.gate_rates.wilson(hits, of) == pytest.approx((low, high), abs=2e-4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_kind_of_finding_occurs_on_a_truly_defective_take(tmp_path):
    flawed = load(REPOSITORY / "scripts" / "flawed_takes.py")
    page, kinds, failed, passed = flawed.run(tmp_path)
    assert kinds - failed == set()
    assert passed == set()
    assert len(kinds) >= 20
    assert page.is_file()
    assert '"clipping"' in "".join(
        p.read_text(encoding="utf-8") for p in (tmp_path / "report" / "data").glob("*.js")
    )
