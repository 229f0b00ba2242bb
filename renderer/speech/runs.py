"""Many rows in few runs of a model: like with like, bounded, in parallel, faults kept apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from renderer.errors import OutOfMemoryError, SynthesisError

JobT = TypeVar("JobT")
AnswerT = TypeVar("AnswerT")


def group(keys: Sequence[Hashable], costs: Sequence[int], most: int) -> list[list[int]]:
    """Return the indices of each run: equal keys, at most `most` in cost, dear runs first.

    A job that costs more than `most` by itself is a run alone.
    """
    open_: dict[Hashable, list[int]] = {}
    runs: list[list[int]] = []
    for index, (key, cost) in enumerate(zip(keys, costs, strict=True)):
        run = open_.get(key)
        if run is None or (len(run) + 1) * cost > most:
            run = open_[key] = []
            runs.append(run)
        run.append(index)
    return sorted(runs, key=lambda run: -len(run) * costs[run[0]])


def perform(
    jobs: Sequence[JobT],
    runs: Sequence[Sequence[int]],
    run: Callable[[Sequence[JobT]], Sequence[AnswerT | SynthesisError]],
    pool: Executor | None,
) -> list[AnswerT | SynthesisError]:
    """Run jobs; one answer per job, in order.

    A run that fails is done again job by job, so that one bad row does not fail its neighbours. One
    that ran out of memory is not: who asked has to ask for less at once.
    """
    answers: list[AnswerT | SynthesisError] = [SynthesisError("never run")] * len(jobs)

    def attempt(indices: Sequence[int]) -> Sequence[AnswerT | SynthesisError]:
        try:
            return run([jobs[i] for i in indices])
        except OutOfMemoryError as error:
            return [error] * len(indices)
        except SynthesisError as error:
            if len(indices) == 1:
                return [error]
            return [answer for i in indices for answer in attempt([i])]

    done = map(attempt, runs) if pool is None or len(runs) < 2 else pool.map(attempt, runs)  # noqa: PLR2004
    for indices, found in zip(runs, done, strict=True):
        for index, answer in zip(indices, found, strict=True):
            answers[index] = answer
    return answers
