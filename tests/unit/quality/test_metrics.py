"""What was measured, kept as JSON and decided about again without any sound."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.domain.verdict import Decision, Outcome
from renderer.errors import JudgeError
from renderer.quality.circumstances import Circumstances
from renderer.quality.gate import (
    SENTENCE_CHECKS,
    SIGNAL_CHECKS,
    decide,
    needs_learned,
    read_limits,
)
from renderer.quality.limits import NAMES as LIMITS_KNOWN
from renderer.quality.limits import GateLimits
from renderer.quality.metric_document import read_metrics
from renderer.quality.metrics import NAMES, Metrics, Score, Unsure
from renderer.quality.rule import Rule
from renderer.quality.signal import SIGNAL_MEASURES
from renderer.quality.signal_checks import SIGNAL_RULES
from renderer.quality.sound_checks import SILENCE
from renderer.quality.take import FIRST, MEASURES, SECOND

LIMITS = read_limits(Path(__file__).resolve().parents[3] / "assets" / "gate_limits.yaml")
LINE = Circumstances(
    "piper", "amy", "en-US", "normal", 6, 1.0, -1.0, 0.0, False, -23.0, phone_count=30
)
GOOD = Metrics(
    LINE,
    places={"click_db": 0.3, "gap_s": 1.1},
    notes={"dnsmos_ovrl": "looped"},
    non_finite=0.0,
    peak_dbfs=-3.0,
    duration_s=2.5,
    sound_s=2.3,
    speaking_s=2.1,
    flat_permille=0.0,
    dc_dbfs=-90.0,
    master_peak_dbtp=-1.5,
    delivered_peak_dbtp=-1.2,
    limited_db=0.5,
    loudness_lufs=-22.5,
    codec_drift_s=0.0,
    codec_level_db=0.1,
    codec_distance_db=0.7,
    codec_band_loss_db=0.4,
    codec_lost_s=0.0,
    gap_s=0.2,
    dead_s=0.0,
    head_db=-60.0,
    tail_db=-60.0,
    release_db=-40.0,
    click_db=12.0,
    torn_db=-120.0,
    snr_db=45.0,
    noise_dbfs=-70.0,
    floor_snr_db=45.0,
    steady_hum_db=-120.0,
    hum_db=-120.0,
    bandwidth_hz=10_000.0,
    tilt_db_per_octave=-5.0,
    centroid_hz=700.0,
    flatness_db=-25.0,
    voiced_share=0.7,
    hnr_db=14.0,
    jitter=0.012,
    shimmer=0.08,
    cpps_db=8.0,
    comb_db=0.1,
    repeat_ratio=0.4,
    dnsmos_ovrl=3.2,
    dnsmos_sig=3.5,
    dnsmos_bak=3.9,
    dnsmos_p808=3.6,
    dnsmos_ovrl_below=0.1,
    dnsmos_sig_below=0.1,
    dnsmos_bak_below=0.0,
    dnsmos_p808_below=-0.1,
    heard_coverage=1.0,
    heard_error_rate=0.1,
    missing_phones=0.0,
    missing_first_phones=0.0,
    missing_last_phones=0.0,
    extra_phones=1.0,
    repeated_phones=0.0,
    divergent_phones=1.0,
    divergent_s=0.1,
    likeness=0.85,
    likeness_margin=0.15,
    slip_nats=1.5,
    line_text_nats=0.5,
    line_pitch_off_st=-0.4,
    line_range_ratio=1.1,
    line_rate_ratio=0.97,
    line_timbre_db=0.6,
    line_lack_s=0.02,
    line_drawn_s=0.02,
    text_fit_nats=9.0,
    line_click_db=0.4,
)
LINE_METRICS = {name for name in NAMES if name.startswith("line_")}
FULL = replace(LIMITS, metrics="full")
HEARD = {"most_missing_phones": 3, "most_extra_phones": 3, "most_heard_error_rate": 0.7}
HEARD |= {"least_text_fit_nats": 2}  # as is held for recordings
FULL = replace(FULL, full={**FULL.full, **HEARD})  # as a project may switch them on
# Told to a listener, held by nothing that is shipped.
TOLD = {
    "heard_coverage",
    "missing_first_phones",
    "missing_last_phones",
    "repeated_phones",
    "divergent_phones",
    "divergent_s",
    "likeness",
}
# Told by the judge of emotions, which only advises.
EMOTIONS = {name for name in NAMES if name.startswith("emotion_")}
SHOWN = set(SIGNAL_MEASURES) - {rule.metric for rule in SIGNAL_RULES}
HELD = [name for name in NAMES if name not in TOLD | EMOTIONS | SHOWN]


def through_json(metrics: Metrics) -> Metrics | None:
    return read_metrics(json.loads(json.dumps(metrics.plain(), allow_nan=False)))


def test_good_metrics_are_approved_without_any_sound():
    assert decide(GOOD, LIMITS).decision is Decision.APPROVED
    assert decide(GOOD, FULL).decision is Decision.APPROVED
    assert len(decide(GOOD, FULL).findings) > len(decide(GOOD, LIMITS).findings)


def test_every_metric_has_a_measure_or_a_check_that_reads_it_from_outside():
    rules = [c for c in (*SIGNAL_CHECKS, *SENTENCE_CHECKS, SILENCE) if isinstance(c, Rule)]
    inside = {*FIRST, *SECOND, *MEASURES}
    assert inside <= set(NAMES)
    assert {rule.metric for rule in rules} <= set(NAMES)
    assert {rule.limit for rule in rules} <= set(LIMITS_KNOWN)
    heard = {"heard_error_rate", "missing_phones", "extra_phones", "likeness_margin"}
    heard |= {*LINE_METRICS, "slip_nats", "line_text_nats", "text_fit_nats"}
    assert (
        set(NAMES) - inside - TOLD - EMOTIONS == {rule.metric for rule in SENTENCE_CHECKS} | heard
    )


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("missing_phones", 14, "missing_words"),
        ("extra_phones", 14, "extra_speech"),
        ("heard_error_rate", 0.9, "wrong_text"),
        ("likeness_margin", -0.1, "likeness_margin"),
    ],
)
def test_what_is_heard_wrong_is_rejected_where_it_is_asked_for(name, value, check):
    planted = replace(GOOD, **{name: value})
    assert [f.check for f in decide(planted, FULL).failed] == [check]
    assert decide(planted, LIMITS).decision is Decision.APPROVED
    doubted = replace(GOOD, **{name: None}).with_scores({name: Unsure("could not hear")})
    outcomes = {f.check: f.outcome for f in decide(doubted, FULL).findings}
    assert outcomes[check] is Outcome.INCONCLUSIVE
    assert decide(doubted, FULL).decision is Decision.APPROVED


@pytest.mark.parametrize("name", HELD)
def test_a_metric_that_is_missing_never_passes(name):
    plain = GOOD.plain()
    del plain[name]
    without = read_metrics(plain)
    assert without is not None
    assert decide(without, FULL).decision is Decision.ERROR
    errors = [f for f in decide(without, FULL).findings if f.outcome is Outcome.ERROR]
    assert {f.message for f in errors} == {"It was not measured."}


@pytest.mark.parametrize("name", HELD)
def test_a_metric_that_failed_is_an_error_with_its_reason(name):
    broken = replace(GOOD, **{name: None}, errors={name: "ValueError: oh"})
    read = through_json(broken)
    assert read == broken
    found = [f for f in decide(read, FULL).findings if f.outcome is Outcome.ERROR]
    assert {f.message for f in found} == {"It could not be measured: ValueError: oh"}


def test_a_limit_that_is_off_needs_no_metric():
    off = GateLimits(dict.fromkeys(LIMITS.defaults))
    verdict = decide(Metrics(LINE, non_finite=0.0, sound_s=2.0), off)
    assert {f.check for f in verdict.findings} == {"non_finite"}
    assert verdict.decision is Decision.APPROVED


def test_a_metric_that_cannot_tell_is_inconclusive():
    unsure = replace(GOOD, click_db=None).with_scores({"click_db": Unsure("too noisy to hear")})
    verdict = decide(through_json(unsure), LIMITS)
    found = next(f for f in verdict.findings if f.check == "click")
    assert (found.outcome, found.message) == (Outcome.INCONCLUSIVE, "too noisy to hear")
    assert verdict.decision is Decision.APPROVED


def test_a_failed_check_has_its_place():
    found = decide(replace(GOOD, click_db=40.0), LIMITS).failed
    assert [(f.check, f.start_s) for f in found] == [("click", 0.3)]


def test_scores_from_outside_come_in_as_plain_values():
    scored = Metrics(LINE).with_scores(
        {
            "dnsmos_ovrl": 3.1,
            "click_db": Score(20.0, 0.4, "near 'halt'"),
            "dnsmos_sig": JudgeError("the model is gone"),
        }
    )
    assert (scored.dnsmos_ovrl, scored.click_db, scored.dnsmos_sig) == (3.1, 20.0, None)
    assert scored.places == {"click_db": 0.4}
    assert scored.notes == {"click_db": "near 'halt'"}
    assert scored.errors == {"dnsmos_sig": "the model is gone"}
    with pytest.raises(ValueError, match="loudnes"):
        scored.with_scores({"loudnes": 3.0})


numbers = st.floats(allow_nan=False)
words = st.text(max_size=30)
named = st.sampled_from(NAMES)


@settings(max_examples=100, deadline=None)
@given(
    values=st.dictionaries(named, numbers),
    places=st.dictionaries(named, numbers),
    notes=st.dictionaries(named, words),
    doubts=st.dictionaries(named, words),
    errors=st.dictionaries(named, words),
    line=st.builds(
        Circumstances,
        rate=st.floats(0.1, 4),
        word_count=st.integers(0, 500),
        phone_count=st.integers(0, 5000),
        ceiling_dbtp=st.floats(-20, 0),
        longest_pause_s=st.floats(0, 5),
        expected_lufs=st.none() | st.floats(-70, 0),
        intensity=st.none() | st.floats(0, 1),
        voice=words,
        engine=words,
        locale=words,
        delivery=words,
        emotion=words,
        has_inner_punctuation=st.booleans(),
    ),
)
def test_metrics_are_the_same_after_json(values, places, notes, doubts, errors, line):
    metrics = Metrics(line, places, notes, doubts, errors, **values)
    read = through_json(metrics)
    assert read == metrics
    assert decide(read, LIMITS) == decide(metrics, LIMITS)


def test_a_value_that_is_no_number_comes_back_and_fails():
    read = through_json(replace(GOOD, dnsmos_ovrl=float("nan"), loudness_lufs=float("-inf")))
    assert {f.check for f in decide(read, LIMITS).failed} == {"dnsmos_ovrl", "level"}


def test_what_another_version_knew_is_ignored():
    plain = {**GOOD.plain(), "glow": 3.0, "line": {**GOOD.plain()["line"], "mood": "odd"}}
    plain["places"] = {**plain["places"], "glow": 1.0}
    assert read_metrics(plain) == GOOD


@pytest.mark.parametrize(
    "value", ["1.5", True, None, [], {}, 10**400, "NaN ", {"value": 1}], ids=repr
)
def test_a_hostile_value_is_not_measured(value):
    read = read_metrics({**GOOD.plain(), "click_db": value})
    assert read.click_db is None
    assert decide(read, LIMITS).decision is Decision.ERROR


LATER = ("emotion", "intensity", "phone_count")
CORE = [f.name for f in fields(Circumstances) if f.name not in LATER]


@pytest.mark.parametrize("name", CORE)
def test_without_what_was_asked_nothing_can_be_decided(name):
    line = dict(GOOD.plain()["line"])
    del line[name]
    assert read_metrics({**GOOD.plain(), "line": line}) is None
    assert read_metrics({**GOOD.plain(), "line": {**line, name: ["x"]}}) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(named | st.sampled_from(["line", "places", "errors", "x"]), json_values))
def test_no_document_makes_the_reader_or_the_gate_crash(plain):
    read_metrics(plain)
    read = read_metrics({**GOOD.plain(), **{k: v for k, v in plain.items() if k != "line"}})
    verdict = decide(read, LIMITS)
    assert verdict.findings


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_no_value_at_all_is_taken_for_metrics(value):
    assert read_metrics(value) is None


def test_silence_and_broken_sound_are_not_worth_a_model():
    assert needs_learned(GOOD)
    assert not needs_learned(replace(GOOD, non_finite=2.0))
    assert not needs_learned(replace(GOOD, non_finite=None))
    assert not needs_learned(replace(GOOD, sound_s=0.0))
    assert not needs_learned(replace(GOOD, sound_s=None))


def test_a_pace_of_phonemes_that_were_counted_with_their_marks_is_an_error_and_no_pass():
    plain = GOOD.plain()
    plain["line"]["phoneme_count"] = plain["line"].pop("phone_count")  # as earlier versions wrote
    old = read_metrics(plain)
    assert old is not None
    found = {f.check: f for f in decide(old, LIMITS).findings}
    assert found["pace"].outcome is Outcome.ERROR
    assert "render it again" in found["pace"].message


def test_a_recording_of_another_line_is_rejected_where_people_are_heard():
    recorded = replace(LINE, engine="recording", voice="recording")
    other = replace(GOOD, text_fit_nats=0.4, line=recorded)
    assert [f.check for f in decide(other, LIMITS).failed] == ["other_text"]
    elsewhere = replace(recorded, locale="de-DE")
    assert decide(replace(other, line=elsewhere), LIMITS).decision is Decision.APPROVED


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("line_pitch_off_st", -3.0, "line_pitch"),
        ("line_pitch_off_st", 3.0, "line_pitch"),
        ("line_range_ratio", 0.1, "line_monotone"),
        ("line_rate_ratio", 1.6, "line_fast"),
        ("line_rate_ratio", 0.6, "line_slow"),
        ("line_timbre_db", 9.0, "line_timbre"),
        ("line_text_nats", 20.0, "line_text"),
        ("line_lack_s", 0.12, "line_cut"),
        ("line_drawn_s", 0.2, "line_drawn"),
        ("line_click_db", 12.0, "line_click"),
    ],
)
def test_what_is_not_as_the_voice_says_the_line_is_rejected(name, value, check):
    planted = replace(GOOD, **{name: value})
    assert [f.check for f in decide(planted, LIMITS).failed] == [check]
    recorded = replace(planted, line=replace(LINE, engine="recording"))
    assert decide(recorded, LIMITS).decision is Decision.APPROVED
