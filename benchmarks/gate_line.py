"""The real gate, with a defect planted where it would arise: before mastering or in the encoder.

Nothing of the walk is imitated: the service that finishes takes masters, encodes, decodes and
judges, with whatever judges and checks the house is composed of. Only learned scores are kept by
content, because they cost most and stay the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from gate_fault import Fault, faulty_finisher
from gate_material import Clean, Studio

from renderer.audio.waveform import Waveform
from renderer.domain.take import Take
from renderer.domain.verdict import Outcome
from renderer.errors import BarklineError, JudgeError
from renderer.judges.dnsmos import DnsmosJudge
from renderer.quality.defect.catalogue import plant
from renderer.quality.defect.material import Defect, Sound, Stage
from renderer.quality.limits import FULL
from renderer.services.finish import Finished
from renderer.services.perform import Performance

Row = dict[str, Any]


class KeptScores:
    """A judge whose scores are kept in a file by the sound's content."""

    def __init__(self, judge: DnsmosJudge, folder: Path) -> None:
        self._judge = judge
        self._path = folder / f"{judge.revision}.jsonl"
        self._known: dict[str, Mapping[str, float]] = {}
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                key, scores = json.loads(line)
                self._known[key] = scores

    @property
    def revision(self) -> str:
        return self._judge.revision

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        keys = [_content(w) for w in waveforms]
        fresh = {k: w for k, w in zip(keys, waveforms, strict=True) if k not in self._known}
        failed: dict[str, JudgeError] = {}
        for key, score in zip(fresh, self._judge.score(list(fresh.values())), strict=True):
            if isinstance(score, JudgeError):
                failed[key] = score
            else:
                self._known[key] = score
                self._keep(key, score)
        return [failed[k] if k in failed else self._known[k] for k in keys]

    def _keep(self, key: str, score: Mapping[str, float]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, score]) + "\n")


def _content(waveform: Waveform) -> str:
    state = hashlib.sha256(waveform.samples.tobytes())
    return f"{state.hexdigest()[:32]}@{waveform.sample_rate}"


@dataclass(frozen=True, slots=True)
class Job:
    """One line to judge: clean, or with a defect and what that needs.

    Attributes:
        clean: The line.
        defect: What is planted, or None.
        donor: What else it is made of.
        seed: Of the defect's places and noise.
    """

    clean: Clean
    defect: Defect | None = None
    donor: Sound | None = None
    seed: int = 0


@dataclass
class Gate:
    """Judges lines through the house's own service."""

    studio: Studio
    _late: dict[int, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        finisher = self.studio.finisher
        limits = finisher._limits  # everything is heard; gate_rates tells the default gate apart
        finisher._limits = lambda project: replace(limits(project), metrics=FULL)
        finisher._judges = tuple(
            KeptScores(judge, self.studio.build) if isinstance(judge, DnsmosJudge) else judge
            for judge in finisher._judges
        )

    def judge(self, jobs: Sequence[Job]) -> list[Row | None]:
        """Judge a batch; None stands for a line the defect has no place in."""
        takes: list[Take] = []
        performed: dict[int, Performance | BarklineError] = {}
        self._late = {}
        for pk, job in enumerate(jobs):
            performance = self._performance(pk, job)
            if performance is not None:
                takes.append(replace(job.clean.take, id=pk))
                performed[pk] = performance
        with faulty_finisher(lambda take: self._late.get(take.id, Fault())):
            finished = self.studio.finisher.finish(takes, performed, 1)
        return [_row(job, finished[pk]) if pk in performed else None for pk, job in enumerate(jobs)]

    def _performance(self, pk: int, job: Job) -> Performance | None:
        clean, defect = job.clean, job.defect
        if defect is None:
            return clean.performance
        rng = np.random.default_rng(job.seed)
        if defect.stage is Stage.DELIVERY:
            self._late[pk] = Fault(
                delivered=lambda made: _or_clean(plant(Sound(made), defect, rng), made)
            )
            return clean.performance
        spoilt = plant(clean.sound, defect, rng, job.donor)
        return None if spoilt is None else replace(clean.performance, waveform=spoilt)


def _or_clean(spoilt: Waveform | None, clean: Waveform) -> Waveform:
    return clean if spoilt is None else spoilt


def _row(job: Job, made: Finished | BarklineError) -> Row:
    spec, defect = job.clean.spec, job.defect
    row: Row = {
        "clip": spec.id,
        "group": spec.group,
        "speaker": spec.speaker,
        "is_real": spec.is_real,
        "has_text": bool(spec.text),
        "length": spec.length,
        "kind": defect.kind if defect else "",
        "strength": defect.strength.value if defect else "",
        "seed": job.seed,
    }
    if isinstance(made, BarklineError):
        return {**row, "decision": "error", "fail": {}, "inconclusive": [], "error": ["render"]}
    found = made.verdict.findings
    return {
        **row,
        "decision": made.verdict.decision.value,
        "checks": [f.check for f in found],
        "fail": {f.check: _number(f.value) for f in found if f.outcome is Outcome.FAIL},
        "inconclusive": [f.check for f in found if f.outcome is Outcome.INCONCLUSIVE],
        "error": [f.check for f in found if f.outcome is Outcome.ERROR],
        "values": {f.check: _number(f.value) for f in found if f.value is not None},
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)
