"""Real processes, real servers, and faults by seed; prints a table and writes docs/faults.md's.

python -m tests.chaos.processes --cases 200 --write    all faults in turn
python -m tests.chaos.processes --seed 17              one case
python -m tests.chaos.processes --takeover 20          killed workers, leases of 15 s

With --keep FILE every case is written down as it ends, and the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.chaos import checker, document
from tests.chaos.disk import DISK_FAULTS, small_disk
from tests.chaos.fault import FAULTS, Fault
from tests.chaos.fleet import Fleet
from tests.chaos.history import Expected, expectations

LINES = (
    "Halt.",
    "Go away.",
    "Who is there?",
    "Stay.",
    "Come in.",
    "Not now.",
    "Run.",
    "Good night.",
)
# What becomes of the lines that misbehave.
HOSTILE = {"Crash.": "quarantined", "Hang.": "quarantined", "Devour.": "failed"}
PATIENCE_S = 240.0


@dataclass(frozen=True)
class Case:
    """What one case came to.

    Attributes:
        group: `fault`, `disk` or `takeover`.
        seed: Of the case.
        name: Of the fault.
        lines: Lines that were asked for.
        again: Takes that were begun again.
        seconds: From the fault's begin until everything was done.
        violations: What is not as promised.
    """

    group: str
    seed: int
    name: str
    lines: int
    again: int
    seconds: float
    violations: tuple[str, ...] = ()


class Kept:
    """The cases that have ended, in a file where there is one.

    Args:
        path: JSON lines, one case each; None to keep them in memory alone.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.cases: list[Case] = []
        if path is not None and path.exists():
            rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            self.cases = [Case(**row | {"violations": tuple(row["violations"])}) for row in rows]

    def add(self, case: Case) -> None:
        self.cases.append(case)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(case)) + "\n")
        end = "; ".join(case.violations)
        print(f"{case.group} {case.seed}: {case.name}: {case.seconds:.1f} s {end}", flush=True)

    def left(self, group: str, seeds: Iterable[int]) -> list[int]:
        """Return the seeds that have not been run."""
        done = {case.seed for case in self.cases if case.group == group}
        return [seed for seed in seeds if seed not in done]

    def of(self, group: str, seeds: Iterable[int]) -> list[Case]:
        """Return the cases of some seeds, by seed."""
        asked = set(seeds)
        found = [case for case in self.cases if case.group == group and case.seed in asked]
        return sorted(found, key=lambda case: case.seed)


def name_of(seed: int, faults: Mapping[str, Fault] = FAULTS) -> str:
    """Return the fault of a seed: all of them in turn."""
    return list(faults)[seed % len(faults)]


def learn(fleet: Fleet) -> dict[str, Expected]:
    """Return what each line comes to where nothing goes wrong."""
    fleet.reset()
    fleet.bring(LINES)
    if not fleet.wait(fleet.is_done, PATIENCE_S):
        raise AssertionError("the service does not render at all")
    history = fleet.history({}, 0, is_over=True)
    hostile = {text: Expected(status) for text, status in HOSTILE.items()}
    return {**expectations(history), **hostile}


def run_case(
    fleet: Fleet,
    seed: int,
    expected: dict[str, Expected],
    group: str = "fault",
    faults: Mapping[str, Fault] = FAULTS,
) -> Case:
    """Run the case of a seed."""
    dice = random.Random(seed)
    name = name_of(seed, faults)
    fault = faults[name]
    texts = dice.sample(LINES, dice.randint(3, 5))
    if fault.text:
        texts.insert(dice.randrange(len(texts) + 1), fault.text)
    fleet.reset()
    wrong: list[str] = []
    fault.arm(fleet, dice)
    fleet.bring(texts)
    began = time.monotonic()
    try:
        fault.act(fleet, dice)
    except AssertionError as error:
        wrong.append(f"the fault did not happen: {error}")
    is_over = fleet.wait(fleet.is_done, PATIENCE_S)
    seconds = time.monotonic() - began
    fleet.proxy.clear()
    history = fleet.history(expected, fault.hits, is_over=is_over)
    wrong += checker.check(history)
    again = sum(max(0, count - 1) for count in history.renders.values())
    return Case(group, seed, name, len(texts), again, seconds, tuple(wrong))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] if ordered else 0.0


def table(cases: Sequence[Case]) -> str:
    """Return the table of all faults."""
    head = "| fault | cases | lines | begun again | done after s: p50 | p99 | violations |\n"
    head += "|---|--:|--:|--:|--:|--:|--:|\n"
    return head + "".join(
        _row(name, [case for case in cases if case.name == name])
        for name in dict.fromkeys(case.name for case in cases)
    )


def _row(name: str, cases: Sequence[Case]) -> str:
    seconds = [case.seconds for case in cases]
    return (
        f"| {name} | {len(cases)} | {sum(case.lines for case in cases)} | "
        f"{sum(case.again for case in cases)} | {statistics.median(seconds):.1f} | "
        f"{percentile(seconds, 0.99):.1f} | {sum(len(case.violations) for case in cases)} |\n"
    )


def run_all(seeds: Sequence[int], folder: Path, kept: Kept) -> None:
    """Run some seeds on one fleet."""
    if not (left := kept.left("fault", seeds)):
        return
    with Fleet(folder) as fleet:
        expected = learn(fleet)
        for seed in left:
            kept.add(run_case(fleet, seed, expected))


def run_disk(seeds: Sequence[int], folder: Path, kept: Kept) -> None:
    """Run some cases with a store on a small disk; none where that may not be mounted."""
    if not (left := kept.left("disk", seeds)):
        return
    with small_disk(folder / "disk") as is_there:
        if not is_there:
            print("no disk can be mounted here: its faults are left out")
            return
        with Fleet(folder / "fleet", store=folder / "disk" / "store") as fleet:
            expected = learn(fleet)
            for seed in left:
                kept.add(run_case(fleet, seed, expected, "disk", DISK_FAULTS))


def run_takeovers(seeds: Sequence[int], folder: Path, kept: Kept) -> None:
    """Kill the worker that holds a take, with leases of 15 s, until another one is done."""
    if not (left := kept.left("takeover", seeds)):
        return
    with Fleet(folder, lease_s=15.0, relays=1) as fleet:
        learn(fleet)
        for number in left:
            fleet.reset()
            fleet.arm("judged")
            fleet.bring([LINES[number % len(LINES)]])
            if not fleet.claimed("judged"):
                raise AssertionError("no worker began")
            began = time.monotonic()
            if not fleet.wait(fleet.is_done, PATIENCE_S):
                raise AssertionError("nobody took over")
            spent = time.monotonic() - began
            kept.add(Case("takeover", number, "worker killed, lease of 15 s", 1, 1, spent))


def main() -> int:
    """Run what was asked for."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--cases", type=int, default=len(FAULTS))
    reading.add_argument("--first", type=int, default=0)
    reading.add_argument("--seed", type=int, default=None, help="one case")
    reading.add_argument("--takeover", type=int, default=0, help="kills with the default lease")
    reading.add_argument("--disk", type=int, default=0, help="cases with a store on a small disk")
    reading.add_argument("--write", action="store_true", help="write the table to docs/faults.md")
    reading.add_argument("--keep", type=Path, help="file of cases, to go on where it ends")
    asked = reading.parse_args()
    first, cases = (asked.seed, 1) if asked.seed is not None else (asked.first, asked.cases)
    is_all = not asked.takeover or asked.write
    seeds = range(first, first + cases) if is_all else range(0)
    disks, kills = range(asked.disk if is_all else 0), range(asked.takeover)
    kept = Kept(asked.keep)
    with tempfile.TemporaryDirectory(prefix="barkline-chaos-") as place:
        run_all(seeds, Path(place) / "faults", kept)
        run_disk(disks, Path(place) / "small", kept)
        run_takeovers(kills, Path(place) / "takeover", kept)
    ended = kept.of("fault", seeds) + kept.of("disk", disks)
    text = f"\nSeeds {first} to {first + cases - 1}.\n\n{table(ended)}" if ended else ""
    broken = [f"{case.group} {case.seed}: {v}" for case in ended for v in case.violations]
    text += "".join(f"\n{violation}\n" for violation in broken)
    if spent := [case.seconds for case in kept.of("takeover", kills)]:
        text += (
            f"\nTakeover after `kill -9`, leases of 15 s, {len(spent)} kills: "
            f"p50 {statistics.median(spent):.1f} s, p99 {percentile(spent, 0.99):.1f} s, "
            f"longest {max(spent):.1f} s.\n"
        )
    print(text)
    if asked.write:
        document.write("processes", text)
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
