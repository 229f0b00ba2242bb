"""A take's learned scores against its voice's own: what is asked for, and what cannot be said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from renderer.domain.direction import Delivery, Direction
from renderer.domain.project import MasteringTarget
from renderer.errors import DatabaseError, JudgeError
from renderer.quality.learned_checks import BELOW
from renderer.quality.limits import Limits
from renderer.quality.metrics import Unsure
from renderer.services.own_score import OwnScores

SCORE = {"dnsmos_ovrl": 2.6, "dnsmos_sig": 3.0}
HELD = Limits(most_dnsmos_ovrl_below=0.5)


class Norms:
    def __init__(self, own: dict[str, float] | Exception) -> None:
        self.own, self.asked = own, 0

    def scores(self, voice: str, locale: str, judge: Any, target: MasteringTarget) -> Any:
        self.asked += 1
        if isinstance(self.own, Exception):
            raise self.own
        return self.own


def take(*, recording: str = "", delivery: Delivery = Delivery.NORMAL) -> Any:
    said = SimpleNamespace(voice="v#a", locale="en-US", direction=Direction(delivery=delivery))
    request = SimpleNamespace(utterance=said, recording_key=recording, mastering=MasteringTarget())
    return SimpleNamespace(request=request)


def below(norms: Norms, score: Any = SCORE, limits: Limits = HELD, **more: Any) -> Any:
    return OwnScores(norms).below(take(**more), limits, None, score)  # type: ignore[arg-type]


def test_a_take_lies_below_its_voice_by_what_it_lacks() -> None:
    assert below(Norms({"dnsmos_ovrl": 3.2, "dnsmos_sig": 3.4})) == {
        "dnsmos_ovrl_below": pytest.approx(0.6)
    }


def test_nothing_is_measured_that_no_limit_asks_for() -> None:
    norms = Norms({"dnsmos_ovrl": 3.2})
    assert below(norms, limits=Limits(least_dnsmos_ovrl=2.0)) == {}
    assert norms.asked == 0


@pytest.mark.parametrize("more", [{"recording": "r"}, {"delivery": Delivery.WHISPER}])
def test_recordings_and_whispers_are_not_held(more: dict[str, Any]) -> None:
    norms = Norms({"dnsmos_ovrl": 3.2})
    assert isinstance(below(norms, **more)["dnsmos_ovrl_below"], Unsure)
    assert norms.asked == 0


@pytest.mark.parametrize("error", [JudgeError("no passage"), ZeroDivisionError("oh")])
def test_a_voice_without_a_norm_is_an_error_and_no_pass(error: Exception) -> None:
    found = below(Norms(error))["dnsmos_ovrl_below"]
    assert isinstance(found, JudgeError)
    assert str(error) in str(found)


def test_a_take_that_could_not_be_scored_has_that_error() -> None:
    found = below(Norms({"dnsmos_ovrl": 3.2}), score=JudgeError("the model is gone"))
    assert "gone" in str(found["dnsmos_ovrl_below"])


def test_a_database_that_is_away_is_no_error_of_the_line() -> None:
    with pytest.raises(DatabaseError):
        below(Norms(DatabaseError("away")))


def test_every_learned_metric_has_its_limit() -> None:
    every = Limits(**{f"most_{name}": 0.5 for name in BELOW})
    own = {name.removesuffix("_below"): 3.0 for name in BELOW}
    score = dict.fromkeys(own, 2.75)
    assert below(Norms(own), score=score, limits=every) == dict.fromkeys(BELOW, 0.25)
