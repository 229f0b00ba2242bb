"""What measuring costs per line: the silent meter, one process, and the files of a child.

    python benchmarks/telemetry.py [--lines 64] [--repeats 200]

Renders some lines with the formant voice and records every call of the meter; then replays those
calls on each meter. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from renderer.bootstrap import open_house, open_walk, open_workspace
from renderer.config import Settings
from renderer.ports import SILENT, UNTRACED, Meter
from renderer.services.queue import start_alone
from renderer.services.scope import Scope
from renderer.telemetry.catalogue import Place
from renderer.telemetry.meter import PrometheusMeter, child_meter
from renderer.telemetry.store import MeteredStore
from workers.embedded import render_all

PROJECT = """\
name: measured
source_locale: en-US
locales: {en-US: {required: true}}
characters: {guard: {name: Guard, voice: formant#m3}}
"""
Call = Callable[[Meter], None]


class Recorder:
    """Implements `ports.Meter`: remembers each call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        self.calls.append(lambda meter: meter.count(name, by, **labels))

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        self.calls.append(lambda meter: meter.observe(name, value, **labels))

    def set(self, name: str, value: float, /, **labels: str) -> None:
        self.calls.append(lambda meter: meter.set(name, value, **labels))

    def time(self, name: str, /, **labels: str) -> AbstractContextManager[None]:
        def call(meter: Meter) -> None:
            with meter.time(name, **labels):
                pass

        @contextmanager
        def timed() -> Iterator[None]:
            self.calls.append(call)
            yield

        return timed()


def record(lines: int) -> tuple[list[Call], float]:
    """Render some lines; returns the calls of the meter and the seconds it took."""
    recorder = Recorder()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "scenes").mkdir()
        (place / "project.yaml").write_text(PROJECT)
        said = "".join(
            f'  - {{id: l{i}, character: guard, text: "Gate {i + 1} is closed today."}}\n'
            for i in range(lines)
        )
        (place / "scenes/gate.yaml").write_text(f"scene: gate\nlocale: en-US\nlines:\n{said}")
        house = open_house(open_workspace(place, Settings.read({}), place / "build"))
        house = replace(house, store=MeteredStore(house.store, recorder))
        scope = Scope()
        house.ingest(scope).run()
        walk = open_walk(house)
        walk.render.watch(recorder, UNTRACED)
        began = time.perf_counter()
        render_all(walk, start_alone(house.unit, scope), lambda _counts: None, 1)
        return recorder.calls, time.perf_counter() - began


def cost_us(calls: list[Call], meter: Meter, repeats: int, lines: int) -> float:
    """Return microseconds per line, the best of the repeats."""
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        for call in calls:
            call(meter)
        best = min(best, time.perf_counter() - began)
    return best / lines * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=200)
    asked = parser.parse_args()
    calls, took_s = record(asked.lines)
    work_us = took_s / asked.lines * 1e6
    with tempfile.TemporaryDirectory() as folder:
        one = PrometheusMeter(Place.WORKER)  # before the library is told of a family
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        meters = {"silent": SILENT, "one process": one, "child of a family": child_meter(0)}
        print(f"{len(calls) / asked.lines:.1f} calls and {work_us:,.0f} µs of work per line\n")
        print("| meter | µs per line | of the work |\n|---|---|---|")
        for name, meter in meters.items():
            us = cost_us(calls, meter, asked.repeats, asked.lines)
            print(f"| {name} | {us:.1f} | {us / work_us:.4%} |")


if __name__ == "__main__":
    main()
