"""How often the gate is wrong: defects it misses, clean lines it rejects.

    BARKLINE_REFERENCE_DATA=… python benchmarks/gate_errors.py [--write] [--clips N] [--lines N]
        [--json FILE] [--seed N] [--jobs N] [--side evaluation|tuning] [--voice NAME …]
        [--audible-only] [--count-only]

Clean lines are real recordings and real voices (`gate_split.yaml` says which are on whose side).
Every line goes through mastering, encoder and the whole gate as a take does. Clean lines give the
false alarms; defects of `renderer.quality.defect` are planted into those that were approved, and
what is not rejected is missed. Sounds, scores and decisions are kept in build/gate_errors, so that
a run that was stopped goes on where it was, and a change of the gate alone decides everything anew
without speaking anything. `--write` writes docs/benchmarks/gate_errors.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import gate_page
import gate_rates
from gate_ledger import Ledger, state
from gate_line import Gate, Job, Row
from gate_material import Clean, Studio
from gate_spec import CLASSES, ROOT, Spec, read_split, specs
from rich.progress import Progress

from renderer.domain.words import fold
from renderer.quality.defect.catalogue import DEFECTS
from renderer.quality.defect.material import Defect, Donor, Sound, Strength

BUILD = ROOT / "build" / "gate_errors"
PAGE = ROOT / "docs" / "benchmarks" / "gate_errors.md"
BATCH = 8
FEWER = 2  # faint and severe strengths are measured on half as many lines
LINES_PER_CLIP = 4
# A voice's level is told by its gain; a recording's own level is taken out by mastering.
VOICES_ONLY = {"level"}


@dataclass(frozen=True, slots=True)
class Item:
    """One judgement: which line, which defect, which other lines it is made of."""

    spec: Spec
    defect: Defect | None = None
    donors: tuple[Spec, ...] = ()
    seed: int = 0

    @property
    def key(self) -> str:
        """Unique within a side and a seed."""
        return f"{self.seed}|{self.spec.id}|{self.defect.name if self.defect else ''}"


# -- what is judged --------------------------------------------------------------------------------


def order(items: Iterable[Spec], *salt: object) -> list[Spec]:
    """Return lines in a random order that their names decide."""
    return sorted(items, key=lambda s: hashlib.sha256(repr((salt, s.id)).encode()).digest())


def in_turns(groups: Iterable[Sequence[Spec]]) -> list[Spec]:
    """Return the first of each group, then the second of each."""
    return [s for s in chain.from_iterable(zip_longest(*groups)) if s is not None]


def by(items: Iterable[Spec], field: str) -> dict[str, list[Spec]]:
    """Return lines grouped by a field."""
    found: dict[str, list[Spec]] = {}
    for spec in items:
        found.setdefault(getattr(spec, field), []).append(spec)
    return found


def clean_items(listed: Sequence[Spec], count: int, seed: int) -> list[Item]:
    """Choose clean lines: recordings and voices in turns, corpora and length classes in turns."""
    chosen: list[Spec] = []
    for is_real in (True, False):
        groups = by((s for s in listed if s.is_real is is_real), "group").values()
        turns = [
            in_turns(order(part, seed) for part in by(group, "length").values()) for group in groups
        ]
        chosen += in_turns(turns)[:count]
    return [Item(spec) for spec in chosen]


def defect_items(
    approved: Sequence[Spec], listed: Sequence[Spec], defect: Defect, clips: int, seed: int
) -> Iterator[Item]:
    """Choose lines for a defect, a quarter per length class, half of them recordings."""
    count = clips if defect.strength is Strength.AUDIBLE else max(4, clips // FEWER)
    for length in CLASSES:
        fit = [s for s in approved if s.length == length and _may_host(s, defect)]
        real = order((s for s in fit if s.is_real), seed, defect.kind)
        voices = order((s for s in fit if not s.is_real), seed, defect.kind)
        able = (
            (spec, donors)
            for spec in in_turns((voices, real))
            for donors in [_donors(spec, defect, listed, seed)]
            if donors or defect.donor is Donor.NONE
        )
        for spec, donors in islice(able, -(-count // len(CLASSES))):
            yield Item(spec, defect, donors, _seed(seed, spec, defect))


def _may_host(spec: Spec, defect: Defect) -> bool:
    has_words = bool(spec.voice) or (bool(spec.text) and spec.locale.startswith("en"))
    if defect.kind in VOICES_ONLY and spec.is_real:
        return False
    return spec.words >= defect.least_words and (not defect.least_words or has_words)


def _donors(spec: Spec, defect: Defect, listed: Sequence[Spec], seed: int) -> tuple[Spec, ...]:
    """Return the lines a defect may be made of; more than one where the farthest is wanted."""
    if defect.donor is Donor.NONE:
        return ()
    others = order((s for s in listed if s.id != spec.id), seed, spec.id)
    if defect.donor is Donor.ACCENT:
        return (spec,) if _speaks_more(spec, listed) else ()
    if defect.donor is Donor.LINE:
        mine = set(map(fold, spec.text.split()))
        same = [s for s in others if s.speaker == spec.speaker and s.locale == spec.locale]
        return tuple(s for s in same if s.text and not mine >= set(map(fold, s.text.split())))[:1]
    if defect.donor is Donor.LANGUAGE:
        foreign = [s for s in others if s.locale != spec.locale and s.is_real is spec.is_real]
        own = [s for s in foreign if s.speaker == spec.speaker or spec.is_real]
        return tuple(sorted(own, key=lambda s: abs(s.words - spec.words)))[:1]
    alike = [s for s in others if s.speaker != spec.speaker and s.is_real is spec.is_real]
    same_text = [s for s in alike if s.text == spec.text and s.locale == spec.locale]
    if spec.is_real:
        same_text = [s for s in same_text if s.group == spec.group]
    return tuple(same_text)[: 4 if defect.donor is Donor.FAR_SPEAKER else 1]


def _speaks_more(spec: Spec, listed: Sequence[Spec]) -> bool:
    """Whether a voice speaks another language too."""
    return bool(spec.voice) and any(
        s.voice == spec.voice and s.locale != spec.locale for s in listed
    )


def _seed(seed: int, spec: Spec, defect: Defect) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {spec.id} {defect.name}".encode()).digest()[:6])


# -- judging ---------------------------------------------------------------------------------------


class Bench:
    """Judges items in this process."""

    def __init__(self, build: Path, data: Path | None) -> None:
        self._studio = Studio(build, data)
        self._gate = Gate(self._studio)

    def judge(self, items: Sequence[Item]) -> list[tuple[str, Row | None]]:
        """Judge a batch; None for what cannot be made."""
        jobs = [self._job(item) for item in items]
        rows = iter(self._gate.judge([job for job in jobs if job is not None]))
        return [
            (item.key, next(rows) if job is not None else None)
            for item, job in zip(items, jobs, strict=True)
        ]

    def _job(self, item: Item) -> Job | None:
        clean = self._studio.clean(item.spec)
        if clean is None:
            return None
        donor = self._donor(clean, item) if item.donors else None
        return Job(clean, item.defect, donor, item.seed)

    def _donor(self, clean: Clean, item: Item) -> Sound | None:
        assert item.defect is not None
        if item.defect.donor is Donor.ACCENT:
            foreign = "en-US" if item.spec.locale.startswith("de") else "de-DE"
            read = self._studio.clean(item.spec, foreign)
            return read.sound if read else None
        found = [made for s in item.donors if (made := self._studio.clean(s)) is not None]
        if not found:
            return None
        far = max(found, key=lambda made: abs(made.f0_hz - clean.f0_hz))
        return _without(far, clean) if item.defect.donor is Donor.LINE else far.sound


def _without(donor: Clean, clean: Clean) -> Sound:
    """Return a donor without the words that the line has itself."""
    mine = {fold(w.text) for w in clean.performance.transcript.words}
    theirs = donor.performance.transcript.words
    if len(theirs) != len(donor.sound.words):
        return Sound(donor.sound.waveform)
    kept = [s for s, w in zip(donor.sound.words, theirs, strict=True) if fold(w.text) not in mine]
    return Sound(donor.sound.waveform, tuple(kept))


@cache
def bench(build: Path, data: Path | None) -> Bench:
    """Return this process's bench, opened on first use."""
    return Bench(build, data)


def judge(build: Path, data: Path | None, items: Sequence[Item]) -> list[tuple[str, Row | None]]:
    """Judge a batch, in whichever process."""
    return bench(build, data).judge(items)


def decide(
    items: Sequence[Item], ledger: Ledger, arguments: argparse.Namespace, title: str
) -> list[Row]:
    """Judge what is not decided yet, with a bar; return the rows of what could be made."""
    open_ = [item for item in items if item.key not in ledger.rows and not arguments.count_only]
    work = [open_[at : at + BATCH] for at in range(0, len(open_), BATCH)]
    here = partial(judge, arguments.build, arguments.data)
    with Progress(disable=arguments.quiet) as bar:
        task = bar.add_task(title, total=len(open_))
        with _pool(arguments.jobs) as pool:
            for decided in (pool.map if pool else map)(here, work):
                ledger.keep(decided)
                bar.advance(task, len(decided))
    rows = [ledger.rows.get(item.key) for item in items]
    return [row for row in rows if row is not None]


def _pool(jobs: int) -> Any:
    if jobs <= 1:
        return nullcontext()
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """Judge clean lines, then defects, and count."""
    seed = int(read_split(arguments.side)["seed"]) + arguments.seed
    listed = specs(arguments.side, arguments.data, only=arguments.voice)
    ledger = Ledger(arguments.build, arguments.side)
    if arguments.jobs > 1 and not arguments.count_only:
        # Voices are installed and the database is made once, before processes would race for it.
        Studio(arguments.build, arguments.data)
    lines = arguments.lines or LINES_PER_CLIP * arguments.clips
    cleans = clean_items(listed, lines, seed)
    clean_rows = decide(cleans, ledger, arguments, "clean lines")
    heard = {row["clip"] for row in clean_rows if row["decision"] == "approved"}
    default = [gate_rates.as_default(row) for row in clean_rows]
    good = {row["clip"] for row in default if row["decision"] == "approved"}
    approved = [item.spec for item in cleans if item.spec.id in good]
    defects = [d for d in DEFECTS if d.strength is Strength.AUDIBLE or not arguments.audible_only]
    items = [i for d in defects for i in defect_items(approved, listed, d, arguments.clips, seed)]
    items.sort(key=lambda item: hashlib.sha256(item.key.encode()).digest())
    rows = decide(items, ledger, arguments, "defects")
    about = {
        "side": arguments.side,
        "seed": seed,
        "clips": arguments.clips,
        "lines": lines,
        "audible_only": arguments.audible_only,
        "state": state(),
        "voices": sorted(arguments.voice),
    }
    figures = gate_rates.count(default, [gate_rates.as_default(row) for row in rows], about)
    full = gate_rates.count(clean_rows, [r for r in rows if r["clip"] in heard], about)
    return {**figures, "full": full}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    data = os.environ.get("BARKLINE_REFERENCE_DATA", "")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    parser.add_argument("--clips", type=int, default=80, help="lines per defect, clearly audible")
    parser.add_argument("--lines", type=int, help="clean lines of recordings, and of voices")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--seed", type=int, default=0, help="added to the side's own seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--side", choices=("evaluation", "tuning"), default="evaluation")
    parser.add_argument("--voice", action="append", default=[], help="this voice alone")
    parser.add_argument("--audible-only", action="store_true", help="leave faint and severe out")
    parser.add_argument(
        "--count-only", action="store_true", help="count what is decided already, judge nothing"
    )
    parser.add_argument("--build", type=Path, default=BUILD, help="where sounds are kept")
    parser.add_argument("--quiet", action="store_true", help="no bar")
    made = parser.parse_args(arguments)
    made.data = Path(data) if data else None
    return made


def main() -> None:
    """Run, show, and write what was asked for."""
    arguments = parse()
    figures = run(arguments)
    page = gate_page.page(figures)
    print(page)
    if arguments.write:
        PAGE.write_text(page, encoding="utf-8")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
