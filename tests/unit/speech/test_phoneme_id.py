"""Whose the pads between a Piper model's phones are: planted frames, one per kind of neighbour."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.speech.phoneme_id import Row, build_row
from renderer.speech.piper_config import PiperConfig
from renderer.speech.timing import edges_from_durations, spans_of

SYMBOLS = "_^$ ,.?abdefilmnopstuzæəɪʃʌˈˌː"
CONFIG = PiperConfig(
    {symbol: (number,) for number, symbol in enumerate(SYMBOLS)},
    {},
    from_letters=False,
    sample_rate=22050,
    noise_scale=0.0,
    length_scale=1.0,
    noise_w=0.0,
    speakers={},
    language="en-US",
)


def starts(row: Row, frames: list[int]) -> dict[str, int]:
    """Return where each phone starts, in frames, of a row whose phones are all different."""
    assert len(row.ids) == len(frames)
    spans = spans_of(row.pieces, edges_from_durations(row.pieces, np.array(frames, float), 1))
    return {span.phoneme: span.start for span in spans if span.word >= 0}


@pytest.mark.parametrize(
    ("text", "frames", "expected"),
    [
        # ^ _ æ _ s _ $: the pad after a vowel is already hiss
        ("x/æs", [4, 3, 5, 2, 6, 3, 2], {"æ": 7, "s": 12}),
        # ^ _ s _ ə _ $: and the one after a hiss is vowel
        ("x/sə", [4, 3, 5, 2, 6, 3, 2], {"s": 7, "ə": 12}),
        # ^ _ s _ ˈ _ æ _ $: but a hiss lasts until a stress mark
        ("x/sˈæ", [4, 3, 5, 2, 1, 3, 6, 3, 2], {"s": 7, "ˈæ": 14}),
        # ^ _ m _ ˈ _ æ _ $: where a voiced consonant ends
        ("x/mˈæ", [4, 3, 5, 2, 1, 3, 6, 3, 2], {"m": 7, "ˈæ": 12}),
        # ^ _ s _ t _ $: a hiss before a consonant keeps the pad
        ("x/st", [4, 3, 5, 2, 6, 3, 2], {"s": 7, "t": 14}),
        # ^ _ i _ ː _ t _ $: a length mark is vowel, the pad after it is not
        ("x/iːt", [4, 3, 5, 2, 6, 3, 4, 2, 2], {"iː": 7, "t": 20}),
        # ^ _ ə _ space _ s _ $: a vowel ends before the boundary of words
        ("x/ə x/s", [4, 3, 5, 2, 1, 3, 6, 3, 2], {"ə": 7, "s": 12}),
        # ^ _ n _ space _ t _ $: a consonant keeps its pad there
        ("x/n x/t", [4, 3, 5, 2, 1, 3, 6, 3, 2], {"n": 7, "t": 14}),
    ],
)
def test_pads_go_to_the_neighbour_they_sound_like(say, text, frames, expected):
    row = build_row(say(text).words, 0, CONFIG)
    assert starts(row, frames) == expected


def test_silences_keep_their_pads_and_leave_the_phone_before_its_own(say):
    """^ _ æ _ , _ space _ p _ . _ $: nothing of a silence becomes sound, and none is lost."""
    row = build_row(say("x/æ, x/p.").words, 0, CONFIG)
    frames = np.array([4, 3, 5, 2, 6, 3, 4, 2, 7, 1, 8, 2, 2], float)
    spans = spans_of(row.pieces, edges_from_durations(row.pieces, frames, 1))
    assert [(s.phoneme, s.start, s.end) for s in spans] == [
        ("_", 0, 7),
        ("æ", 7, 14),
        ("_", 14, 29),
        ("p", 29, 37),
        ("_", 37, 49),
    ]


def test_every_id_belongs_to_one_piece(say):
    row = build_row(say("x/sˈæʃ x/t, x/əmz x/?").words, 0, CONFIG)
    assert sum(piece.count for piece in row.pieces) == len(row.ids)
