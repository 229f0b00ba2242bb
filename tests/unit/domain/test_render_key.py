"""Render keys: equal inputs, equal key; and which input changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.domain.render_key import (
    FINISHING_PARTS,
    INPUT_PARTS,
    OWN_PARTS,
    Part,
    RenderKey,
    attempt_seed,
    digest,
)

KEYS = st.dictionaries(
    st.sampled_from(list(Part)), st.text("0123456789abcdef", min_size=16, max_size=16), min_size=1
)


def _full() -> dict[Part, str]:
    return {part: digest(part.value) for part in Part}


@given(KEYS)
def test_the_order_of_parts_does_not_matter(parts: dict[Part, str]) -> None:
    other = dict(reversed(parts.items()))
    assert RenderKey(parts).hex == RenderKey(other).hex


@given(KEYS)
def test_a_stored_key_is_the_key(parts: dict[Part, str]) -> None:
    key = RenderKey(parts)
    assert RenderKey.from_plain(key.plain()).hex == key.hex
    assert key.changed(key.plain()) == ()


@pytest.mark.parametrize("part", list(Part))
def test_each_part_moves_the_keys_it_bears_on_and_no_other(part: Part) -> None:
    old, new = RenderKey(_full()), RenderKey(_full() | {part: "f" * 16})
    assert new.hex != old.hex
    assert (new.synthesis_hex != old.synthesis_hex) == (part not in FINISHING_PARTS)
    assert (new.input_digest != old.input_digest) == (part in INPUT_PARTS)
    assert new.changed(old.plain()) == (part,)


@pytest.mark.parametrize("part", list(Part))
def test_an_absent_part_is_another_request(part: Part) -> None:
    full = _full()
    without = {p: d for p, d in full.items() if p is not part}
    assert RenderKey(without).hex != RenderKey(full).hex
    assert RenderKey(without).changed(RenderKey(full).plain()) == (part,)


def test_changes_are_told_in_the_order_of_the_walk() -> None:
    new = RenderKey(_full() | {Part.CODEC: "1", Part.TEXT: "2"})
    assert new.changed(RenderKey(_full()).plain()) == (Part.TEXT, Part.CODEC)


def test_what_a_line_says_itself_is_committed_by_people() -> None:
    assert OWN_PARTS <= INPUT_PARTS
    assert not OWN_PARTS & FINISHING_PARTS


def test_no_part_can_pose_as_another() -> None:
    """Values are digests; two parts never join into the text of one."""
    one = RenderKey({Part.TEXT: "a", Part.VOICE: "b"}).hex
    other = RenderKey({Part.TEXT: "b", Part.VOICE: "a"}).hex
    assert one != other


@pytest.mark.parametrize(("one", "other"), [({}, []), (1, "1"), (None, ""), ("a", "A")])
def test_digests_tell_types_apart(one: object, other: object) -> None:
    assert digest(one) != digest(other)


@given(st.text(), st.integers(0, 2**31), st.integers(1, 9))
def test_attempt_seeds_are_repeatable_32_bit_numbers(key: str, seed: int, attempt: int) -> None:
    value = attempt_seed(key.encode("utf-8", "ignore").decode(), seed, attempt)
    assert 0 <= value < 2**32


def test_every_attempt_has_its_own_seed() -> None:
    seeds = {attempt_seed("ab" * 32, s, a) for s in range(10) for a in range(1, 10)}
    assert len(seeds) == 90
    assert attempt_seed("k", 0, 1) == attempt_seed("k", 0, 1)
