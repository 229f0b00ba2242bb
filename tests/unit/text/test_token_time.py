from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.errors import TextError
from renderer.text.inventory import is_pause, tokens
from renderer.text.token_time import time_tokens, without_pauses

FRAME_S = 256 / 22_050


def line(*words: tuple[str, str]) -> Transcript:
    spoken = tuple(SpokenWord(ipa, ipa, i, marks) for i, (ipa, marks) in enumerate(words))
    return Transcript("en-US", tuple(ipa for ipa, _ in words), spoken)


def spans(*phones: tuple[str, float, int]) -> tuple[PhoneSpan, ...]:
    """Phones one after another: (IPA, seconds, word)."""
    found, at = [], 0.0
    for phone, seconds, word in phones:
        found.append(PhoneSpan(phone, at, at + seconds, word))
        at += seconds
    return tuple(found)


def timed(transcript: Transcript, *phones: tuple[str, float, int]):
    heard = spans(*phones)
    frames = -(-int(heard[-1].end_s * 22_050) // 256)
    found = time_tokens(transcript, heard, frames, FRAME_S)
    assert sum(found.durations) == frames
    return found


def test_a_span_of_several_symbols_is_shared_out() -> None:
    found = timed(
        line(("kˈeɪ", "")), ("_", 0.1, -1), ("k", 0.1, 0), ("ˈeɪ", 0.4, 0), ("_", 0.2, -1)
    )
    assert found.sequence.symbols == ("_", "k", "e", "ɪ", "_")
    assert found.sequence.stresses == (0, 0, 1, 1, 0)
    assert found.durations[2] == pytest.approx(found.durations[3], abs=1)
    assert found.changed == 0


def test_silence_goes_to_the_last_pause_token_of_its_place() -> None:
    found = timed(
        line(("a", "?!"), ("b", ".")),
        ("_", 0.1, -1),
        ("a", 0.2, 0),
        ("_", 0.3, -1),
        ("b", 0.1, 1),
        ("_", 0.2, -1),
    )
    assert found.sequence.symbols == ("_", "a", "?", "!", "b", ".", "_")
    assert found.durations[2] == found.durations[5] == 0
    assert found.durations[3] == pytest.approx(0.3 / FRAME_S, abs=1)
    assert found.durations[6] == pytest.approx(0.2 / FRAME_S, abs=1)


def test_a_pause_nobody_wrote_becomes_a_token() -> None:
    found = timed(line(("a", ""), ("b", "")), ("a", 0.2, 0), ("_", 0.2, -1), ("b", 0.2, 1))
    assert found.sequence.symbols == ("_", "a", "_", "b", "_")
    assert found.durations[0] == 0
    assert found.sequence.words == (-1, 0, -1, 1, -1)


def test_a_pause_nobody_made_has_no_frames() -> None:
    found = timed(line(("a", ","), ("b", "")), ("a", 0.2, 0), ("b", 0.2, 1))
    assert dict(zip(found.sequence.symbols, found.durations, strict=True))[","] == 0


def test_a_short_gap_is_a_closure() -> None:
    found = timed(line(("a", ""), ("b", "")), ("a", 0.2, 0), ("_", 0.02, -1), ("b", 0.2, 1))
    assert found.sequence.symbols == ("_", "a", "b", "_")


def test_what_was_really_said_is_the_label_and_keeps_its_stress() -> None:
    found = timed(
        line(("wˈɔːtɚ", "")), ("w", 0.1, 0), ("ɑː", 0.1, 0), ("ɾ", 0.05, 0), ("ə", 0.1, 0)
    )
    assert without_pauses(found.sequence) == ("w", "ɑː", "ɾ", "ə")
    assert found.sequence.stresses == (0, 0, 1, 0, 0, 0)
    assert found.changed == 1


def test_short_phones_are_pushed_apart_to_a_frame() -> None:
    found = timed(
        line(("stɹ", "")), ("s", 0.001, 0), ("t", 0.001, 0), ("ɹ", 0.001, 0), ("_", 0.1, -1)
    )
    assert found.durations[1:4] == (1, 1, 1)


@pytest.mark.parametrize(
    ("phones", "problem"),
    [
        ((("a", 0.2, 0),), "Nothing was said for 'b'"),
        ((("b", 0.2, 1), ("a", 0.2, 0)), "not in the order"),
        ((("a", 0.2, 0), ("b", 0.2, 5)), "belongs to word 5"),
        ((("a", 0.2, 0), ("€", 0.2, 1)), "No voice of ours knows"),
        ((("a", 0.005, 0), ("b", 0.005, 1)), "do not fit"),
    ],
)
def test_phones_that_cannot_be_matched_are_refused(phones, problem: str) -> None:
    with pytest.raises(TextError, match=problem):
        timed(line(("a", ""), ("b", "")), *phones)


WORDS = st.lists(
    st.tuples(st.sampled_from(["ba", "kˈeɪ", "stɹ", "ɑ̃", "tʃ"]), st.sampled_from(["", ",", "?!"])),
    min_size=1,
    max_size=6,
)


@given(WORDS, st.data())
def test_durations_always_add_up_and_every_phone_has_some(words, data: st.DataObject) -> None:
    transcript = line(*words)
    phones = [("_", data.draw(st.floats(0.0, 0.3)), -1)]
    for symbol, word in zip(tokens(transcript).symbols, tokens(transcript).words, strict=True):
        if word >= 0:
            phones.append((symbol, data.draw(st.floats(0.012, 0.3)), word))
            if data.draw(st.booleans()):
                phones.append(("_", data.draw(st.floats(0.0, 0.4)), -1))
    phones.append(("_", 0.2, -1))
    found = timed(transcript, *[p for p in phones if p[1] > 0])
    assert all(
        duration > 0 or is_pause(symbol)
        for symbol, duration in zip(found.sequence.symbols, found.durations, strict=True)
    )
    assert without_pauses(found.sequence) == without_pauses(tokens(transcript))
