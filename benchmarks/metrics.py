"""What each metric costs for three seconds of sound.

    python benchmarks/metrics.py [--voice hearth#kristin] [--repeat 20] [--without-dnsmos]

One sentence, cut or looped to 3 s. CPU and wall milliseconds (median), and CPU time as a share of
real time. What several metrics share (`Hearing`: frames, spectrum, pitch) is timed by itself, and
each metric with that already made; the checks that were there before each by themselves; `all`
is the whole of `measure`'s signal metrics, from the samples on.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from codec import masters

from renderer.audio.hearing import Hearing
from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.judges.dnsmos import DnsmosJudge
from renderer.judges.reference import PesqStoiJudge
from renderer.ports import Comparison
from renderer.quality.signal import SIGNAL_MEASURES
from renderer.quality.take import MEASURES, GateInput, Measured

SECONDS = 3.0
SHARED = ("is_pause", "is_speech", "power", "analysis", "pitch", "points")


def timed(how: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Median CPU and wall milliseconds."""
    cpu, wall = [], []
    for _ in range(repeat):
        began, used = time.perf_counter(), time.process_time()
        how()
        cpu.append(1000 * (time.process_time() - used))
        wall.append(1000 * (time.perf_counter() - began))
    return statistics.median(cpu), statistics.median(wall)


def everything(sound: Waveform) -> None:
    hearing = Hearing(sound)
    for how in SIGNAL_MEASURES.values():
        how(hearing)


def shared(sound: Waveform) -> None:
    hearing = Hearing(sound)
    for name in SHARED:
        getattr(hearing, name)


def rows(sound: Waveform, with_dnsmos: bool) -> dict[str, Callable[[], object]]:
    """Every metric's name and what is timed for it."""
    made: dict[str, Callable[[], object]] = {"all": lambda: everything(sound)}
    made["shared"] = lambda: shared(sound)
    ready = Hearing(sound)
    everything(sound)
    for how in SIGNAL_MEASURES.values():
        how(ready)
    made |= {name: lambda how=how: how(ready) for name, how in SIGNAL_MEASURES.items()}
    delivered = resample(sound, 48_000)
    take = GateInput(delivered, delivered, sound, Transcript("en-US", (), ()))
    before = {n: how for n, how in MEASURES.items() if n not in SIGNAL_MEASURES}
    made |= {f"gate: {n}": lambda how=how: how(Measured(take)) for n, how in before.items()}
    judge = PesqStoiJudge()
    made["PESQ and STOI"] = lambda: judge.compare(Comparison.RUNTIME, sound, sound)
    if with_dnsmos:
        dnsmos = DnsmosJudge(1)
        dnsmos.score([sound])
        made["DNSMOS"] = lambda: dnsmos.score([sound])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--voice", default="hearth#kristin")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--without-dnsmos", action="store_true")
    options = parser.parse_args()
    said = resample(next(masters(options.voice, 1)), 22_050)
    samples = np.resize(said.samples, round(SECONDS * said.sample_rate))
    print("| metric | CPU ms | wall ms | CPU × real time |\n|---|---|---|---|")
    for name, how in rows(Waveform.of(samples, 22_050), not options.without_dnsmos).items():
        cpu, wall = timed(how, 3 if name == "DNSMOS" else options.repeat)
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {cpu / 1000 / SECONDS:.5f} |", flush=True)


if __name__ == "__main__":
    main()
