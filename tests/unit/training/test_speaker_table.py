"""Speakers are unit vectors; blends are averages; a new one starts from whom it is like."""

from __future__ import annotations

import pytest
import torch

from renderer.errors import TrainingError
from renderer.training.speaker_table import SpeakerTable


@pytest.fixture
def table() -> SpeakerTable:
    torch.manual_seed(1)
    made = SpeakerTable(("ann", "bob", "cid"))
    made.tell("ann", 14.0, -10.0)
    made.tell("bob", 2.0, -20.0)
    with torch.no_grad():
        made.vectors[1] *= 7.0  # training may lengthen them
    return made


def test_vectors_are_of_unit_length(table: SpeakerTable) -> None:
    torch.testing.assert_close(table(torch.tensor([0, 1])).norm(dim=1), torch.ones(2))


def test_a_blend_of_one_is_that_speaker(table: SpeakerTable) -> None:
    timbre = table.blend({"bob": 0.3})
    torch.testing.assert_close(timbre.vector, table(torch.tensor([1]))[0])
    assert (timbre.mean_pitch_st, timbre.mean_energy_db) == (2.0, -20.0)


def test_a_blend_lies_between(table: SpeakerTable) -> None:
    timbre = table.blend({"ann": 1, "bob": 3})
    assert timbre.mean_pitch_st == pytest.approx(5.0)
    assert timbre.mean_energy_db == pytest.approx(-17.5)
    near, far = table(torch.tensor([1, 0])) @ timbre.vector
    assert near > far > 0
    assert float(timbre.vector.norm()) == pytest.approx(1.0)


def test_a_new_speaker_starts_from_another_or_the_mean(table: SpeakerTable) -> None:
    like = table.with_speaker("dora", like="ann")
    assert like.names == ("ann", "bob", "cid", "dora")
    torch.testing.assert_close(like.vectors[:3], table.vectors)
    torch.testing.assert_close(like(torch.tensor([3])), table(torch.tensor([0])))
    assert float(like.mean_pitch_st[3]) == 14.0
    mean = table.with_speaker("dora")
    assert float(mean.mean_pitch_st[3]) == pytest.approx(16.0 / 3)


@pytest.mark.parametrize("shares", [{}, {"eve": 1.0}, {"ann": 0.0}])
def test_blends_that_cannot_be(table: SpeakerTable, shares: dict[str, float]) -> None:
    with pytest.raises(TrainingError):
        table.blend(shares)


def test_names_are_unique(table: SpeakerTable) -> None:
    with pytest.raises(TrainingError, match="already"):
        table.with_speaker("bob")
    with pytest.raises(TrainingError):
        SpeakerTable(("a", "a"))
