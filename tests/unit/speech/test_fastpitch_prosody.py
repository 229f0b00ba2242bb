"""What is done between encoder and decoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.direction.intonation import Intonation, PhoneIntonation, WordIntonation
from renderer.domain.speaker import Speaker
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.voice_model import VoiceModel
from renderer.errors import SynthesisError
from renderer.ports import SpeechRequest
from renderer.speech.fastpitch_prosody import Prosody, Score, shape
from renderer.speech.fastpitch_row import build_rows
from renderer.text.inventory import SYMBOLS

SPEAKER = Speaker((1.0, *[0.0] * 63), 12.0, 0.0)
VOICE = VoiceModel({"one": SPEAKER}, symbols=SYMBOLS)
LINE = Transcript(
    "en",
    ("a", "b", "c", "d"),
    (
        SpokenWord("a", "maˈna", 0, ","),
        SpokenWord("b", "solo", 1),
        SpokenWord("c", "tu", 2, "."),
        SpokenWord("d", "lune", 3, "!"),
    ),
)
ROWS = build_rows(LINE, VOICE)
SCORE = Score(ROWS)
N = len(ROWS[0])
_R = np.random.default_rng(4)
SAID = Prosody.of(_R.uniform(2.3, 9.7, N), _R.normal(0.0, 2.5, N), _R.normal(0.0, 3.0, N))


def shaped(said: Prosody = SAID, variation: float = 0.0, speaker: Speaker = SPEAKER, **asked):
    return shape(said, SCORE, SpeechRequest(LINE, **asked), speaker, variation)


def mean(prosody: Prosody, chosen=SCORE.is_phone) -> float:
    return float(np.average(prosody.pitch[chosen], weights=prosody.durations[chosen]))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 2.0), st.integers(0, 2**32 - 1))
def test_any_rate_is_met_by_the_whole_and_by_every_stretch(rate: float, seed: int) -> None:
    made = shaped(rate=rate, seed=seed)
    wanted = np.cumsum(SAID.durations / rate)
    assert np.abs(np.cumsum(made.durations) - wanted).max() <= 1.0
    assert np.array_equal(made.durations, np.round(made.durations))


def test_rates_are_within_three_per_cent_of_the_plain_line() -> None:
    plain = shaped().durations.sum()
    for rate in (0.8, 1.25):
        assert plain / shaped(rate=rate).durations.sum() == pytest.approx(rate, rel=0.03)


def test_every_phone_keeps_a_frame_at_any_rate() -> None:
    tiny = replace(SAID, durations=np.full(N, 0.2))
    made = shaped(tiny, rate=2.0)
    assert (made.durations[SCORE.is_phone] >= 1).all()


def test_a_shift_is_exact_and_moves_everything() -> None:
    plain, higher = shaped(), shaped(intonation=Intonation(pitch_st=3.0))
    assert higher.pitch - plain.pitch == pytest.approx(np.full(N, 3.0))
    assert np.array_equal(plain.durations, higher.durations)


def test_a_range_scales_around_the_mean_and_keeps_it() -> None:
    plain = shaped()
    for factor in (0.5, 1.5):
        made = shaped(intonation=Intonation(pitch_range=factor))
        assert mean(made) == pytest.approx(mean(plain), abs=0.05)
        assert np.std(made.pitch) / np.std(plain.pitch) == pytest.approx(factor, rel=1e-6)
        assert made.spread == pytest.approx(np.full(N, factor))


def test_a_wild_excursion_goes_no_farther_than_in_the_signal_stage() -> None:
    wild = replace(SAID, pitch=SAID.pitch * 20)
    made = shaped(wild, intonation=Intonation(pitch_range=2.0))
    assert np.ptp(made.pitch) <= 28.0 + 1e-9


def test_pitch_stays_where_voices_are() -> None:
    made = shaped(speaker=replace(SPEAKER, mean_pitch_st=40.0), intonation=Intonation(12.0))
    assert made.pitch.max() <= 42.0


def test_a_word_is_moved_alone() -> None:
    words = [WordIntonation()] * 4
    words[1] = WordIntonation(rate=0.5, pitch_st=4.0, pitch_range=2.0)
    plain, made = shaped(), shaped(intonation=Intonation(words=tuple(words)))
    inside = SCORE.words == 1
    assert np.abs((made.pitch - plain.pitch)[~inside]).max() == 0
    assert mean(made, inside) - mean(plain, inside) == pytest.approx(4.0, abs=0.15)
    assert np.ptp(made.pitch[inside]) == pytest.approx(2 * np.ptp(plain.pitch[inside]))
    assert made.spread == pytest.approx(np.where(inside, 2.0, 1.0))
    ratio = made.durations[inside].sum() / SAID.durations[inside].sum()
    assert ratio == pytest.approx(2.0, abs=1 / SAID.durations[inside].sum())
    rest = made.durations[~inside].sum() - plain.durations[~inside].sum()
    assert abs(rest) <= 2


def test_a_phone_is_edited_alone_and_one_that_is_not_there_is_left_out() -> None:
    edits = (
        PhoneIntonation(1, 1, stretch=3.0, pitch_st=-2.0, energy_db=5.0),
        PhoneIntonation(1, 9, stretch=9.0),
        PhoneIntonation(8, 0, stretch=9.0),
    )
    plain, made = shaped(), shaped(intonation=Intonation(phones=edits))
    at = np.flatnonzero(SCORE.words == 1)[1]
    assert made.energy[at] - plain.energy[at] == pytest.approx(5.0)
    assert made.pitch[at] - plain.pitch[at] == pytest.approx(-2.0)
    assert made.durations[at] == pytest.approx(3 * SAID.durations[at], abs=1)
    others = np.arange(N) != at
    assert np.array_equal(made.pitch[others], plain.pitch[others])


def test_pauses_inside_the_line_are_scaled_and_its_ends_are_not() -> None:
    inner = SCORE.inner_pauses
    assert inner.sum() == 2  # the comma and the full stop; not the exclamation mark
    made = shaped(pause_scale=3.0)
    assert made.durations[inner].sum() == pytest.approx(3 * SAID.durations[inner].sum(), abs=2)
    assert made.durations[-1] == pytest.approx(SAID.durations[-1], abs=1)


def test_speakers_have_their_own_rate_and_height() -> None:
    own = replace(SPEAKER, rate=1.25, pitch_st=-5.0)
    plain, made = shaped(), shaped(speaker=own)
    assert made.pitch - plain.pitch == pytest.approx(np.full(N, -5.0))
    assert plain.durations.sum() / made.durations.sum() == pytest.approx(1.25, rel=0.03)


def test_a_seed_varies_melody_and_timing_but_not_height_and_length() -> None:
    one, other, again = (shaped(seed=s, variation=1.0) for s in (1, 2, 1))
    assert np.array_equal(one.pitch, again.pitch)
    assert not np.allclose(one.pitch, other.pitch)
    assert not np.array_equal(one.durations, other.durations)
    for made in (one, other):
        assert mean(made) == pytest.approx(mean(shaped()), abs=0.1)
        assert abs(made.durations.sum() - SAID.durations.sum()) <= 1
    assert np.array_equal(shaped(seed=1).pitch, shaped(seed=2).pitch)
    shifted = shaped(seed=1, variation=1.0, intonation=Intonation(pitch_st=3.0))
    assert shifted.pitch - one.pitch == pytest.approx(np.full(N, 3.0))


@pytest.mark.parametrize("kind", ["durations", "pitch", "energy"])
def test_numbers_that_are_none_are_that_lines_fault(kind: str) -> None:
    broken = getattr(SAID, kind).copy()
    broken[3] = np.nan
    with pytest.raises(SynthesisError, match="damaged"):
        shaped(replace(SAID, **{kind: broken}))


def test_a_model_that_goes_astray_is_stopped() -> None:
    with pytest.raises(SynthesisError, match="impossible"):
        shaped(replace(SAID, durations=np.full(N, 5000.0)))
    with pytest.raises(SynthesisError, match="higher rate"):
        shaped(replace(SAID, durations=np.full(N, 1000.0)))


def test_rows_that_meet_inside_a_phrase_meet_without_a_pause() -> None:
    rows = build_rows(replace(LINE, words=LINE.words[1:3]), VOICE, most=8)
    assert [row.is_joined for row in rows] == [False, True]
    score = Score(rows)
    said = Prosody.of(*(np.full(score.words.size, 20.0) for _ in range(3)))
    made = shape(said, score, SpeechRequest(LINE), SPEAKER, 0.0)
    first, second = score.split(made)
    assert first.durations[-1] == second.durations[0] == 1
