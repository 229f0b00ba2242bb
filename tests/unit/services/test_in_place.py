"""What cannot be scored is an error of its own metrics, and never a pass."""

from __future__ import annotations

import pytest

from renderer.errors import DatabaseError, JudgeError, SynthesisError, UnhearableError
from renderer.quality.limits import Limits
from renderer.quality.metrics import Scores, Unsure
from renderer.services.in_place import in_place

NAMES = ("slip_nats", "line_text_nats")


def raising(error: Exception) -> Scores:
    raise error


def test_scores_pass_through() -> None:
    assert in_place(NAMES, lambda: {"slip_nats": 1.0}) == {"slip_nats": 1.0}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (JudgeError("no model"), "no model"),
        (SynthesisError("says nothing"), "says nothing"),
        (MemoryError("no room"), "MemoryError: no room"),
    ],
)
def test_whatever_breaks_is_an_error_of_these_metrics(error: Exception, words: str) -> None:
    scores = in_place(NAMES, lambda: raising(error))
    assert set(scores) == set(NAMES)
    assert all(isinstance(s, JudgeError) and str(s) == words for s in scores.values())


def test_what_nobody_can_hear_is_inconclusive() -> None:
    scores = in_place(NAMES, lambda: raising(UnhearableError("61 s are too long")))
    assert scores == dict.fromkeys(NAMES, Unsure("61 s are too long: listen."))


def test_a_database_that_is_away_fails_no_take() -> None:
    with pytest.raises(DatabaseError):
        in_place(NAMES, lambda: raising(DatabaseError("away")))


def test_limits_say_whether_any_of_them_is_held() -> None:
    limits = Limits(most_slip_nats=0.0)
    assert limits.holds_any(("most_line_text_nats", "most_slip_nats"))
    assert not limits.holds_any(("most_line_text_nats",))
    assert not limits.holds_any(())
