"""Real processes, real servers, and faults by seed; prints a table and writes docs/faults.md's.

python -m tests.chaos.processes --cases 200 --write    all faults in turn
python -m tests.chaos.processes --seed 17              one case
python -m tests.chaos.processes --takeover 20          killed workers, leases of 15 s
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass
class Row:
    """What one fault came to over its cases."""

    cases: int = 0
    lines: int = 0
    again: int = 0
    seconds: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


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
    row: Row,
    faults: Mapping[str, Fault] = FAULTS,
) -> list[str]:
    """Run the case of a seed; returns what is not as promised."""
    dice = random.Random(seed)
    fault = faults[name_of(seed, faults)]
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
    row.seconds.append(time.monotonic() - began)
    fleet.proxy.clear()
    history = fleet.history(expected, fault.hits, is_over=is_over)
    wrong += checker.check(history)
    row.cases += 1
    row.lines += len(texts)
    row.again += sum(max(0, count - 1) for count in history.renders.values())
    row.violations += [f"seed {seed}: {text}" for text in wrong]
    return wrong


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] if ordered else 0.0


def table(rows: dict[str, Row]) -> str:
    """Return the table of all faults."""
    head = "| fault | cases | lines | begun again | done after s: p50 | p99 | violations |\n"
    head += "|---|--:|--:|--:|--:|--:|--:|\n"
    body = [
        f"| {name} | {row.cases} | {row.lines} | {row.again} | "
        f"{statistics.median(row.seconds):.1f} | {percentile(row.seconds, 0.99):.1f} | "
        f"{len(row.violations)} |"
        for name, row in rows.items()
        if row.cases
    ]
    return head + "\n".join(body) + "\n"


def run_all(seeds: Sequence[int], folder: Path) -> dict[str, Row]:
    """Run some seeds on one fleet."""
    rows = {name: Row() for name in FAULTS}
    with Fleet(folder) as fleet:
        expected = learn(fleet)
        for seed in seeds:
            name = name_of(seed)
            wrong = run_case(fleet, seed, expected, rows[name])
            took = rows[name].seconds[-1]
            print(f"seed {seed}: {name}: {took:.1f} s {'; '.join(wrong)}", flush=True)
    return rows


def run_disk(cases: int, folder: Path) -> dict[str, Row]:
    """Run some cases with a store on a small disk; none where that may not be mounted."""
    rows = {name: Row() for name in DISK_FAULTS}
    with small_disk(folder / "disk") as is_there:
        if not is_there:
            print("no disk can be mounted here: its faults are left out")
            return {}
        with Fleet(folder / "fleet", store=folder / "disk" / "store") as fleet:
            expected = learn(fleet)
            for seed in range(cases):
                name = name_of(seed, DISK_FAULTS)
                wrong = run_case(fleet, seed, expected, rows[name], DISK_FAULTS)
                print(f"disk seed {seed}: {name}: {'; '.join(wrong)}", flush=True)
    return rows


def measure_takeover(kills: int, folder: Path) -> list[float]:
    """Kill the worker that holds a take, with leases of 15 s; seconds until another is done."""
    spent: list[float] = []
    with Fleet(folder, lease_s=15.0, relays=1) as fleet:
        learn(fleet)
        for number in range(kills):
            fleet.reset()
            fleet.arm("judged")
            fleet.bring([LINES[number % len(LINES)]])
            if not fleet.claimed("judged"):
                raise AssertionError("no worker began")
            began = time.monotonic()
            if not fleet.wait(fleet.is_done, PATIENCE_S):
                raise AssertionError("nobody took over")
            spent.append(time.monotonic() - began)
            print(f"kill {number}: taken over and done after {spent[-1]:.1f} s", flush=True)
    return spent


def main() -> int:
    """Run what was asked for."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--cases", type=int, default=len(FAULTS))
    reading.add_argument("--first", type=int, default=0)
    reading.add_argument("--seed", type=int, default=None, help="one case")
    reading.add_argument("--takeover", type=int, default=0, help="kills with the default lease")
    reading.add_argument("--disk", type=int, default=0, help="cases with a store on a small disk")
    reading.add_argument("--write", action="store_true", help="write the table to docs/faults.md")
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory(prefix="barkline-chaos-") as place:
        text, broken = "", 0
        if not asked.takeover or asked.write:
            first, cases = (asked.seed, 1) if asked.seed is not None else (asked.first, asked.cases)
            rows = run_all(range(first, first + cases), Path(place) / "faults")
            rows |= run_disk(asked.disk, Path(place) / "small") if asked.disk else {}
            broken = sum(len(row.violations) for row in rows.values())
            text = f"\nSeeds {first} to {first + cases - 1}.\n\n{table(rows)}"
            text += "".join(f"\n{w}\n" for row in rows.values() for w in row.violations)
        if asked.takeover:
            spent = measure_takeover(asked.takeover, Path(place) / "takeover")
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
