"""Many cases of the simulation, or one that is told step by step.

python -m tests.chaos.campaign --cases 10000 --jobs 2
python -m tests.chaos.campaign --seed 4711
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.chaos import document
from tests.chaos.simulation import CALM_AFTER_S, calm, run_case, staged

PART = 50


@dataclass
class Tally:
    """What some cases came to."""

    lines: int = 0
    again: int = 0
    recovery_s: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.lines += other.lines
        self.again += other.again
        self.recovery_s += other.recovery_s
        self.faults += other.faults
        self.broken += other.broken

    def table(self, first: int, last: int, spent_s: float) -> str:
        """Return the figures as a table."""
        ordered = sorted(self.recovery_s)
        middle, most = ordered[len(ordered) // 2], ordered[round(0.99 * (len(ordered) - 1))]
        head = (
            f"\nSeeds {first} to {last}: {len(ordered)} cases, {self.lines} lines, "
            f"{self.faults.total()} faults, {self.again} renders begun again, "
            f"{len(self.broken)} cases broken. Virtual seconds from the last fault to the last "
            f"line's end: p50 {middle:.0f}, p99 {most:.0f}. It took {spent_s:.0f} s.\n\n"
            "| fault | times |\n|---|--:|\n"
        )
        rows = "".join(f"| {name} | {count} |\n" for name, count in sorted(self.faults.items()))
        return head + rows + "".join(f"\n{text}\n" for text in self.broken)


def _prepare() -> None:
    staged().__enter__()
    calm()


def _run_some(seeds: Sequence[int]) -> Tally:
    """Run some seeds; tells of each that is broken at once."""
    tally = Tally()
    for seed in seeds:
        case, wrong = run_case(seed)
        tally.lines += len(case.texts)
        tally.again += sum(max(0, len(batches) - 1) for batches in case.renders.values())
        tally.recovery_s.append(max(0.0, case.scheduler.now_s - CALM_AFTER_S))
        tally.faults += case.faults
        if wrong:
            tally.broken.append(f"seed {seed}: " + "; ".join(wrong))
            print(tally.broken[-1], flush=True)
    return tally


def main() -> int:
    """Run cases and tell what is wrong."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--seed", type=int, default=None, help="one case, step by step")
    reading.add_argument("--cases", type=int, default=1000)
    reading.add_argument("--first", type=int, default=1)
    reading.add_argument("--jobs", type=int, default=1, help="processes")
    reading.add_argument("--write", action="store_true", help="write the figures to docs/faults.md")
    asked = reading.parse_args()
    if asked.seed is not None:
        _, wrong = run_case(asked.seed, print)
        print("\n".join(wrong) or "as promised")
        return bool(wrong)
    began, last = time.monotonic(), asked.first + asked.cases
    parts = [range(first, min(first + PART, last)) for first in range(asked.first, last, PART)]
    with ProcessPoolExecutor(asked.jobs, initializer=_prepare) as pool:
        tallies = list(pool.map(_run_some, parts))
    total = Tally()
    for tally in tallies:
        total.add(tally)
    text = total.table(asked.first, last - 1, time.monotonic() - began)
    print(text)
    if asked.write:
        document.write("simulation", text)
    return bool(total.broken)


if __name__ == "__main__":
    with staged():
        sys.exit(main())
