"""What the gate costs, and where the time of one warm line goes.

    python benchmarks/gate.py [--project manifests/emberfall] [--lines N] [--repeat N] [--json FILE]

Speaks the project's lines in memory with the installed voices, then measures

- the gate: seconds per second of audio for every metric and for DNSMOS, barks (lines that DNSMOS is
  not valid for) apart. CPU seconds are printed beside wall seconds, because the machine may be
  shared: on two idle cores the wall time of DNSMOS is about half its CPU time.
- one line of about three seconds, warm, one after the other: text → mastered Ogg in memory → gate,
  p50 and p95 of every stage.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from renderer import config
from renderer.audio.codec import decode, encode
from renderer.audio.hearing import Hearing
from renderer.audio.mastering import master
from renderer.bootstrap.house import House, open_house
from renderer.bootstrap.workspace import open_workspace
from renderer.config import Settings
from renderer.direction.controls import plan_controls
from renderer.direction.profile import EmotionShape
from renderer.direction.stage import direct
from renderer.domain.request import RenderRequest
from renderer.domain.transcript import Transcript
from renderer.domain.verdict import Verdict
from renderer.domain.voice import VoiceRef
from renderer.judges.dnsmos import DnsmosJudge
from renderer.judges.phones import PhoneJudge
from renderer.ports import Speech, SpeechRequest
from renderer.quality import gate
from renderer.quality.gate import GateInput, limits_of, measure, needs_learned, read_limits
from renderer.quality.learned_checks import below_own
from renderer.quality.metrics import Metrics, Scores
from renderer.quality.plain_line import AskedManner
from renderer.quality.take import FIRST, MEASURES, SECOND, Measured
from renderer.services.level import VoiceLevel
from renderer.services.plain_lines import PlainLines
from renderer.services.voice_norm import VoiceNorms
from renderer.text.lexicon import Lexicon
from renderer.text.lexicon_entry import LexiconEntry
from renderer.text.transcriber import EspeakTranscriber

T = TypeVar("T")


@dataclass
class Clock:
    """Wall and CPU seconds by stage."""

    wall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[name].append(time.perf_counter() - wall)
        self.cpu[name] += time.process_time() - cpu


class Line:
    """Text to a judged Ogg, stage by stage, as the render walk does it."""

    def __init__(self, house: House, threads: int) -> None:
        self._house = house
        self._plain = EspeakTranscriber(Lexicon([]))
        self._level = VoiceLevel(house.unit, self._plain, house.voices.engine_revision)
        self._norms = VoiceNorms(house.voices, self._level)
        self.judge = DnsmosJudge(threads)
        self.reader = PhoneJudge(config.assets_dir() / "judges" / "phones.onnx", threads)
        self._asked: dict[int, AskedManner] = {}
        self._own: dict[int, Mapping[str, float]] = {}
        self.limits = read_limits(config.assets_dir() / "gate_limits.yaml")

    def make(self, request: RenderRequest, clock: Clock) -> GateInput:
        """Make one line, without judging it."""
        said, target = request.utterance, request.mastering
        lexicon = Lexicon([LexiconEntry.from_plain(e) for e in request.lexicon])
        with clock.stage("text"):
            transcript = EspeakTranscriber(lexicon).transcribe([said])[0]
        assert isinstance(transcript, Transcript), transcript
        shape = EmotionShape.from_plain(request.shape)
        engine, signal = plan_controls(said.direction, transcript, shape)
        voice = self._house.voices.open(VoiceRef.parse(said.voice).name)
        gain = self._level.gain_db(voice, said.voice, said.locale, target)
        asked = SpeechRequest(
            transcript,
            VoiceRef.parse(said.voice).speaker,
            engine.rate,
            engine.noise_scale,
            engine.noise_w,
            0,
            engine.pause_scale,
        )
        with clock.stage("speech"):
            spoken = voice.speak([asked])[0]
        assert isinstance(spoken, Speech), spoken
        with clock.stage("direction"):
            raw, _ = direct(spoken.waveform, spoken.phones, signal)
        with clock.stage("mastering"):
            made = master(raw, target, gain)
        with clock.stage("encoding"):
            data = encode(made.waveform, request.delivery.codec, request.delivery.quality)
        with clock.stage("gate: decoding"):
            delivered = decode(data)
        take = GateInput(
            delivered=delivered,
            master=made.waveform,
            raw=raw,
            transcript=transcript,
            direction=said.direction,
            voice=said.voice,
            engine=voice.card.engine,
            locale=said.locale,
            shift_s=made.shift_s,
            rate=engine.rate,
            expected_lufs=target.loudness_lufs + signal.energy_db,
            limited_db=made.limited_db,
        )
        # Once per voice and process, and so no part of a line's cost.
        self._own[id(take)] = self._norms.scores(said.voice, said.locale, self.judge, target)
        self._asked[id(take)] = AskedManner(signal.pitch_st, signal.pitch_range, engine.rate)
        return take

    def compare(self, take: GateInput, metrics: Metrics, hearing: Hearing) -> Scores:
        """Hold a take against its text and its line said plainly, which nobody has said yet."""
        lines = PlainLines(self._house.voices, self.reader)
        held = limits_of(metrics, self.limits)
        return lines.compare(take, metrics, held, self._asked[id(take)], hearing)

    def judged(self, take: GateInput, clock: Clock) -> Verdict:
        """Judge one line as the walk does."""
        learned: Scores = {}
        hearing = Hearing(take.raw)
        with clock.stage("gate: measuring"):
            metrics = measure(take, hearing)
        with clock.stage("gate: plain line"):
            metrics = metrics.with_scores(self.compare(take, metrics, hearing))
        if needs_learned(metrics):
            with clock.stage("gate: dnsmos"):
                scored = self.judge.score([take.delivered])[0]
            assert isinstance(scored, Mapping), scored
            learned = {**scored, **below_own(scored, self._own[id(take)])}
        with clock.stage("gate: deciding"):
            return gate.decide(metrics.with_scores(learned), self.limits)


def measure_metrics(takes: Sequence[GateInput], line: Line, clock: Clock) -> None:
    """Time every metric by itself; what one is first to need counts as its own."""
    for take in takes:
        measured = Measured(take)
        for name, how in {**FIRST, **SECOND, **MEASURES}.items():
            with clock.stage(name):
                how(measured)
        hearing = Hearing(take.raw)
        metrics = measure(take, hearing)
        with clock.stage("plain line and text"):
            line.compare(take, metrics, hearing)
        with clock.stage("deciding"):
            gate.decide(metrics, line.limits)


def benchmark_gate(takes: Sequence[GateInput], line: Line) -> dict[str, Any]:
    """Return cost × real time of the gate's parts, lines and barks apart."""
    barks = [t for t in takes if line.limits.is_short(t.word_count, t.delivered.duration_s)]
    lines = [t for t in takes if t not in barks]
    result: dict[str, Any] = {}
    for name, group in (("lines", lines), ("barks", barks), ("all", takes)):
        seconds = sum(t.delivered.duration_s for t in group)
        clock = Clock()
        for take in group:
            with clock.stage("decoding"):
                decode(_delivery(take))
        measure_metrics(group, line, clock)
        worth = [t.delivered for t in group if needs_learned(measure(t))]
        for start in range(0, len(worth), 16):
            with clock.stage("dnsmos"):
                line.judge.score(worth[start : start + 16])
        wall = {stage: sum(times) for stage, times in clock.wall.items()}
        result[name] = {
            "count": len(group),
            "audio_s": round(seconds, 1),
            "wall_x_real_time": round(sum(wall.values()) / seconds, 4),
            "cpu_x_real_time": round(sum(clock.cpu.values()) / seconds, 4),
            "wall_ms_per_audio_s": {k: round(1000 * v / seconds, 2) for k, v in wall.items()},
        }
    return result


_DELIVERIES: dict[int, bytes] = {}


def _delivery(take: GateInput) -> bytes:
    key = id(take)
    if key not in _DELIVERIES:
        _DELIVERIES[key] = encode(take.master, "ogg")
    return _DELIVERIES[key]


def benchmark_line(requests: Sequence[RenderRequest], line: Line, repeat: int) -> dict[str, Any]:
    """Return p50 and p95 of every stage over single lines, one after the other, warm."""
    line.judged(line.make(requests[0], Clock()), Clock())
    clock = Clock()
    totals, audio = [], []
    for request in (requests * repeat)[: max(20, repeat)]:
        began = time.perf_counter()
        once = Clock()
        take = line.make(request, once)
        line.judged(take, once)
        totals.append(time.perf_counter() - began)
        audio.append(take.delivered.duration_s)
        for name, times in once.wall.items():
            clock.wall[name].append(sum(times))
        judging = sum(sum(t) for name, t in once.wall.items() if name.startswith("gate"))
        clock.wall["text to Ogg"].append(totals[-1] - judging)
    clock.wall["total"] = totals
    return {
        "lines": len(totals),
        "mean_audio_s": round(statistics.mean(audio), 2),
        "ms": {
            name: {"p50": _ms(times, 0.5), "p95": _ms(times, 0.95)}
            for name, times in clock.wall.items()
        },
    }


def _ms(times: Sequence[float], share: float) -> float:
    ordered = sorted(times)
    return round(1000 * ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))], 1)


def spread(items: Sequence[T], count: int) -> list[T]:
    """Return up to `count` items, evenly spread."""
    step = max(1.0, len(items) / count)
    return [items[int(i * step)] for i in range(min(count, len(items)))]


def run(arguments: argparse.Namespace, build: Path) -> dict[str, Any]:
    """Speak, then measure."""
    workspace = open_workspace(arguments.project, Settings.read(), build)
    house = open_house(workspace, in_memory=True)
    files = house.source.files()
    said = [u for _, some in house.source.read(files, [], {}) for u in some]
    requests = [house.request(u) for u in spread(said, arguments.lines)]
    line = Line(house, arguments.threads)
    takes = [line.make(request, Clock()) for request in requests]
    verdicts = [line.judged(take, Clock()).decision.value for take in takes]
    three = sorted(range(len(takes)), key=lambda i: abs(takes[i].delivered.duration_s - 3.0))
    return {
        "verdicts": {v: verdicts.count(v) for v in sorted(set(verdicts))},
        "gate": benchmark_gate(takes, line),
        "line": benchmark_line([requests[i] for i in three[:20]], line, arguments.repeat),
    }


def show(result: Mapping[str, Any], tell: Callable[[str], None] = print) -> None:
    """Print the figures as Markdown tables."""
    tell(f"verdicts: {result['verdicts']}\n")
    tell("| gate | lines | audio s | wall × real time | CPU × real time |\n|---|---|---|---|---|")
    for name, row in result["gate"].items():
        cells = (row["count"], row["audio_s"], row["wall_x_real_time"], row["cpu_x_real_time"])
        tell(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    tell("\n| gate, all lines | wall ms per second of audio |\n|---|---|")
    for stage, cost in result["gate"]["all"]["wall_ms_per_audio_s"].items():
        tell(f"| {stage} | {cost} |")
    one = result["line"]
    tell(f"\n{one['lines']} single lines, mean {one['mean_audio_s']} s of audio\n")
    tell("| stage | p50 ms | p95 ms |\n|---|---|---|")
    for stage, times in one["ms"].items():
        tell(f"| {stage} | {times['p50']} | {times['p95']} |")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--project", type=Path, default=Path("manifests/emberfall"))
    parser.add_argument("--lines", type=int, default=1000, help="lines to speak at most")
    parser.add_argument("--repeat", type=int, default=40, help="single lines to time")
    parser.add_argument("--threads", type=int, default=2, help="threads of DNSMOS")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        result = run(arguments, Path(folder))
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
