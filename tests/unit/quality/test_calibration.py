from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from renderer.quality.calibration import LEAST_TAKES, PROPOSED, propose, reached
from renderer.quality.circumstances import Circumstances
from renderer.quality.limits import NAMES, GateLimits
from renderer.quality.metrics import Metrics

LINE = Circumstances(
    "piper", "amy", "en-US", "normal", 6, 2.0, -1.0, 0.5, False, -23.0, phone_count=40
)
METRICS = Metrics(LINE, non_finite=0, sound_s=2.0, speaking_s=2.0, gap_s=0.8, loudness_lufs=-25.0)


def test_every_proposed_limit_is_one():
    assert set(PROPOSED) <= set(NAMES)
    assert {"least_dnsmos_ovrl", "most_click_db", "most_gap_s"} <= set(PROPOSED)
    assert not {"most_codec_drift_s", "most_duration_s", "most_peak_over_db"} & set(PROPOSED)


def test_what_a_limit_would_have_to_be_takes_rate_and_pauses_out():
    assert reached("most_s_per_phoneme", METRICS) == pytest.approx(0.1)
    assert reached("most_gap_s", METRICS) == pytest.approx(0.3)
    assert reached("most_gap_at_punctuation_s", METRICS) is None
    assert reached("most_level_off_lu", METRICS) == pytest.approx(2.0)
    assert reached("most_click_db", METRICS) is None
    assert reached("most_level_off_lu", replace(METRICS, loudness_lufs=float("-inf"))) is None


def judged(limit: str, at: float, metrics: Metrics) -> bool:
    from renderer.quality.gate import decide

    verdict = decide(
        metrics,
        GateLimits(
            {limit: at, "least_s_per_phoneme": 0.0, "most_s_per_phoneme": 9.0} | {limit: at}
        ),
    )
    return not verdict.failed


@pytest.mark.parametrize("limit", ["most_s_per_phoneme", "most_gap_s", "most_level_off_lu"])
def test_at_its_own_reach_an_attempt_just_passes(limit):
    at = reached(limit, METRICS)
    assert judged(limit, at + 1e-9, METRICS)
    assert not judged(limit, at - 1e-6, METRICS)


def test_a_known_distribution_gives_a_known_limit():
    values = list(np.linspace(3.0, 4.0, 101))
    assert propose("least_dnsmos_ovrl", values, 3.0) == pytest.approx(2.78)  # 3.02 − 0.24
    assert propose("most_click_db", values, 3.9) == pytest.approx(4.22)


def test_outliers_move_it_little():
    clean = list(np.linspace(3.0, 4.0, 100))
    spoilt = [*clean[1:], 0.1]
    moved = propose("least_dnsmos_ovrl", spoilt, 2.9) - propose("least_dnsmos_ovrl", clean, 2.9)
    assert abs(moved) < 0.03


def test_a_limit_is_tightened_by_half_the_way_at_most():
    assert propose("most_head_db", [-120.0] * 40, -20.0) == -70.0
    assert propose("most_limiting_db", [0.0] * 40, 10.0) == 5.0


def test_too_few_takes_are_refused():
    with pytest.raises(ValueError, match=str(LEAST_TAKES)):
        propose("most_click_db", [1.0] * (LEAST_TAKES - 1), 28.0)


values = st.lists(st.floats(-100, 100), min_size=LEAST_TAKES, max_size=80)


@example([0.0] * (LEAST_TAKES - 1) + [2.2250738585072014e-308], 0.0, "most_click_db")
@given(values, st.floats(-100, 100), st.sampled_from(["most_click_db", "least_dnsmos_sig"]))
def test_a_proposal_lets_nearly_all_of_what_was_approved_pass(made, current, limit):
    at = propose(limit, made, current)
    is_in = [v >= at if limit.startswith("least") else v <= at for v in made]
    assert sum(is_in) >= 0.95 * len(made)
