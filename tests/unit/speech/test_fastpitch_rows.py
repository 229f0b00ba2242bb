"""Lines cut into rows of tokens, and runs of rows."""

from __future__ import annotations

import pytest

from renderer.domain.speaker import Speaker
from renderer.domain.voice_model import VoiceModel
from renderer.errors import SynthesisError
from renderer.speech import runs
from renderer.speech.fastpitch_model import bucket
from renderer.speech.fastpitch_row import build_rows
from renderer.text.inventory import SYMBOLS

VOICE = VoiceModel({"one": Speaker((1.0, *[0.0] * 63), 12.0, 0.0)}, symbols=SYMBOLS)


def test_a_short_line_is_one_row_and_words_begin_where_they_begin(say) -> None:
    [row] = build_rows(say("a/ˈno b/ma!"), VOICE)
    assert " ".join(row.symbols) == "_ n o m a ! _"
    assert row.words == (-1, 0, 0, 1, 1, -1, -1)
    assert row.word_starts == (0, 1, 0, 1, 0, 0, 0)
    assert row.stresses == (0, 0, 1, 0, 0, 0, 0)
    assert [VOICE.symbols[i] for i in row.ids] == list(row.symbols)


def test_a_long_line_is_cut_after_a_sentence_then_at_a_pause_then_between_words(say) -> None:
    line = say("a/mama b/mama. c/mama, d/mama e/mama f/mama")
    rows = build_rows(line, VOICE, most=12)
    said = [sorted({w for w in row.words if w >= 0}) for row in rows]
    assert said == [[0, 1], [2], [3], [4, 5]]
    assert [row.is_joined for row in rows] == [False, False, False, True]
    assert all(len(row) <= 12 for row in rows)


def test_no_word_is_lost_whatever_the_limit(say) -> None:
    line = say(" ".join(f"w/{'ma' * (1 + n % 3)}{'.' if n % 7 == 6 else ''}" for n in range(60)))
    for most in (10, 25, 60, 400):
        words = [w for row in build_rows(line, VOICE, most) for w in row.words if w >= 0]
        assert sorted(set(words)) == list(range(60))
        assert words == sorted(words)


def test_phonemes_the_voice_has_not_learnt_are_named(say) -> None:
    older = VoiceModel(VOICE.speakers, symbols=tuple(s for s in SYMBOLS if s not in "xʒ"))
    with pytest.raises(SynthesisError, match="x, ʒ"):
        build_rows(say("a/maxaʒ"), older)


@pytest.mark.parametrize(("text", "said"), [("a/5", "5"), ("", "nothing to say")])
def test_a_line_that_cannot_be_said_says_why(say, text: str, said: str) -> None:
    with pytest.raises(SynthesisError, match=said):
        build_rows(say(text), VOICE)


def test_a_word_longer_than_a_row_is_refused(say) -> None:
    with pytest.raises(SynthesisError, match="100 are the most"):
        build_rows(say(f"long/{'ma' * 100}"), VOICE, 100)


def test_padded_lengths_follow_from_the_length_alone_and_waste_little() -> None:
    padded = [bucket(n, 32) for n in range(1, 5000)]
    assert padded == sorted(padded)
    assert all(p >= n and (p - n) <= max(31, n / 8) for n, p in enumerate(padded, 1))
    assert len(set(padded)) < 90


def test_runs_hold_like_jobs_and_no_more_than_the_budget() -> None:
    planned = runs.group([10, 20, 10, 10, 99], [10, 20, 10, 10, 99], 20)
    assert sorted(planned) == [[0, 2], [1], [3], [4]]
    assert planned[0] == [4]


def test_one_bad_job_does_not_fail_its_neighbours() -> None:
    def run(jobs):
        if "bad" in jobs:
            raise SynthesisError("broken")
        return [f"{job}!" for job in jobs]

    answers = runs.perform(["a", "bad", "b"], [[0, 1, 2]], run, None)
    assert answers[0] == "a!"
    assert answers[2] == "b!"
    assert isinstance(answers[1], SynthesisError)
