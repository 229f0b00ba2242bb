"""How far takes are from their own line said plainly: clean ones, and ones with a defect.

    BARKLINE_REFERENCE_DATA=… python benchmarks/plain_lines.py [--lines N] [--seed N]

Lines are those of the tuning side of `gate_split.yaml`, by its voices, half of them with a strong
emotion. Defects of `renderer.quality.defect`, clearly audible, are planted into them. Nothing
else of the gate takes part: which clean lines the checks `line_*` reject, which defects they find,
how often they have no answer, and what the plain line costs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from gate_material import Clean, Studio
from gate_spec import ROOT, Spec, specs

from renderer.audio.activity import speaking_s
from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.bootstrap.stages import shipped_limits
from renderer.domain.verdict import Outcome
from renderer.quality.defect.catalogue import DEFECTS, plant
from renderer.quality.defect.material import Sound, Strength
from renderer.quality.limits import Limits
from renderer.quality.line_checks import LINE_CHECKS
from renderer.quality.measure import strongest_click
from renderer.quality.metrics import Metrics, UnsureError
from renderer.quality.plain_line import AskedManner
from renderer.quality.rule import name_of
from renderer.quality.take import GateInput
from renderer.services.plain_lines import LINE_METRICS, TEXT_METRICS

KINDS = (
    *("wrong_pitch", "wrong_rate", "wrong_sample_rate", "wrong_speaker", "robotic"),
    *("narrow_band", "dropped_word", "repeated_word"),
    *("cut_start", "cut_end", "cut_end_silent", "clicks"),
)
AUDIBLE = {d.kind: d for d in DEFECTS if d.strength is Strength.AUDIBLE and d.kind in KINDS}
STRONG = ("angry 1.0", "sad 1.0", "happy 1.0", "fearful 1.0", "surprised 1.0", "neutral 0.0")


def chosen(listed: list[Spec], count: int, seed: int) -> Iterator[Spec]:
    """Yield some lines, every other one strongly directed."""
    order = np.random.default_rng(seed).permutation(len(listed))[:count]
    for n, index in enumerate(order):
        spec = listed[index]
        yield spec if n % 2 else replace(spec, id=f"{spec.id}/s", emotion=STRONG[n // 2 % 6])


class Bench:
    """Holds sounds against their plain lines by the shipped limits."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lines = studio.finisher._plain
        self._limits = shipped_limits()
        self.cost_s = 0.0

    def failed(self, clean: Clean, sound: Waveform) -> tuple[list[str], list[str], Metrics]:
        """Return which checks failed, which had no answer, and what was measured."""
        made = clean.performance
        said = clean.take.request.utterance
        engine = self._studio.house.voices.card(said.voice.split("#")[0]).engine
        take = GateInput(
            sound, sound, sound, made.transcript, said.direction, said.voice, engine, said.locale
        )
        metrics = Metrics(
            take.circumstances,
            speaking_s=speaking_s(sound),
            click_db=strongest_click(sound).value,
        )
        hearing = Hearing(sound)
        hearing.f0, hearing.speech_power  # noqa: B018 - the gate has them anyway
        limits = self._limits.limits_for(
            engine=engine,
            locale=said.locale,
            voice=said.voice,
            delivery=said.direction.delivery.value,
            is_short=self._limits.is_short(take.word_count, sound.duration_s),
        )
        asked = AskedManner(made.asked.pitch_st, made.asked.pitch_range, made.asked.rate)
        began = time.process_time()
        scores = self._lines.compare(take, metrics, limits, asked, hearing)
        self.cost_s += time.process_time() - began
        return *decided(metrics.with_scores(scores), limits), metrics.with_scores(scores)


def decided(metrics: Metrics, limits: Limits) -> tuple[list[str], list[str]]:
    """Return the checks that failed and those without an answer."""
    failed, unsure = [], []
    for check in LINE_CHECKS:
        try:
            finding = check(metrics, limits)
        except UnsureError:
            unsure.append(name_of(check))
            continue
        if finding is not None and finding.outcome is Outcome.FAIL:
            failed.append(finding.check)
    return failed, unsure


class Count:
    """What was found so far."""

    def __init__(self) -> None:
        self.lines = 0
        self.alarms, self.silent = Counter[str](), Counter[str]()
        self.found: dict[str, Counter[str]] = defaultdict(Counter)
        self.values: dict[str, list[float]] = defaultdict(list)

    def clean(self, spec: Spec, failed: list[str], unsure: list[str], metrics: Metrics) -> None:
        """Count a clean line."""
        self.lines += 1
        self.alarms.update([*failed, *(["any"] if failed else [])])
        self.silent.update(unsure)
        for name in (*LINE_METRICS, *TEXT_METRICS):
            if (value := metrics.value(name)) is not None:
                self.values[name].append(value)
        if failed:
            print("false alarm:", spec.id, spec.emotion, failed)

    def spoilt(self, kind: str, failed: list[str]) -> None:
        """Count a line with a defect."""
        self.found[kind].update([*failed, "planted", *(["found"] if failed else [])])

    def show(self) -> None:
        """Print it."""
        print(f"{self.lines} clean lines, not approved: {dict(self.alarms)}")
        print(f"no answer on clean lines: {dict(self.silent)}")
        for name, of in self.values.items():
            print(f"{name}: {np.round(np.quantile(of, (0, 0.01, 0.5, 0.99, 1)), 2)}")
        for kind, hits in self.found.items():
            print(f"{kind}: {hits['found']} of {hits['planted']}, by {dict(hits)}")


def plant_all(bench: Bench, studio: Studio, clean: Clean, listed: list[Spec], seed: int) -> Count:
    """Plant every defect into a line and judge it; return what was found."""
    count, spec = Count(), clean.spec
    others = [s for s in listed if s.text == spec.text and s.locale == spec.locale]
    others = [s for s in others if s.voice != spec.voice]
    for kind, defect in AUDIBLE.items():
        donor = studio.clean(others[seed % len(others)]) if kind == "wrong_speaker" else None
        rng = np.random.default_rng(seed)
        sound = plant(clean.sound, defect, rng, donor and Sound(donor.sound.waveform))
        if sound is not None:
            count.spoilt(kind, bench.failed(clean, sound)[0])
    return count


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "gate_errors")
    arguments = parser.parse_args()
    where = os.environ.get("BARKLINE_REFERENCE_DATA", "")
    data = Path(where) if where else None
    studio = Studio(arguments.build, data)
    bench, count, cost_s, sound_s = Bench(studio), Count(), 0.0, 0.0
    listed = [s for s in specs("tuning", data) if s.voice]
    for number, spec in enumerate(chosen(listed, arguments.lines, arguments.seed)):
        clean = studio.clean(spec)
        if clean is None:
            continue
        bench.cost_s = 0.0
        failed, unsure, metrics = bench.failed(clean, clean.sound.waveform)
        cost_s, sound_s = cost_s + bench.cost_s, sound_s + clean.sound.waveform.duration_s
        count.clean(spec, failed, unsure, metrics)
        if not failed:
            for kind, hits in plant_all(bench, studio, clean, listed, number).found.items():
                count.found[kind].update(hits)
    count.show()
    print(f"{cost_s / sound_s:.4f} x real time of CPU for the plain lines")


if __name__ == "__main__":
    main()
