"""The aligner: sums and best paths against counting all of them; learning against exact times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from renderer.errors import TrainingError
from renderer.training.acoustic_batch import Cast
from renderer.training.acoustic_source import AcousticSource
from renderer.training.aligner import (
    Aligner,
    AlignerConfig,
    align,
    best_path,
    diagonal_prior,
    forward_sum,
    pauses_of,
)
from renderer.training.aligning import (
    AlignerLearner,
    align_corpus,
    boundary_errors,
    without_durations,
)
from renderer.training.corpus import Corpus
from renderer.training.feature_store import FeatureStore

SMALL = AlignerConfig(width=48, channels=32)


def paths(pauses: list[int], frames: int) -> Iterator[tuple[int, ...]]:
    """Every way to give frames to phones, each phone one at least, pauses none at least."""
    ranges = [range(0 if pause else 1, frames + 1) for pause in pauses]
    return (way for way in product(*ranges) if sum(way) == frames)


def path_score(scores: np.ndarray, way: tuple[int, ...]) -> float:
    phones = np.repeat(np.arange(len(way)), way)
    return float(scores[np.arange(len(phones)), phones].sum())


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(1, 5), min_size=3, max_size=3),
    st.integers(0, 1000),
)
def test_sums_and_best_paths_are_those_of_counting(
    rows: list[list[int]], frames: list[int], seed: int
) -> None:
    frames = frames[: len(rows)]
    width, height = max(map(len, rows)), max(frames)
    make = torch.Generator().manual_seed(seed)
    scores = torch.randn(len(rows), height, width, generator=make)
    lengths = torch.tensor([len(row) for row in rows])
    outside = torch.arange(width) >= lengths[:, None]
    scores = scores.masked_fill(outside[:, None], -1e9)
    pauses = torch.zeros(len(rows), width)
    for number, row in enumerate(rows):
        pauses[number, : len(row)] = torch.tensor(row)
    counts = torch.tensor(frames)
    best = best_path(scores, pauses, lengths, counts)
    sums = []
    for number, (row, count) in enumerate(zip(rows, frames, strict=True)):
        values = scores[number].numpy()
        ways = {way: path_score(values, way) for way in paths(row, count)}
        found = tuple(best[number, : len(row)].tolist())
        if not ways:
            assert not any(found)
            continue
        assert ways[found] == pytest.approx(max(ways.values()), abs=1e-4)
        sums.append(np.logaddexp.reduce(list(ways.values())) / count)
    expected = -float(np.mean(sums)) if sums else 0.0
    assert float(forward_sum(scores, pauses, lengths, counts)) == pytest.approx(expected, abs=1e-4)


def test_the_sums_gradient_is_how_often_paths_pass(babble: Corpus) -> None:
    """The occupancies of each frame add up to one."""
    scores = torch.randn(1, 7, 4).log_softmax(2).requires_grad_()
    loss = forward_sum(scores, torch.zeros(1, 4), torch.tensor([4]), torch.tensor([7]))
    (gradient,) = torch.autograd.grad(loss, scores)
    torch.testing.assert_close(-7 * gradient.sum(2), torch.ones(1, 7))
    assert float(-7 * gradient[0, 0, 0]) == pytest.approx(1.0)
    assert not gradient[0, 0, 1:].any()


def test_the_prior_is_a_distribution_along_the_diagonal() -> None:
    prior = diagonal_prior(torch.tensor([9, 4]), torch.tensor([30, 12]), (30, 9)).exp()
    torch.testing.assert_close(prior[0].sum(1), torch.ones(30))
    torch.testing.assert_close(prior[1, :12, :4].sum(1), torch.ones(12))
    assert prior[0].argmax(1).tolist() == sorted(prior[0].argmax(1).tolist())
    assert int(prior[0, 0].argmax()) == 0
    assert int(prior[0, 29].argmax()) == 8


def test_scores_do_not_depend_on_the_batch(babble: Corpus) -> None:
    torch.manual_seed(0)
    aligner = Aligner(SMALL).eval()
    batch = AcousticSource([(babble, 1.0)], Cast.of([babble])).validation()[0]
    frames = batch.durations.sum(1)
    with torch.no_grad():
        together = aligner(batch.phones, batch.lengths, batch.mel, frames)
        for row, (count, length) in enumerate(zip(batch.lengths, frames, strict=True)):
            alone = aligner(
                batch.phones[row : row + 1, :count],
                batch.lengths[row : row + 1],
                batch.mel[row : row + 1, :, :length],
                frames[row : row + 1],
            )
            torch.testing.assert_close(together[row, :length, :count], alone[0], atol=1e-4, rtol=0)


def updater(learner: AlignerLearner) -> Callable[[str, Tensor], float]:
    def update(name: str, loss: Tensor) -> float:
        optimizer = learner.optimizers[name]
        for group in optimizer.param_groups:
            group["lr"] = 2e-3
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return 1.0

    return update


@pytest.fixture(scope="module")
def learnt(babble: Corpus) -> AlignerLearner:
    """An aligner that never saw a duration."""
    torch.manual_seed(0)
    learner = AlignerLearner(SMALL, binarise_from=60, prior_until=60)
    hidden = without_durations(babble)
    source = AcousticSource([(hidden, 1.0)], Cast.of([hidden]), batch_frames=800)
    update = updater(learner)
    for step in range(90):
        learner.train_step(source.batch(step), step, update)
    return learner


def test_boundaries_are_found_within_two_frames(learnt: AlignerLearner, babble: Corpus) -> None:
    """Measured: median 1 frame (11.6 ms), 90 % within 2, of clips it has not heard."""
    store = FeatureStore(babble)
    errors = []
    for clip in babble.usable("valid"):
        found = align(learnt.aligner, store.get(clip).mel, clip.phones)
        assert sum(found.durations) == clip.frames
        errors += np.abs(np.cumsum(found.durations) - np.cumsum(clip.durations))[:-1].tolist()
    assert np.median(errors) <= 1
    assert np.quantile(errors, 0.9) <= 3


def test_other_words_score_lower(learnt: AlignerLearner, babble: Corpus) -> None:
    clip = babble.usable("valid")[0]
    mel = FeatureStore(babble).get(clip).mel
    swap = {"s": "f", "f": "ʃ", "ʃ": "s", "a": "i", "i": "u", "u": "e", "e": "o", "o": "a"}
    wrong = [swap.get(phone, phone) for phone in clip.phones]
    right = align(learnt.aligner, mel, clip.phones).score
    assert align(learnt.aligner, mel, wrong).score < right - 0.3


def test_a_corpus_gets_durations_and_faults(learnt: AlignerLearner, babble: Corpus) -> None:
    known, bare, short, *rest = babble.clips
    bare = replace(bare, durations=())
    many = short.phones * 40
    short = replace(
        short, phones=many, stresses=(0,) * len(many), words=(0,) * len(many), durations=()
    )
    made = align_corpus(learnt.aligner, replace(babble, clips=(known, bare, short, *rest)))
    assert made.clips[0] == known
    assert sum(made.clips[1].durations) == bare.frames
    assert made.clips[1].checks["alignment_score"] < 0
    assert not made.clips[2].passed
    assert "cannot lie in" in made.clips[2].faults[0]


def test_a_pause_that_is_not_there_gets_no_frames(learnt: AlignerLearner, babble: Corpus) -> None:
    clip = babble.usable("valid")[0]
    mel = FeatureStore(babble).get(clip).mel
    at = len(clip.phones) // 2
    symbols = (*clip.phones[:at], ",", *clip.phones[at:])
    assert align(learnt.aligner, mel, symbols).durations[at] <= 2


def test_unknown_symbols_are_refused(learnt: AlignerLearner) -> None:
    with pytest.raises(TrainingError, match="☃"):
        align(learnt.aligner, np.zeros((80, 9), np.float32), ["_", "☃", "_"])


def test_pauses_are_known() -> None:
    assert pauses_of(torch.tensor([[0, 1, 2, 60]])).tolist() == [[0.0, 1.0, 1.0, 0.0]]


def test_boundary_errors() -> None:
    found, true = torch.tensor([[2, 3, 5], [4, 4, 0]]), torch.tensor([[3, 3, 4], [4, 4, 0]])
    errors = boundary_errors(found, true, torch.tensor([3, 2]))
    assert errors.tolist() == [1.0, 1.0, 0.0]


def test_measures_and_pictures(learnt: AlignerLearner, babble: Corpus) -> None:
    batch = AcousticSource([(babble, 1.0)], Cast.of([babble])).validation()[0]
    assert set(learnt.validate(batch)) == {"loss"}
    knowing = AlignerLearner(SMALL, knows_durations=True)
    knowing.aligner.load_state_dict(learnt.aligner.state_dict())
    assert knowing.validate(batch)["boundary_median_frames"] <= 1
    drawn = learnt.illustrate(batch).images
    assert drawn["path"].sum() == batch.durations.sum(1).max()
    assert drawn["fit"].shape[0] == drawn["path"].shape[0]
