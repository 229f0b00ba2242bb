"""DNSMOS over a loop of whole frames, beside the whole model over nine seconds.

    python benchmarks/dnsmos.py [--project manifests/emberfall] [--lines N]

Speaks the project's lines in memory with the installed voices. Each is scored by `DnsmosJudge`,
and by P.835 as the `speechmos` package has it over the first window of the reference's loop: how
far the scores are apart, by length, and what both cost, taken in turns on one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from gate import Clock, Line, spread

from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.bootstrap.house import open_house
from renderer.bootstrap.workspace import open_workspace
from renderer.config import Settings
from renderer.judges import dnsmos
from renderer.judges.dnsmos import RATE, WINDOW, DnsmosJudge

CLASSES = ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, 9.0))
SCORES = tuple(dnsmos._POLYNOMIALS)
TO_MOS = tuple(dnsmos._POLYNOMIALS.values())
Floats = npt.NDArray[np.float64]


def spoken(project: Path, count: int) -> list[Waveform]:
    """Return lines of a project as they are delivered."""
    with TemporaryDirectory() as folder:
        house = open_house(open_workspace(project, Settings.read(), Path(folder)), in_memory=True)
        read = house.source.read(house.source.files(), [], {})
        said = spread([u for _, some in read for u in some], count)
        line = Line(house, 1)
        return [line.make(house.request(u), Clock()).delivered for u in said]


def compared(sounds: Sequence[Waveform]) -> Floats:
    """Return seconds, CPU seconds of the whole model and ours, and ours less the whole's scores."""
    judge = DnsmosJudge(1, with_p808=False)
    whole = dnsmos._session(dnsmos._checked(dnsmos._model_folder() / "sig_bak_ovr.onnx"), 1)
    rows = []
    for sound in sounds:
        samples = np.clip(resample(sound, RATE).samples, -1, 1)
        window = np.tile(samples, -(-WINDOW // samples.size))[:WINDOW]
        began = time.process_time()
        raw = whole.run(None, {"input_1": window[np.newaxis]})[0][0]
        between = time.process_time()
        own = judge.score([sound])[0]
        ended = time.process_time()
        assert isinstance(own, Mapping), own
        theirs = [np.polyval(p, float(v)) for p, v in zip(TO_MOS, raw, strict=True)]
        apart = [own[name] - score for name, score in zip(SCORES, theirs, strict=True)]
        rows.append([sound.duration_s, between - began, ended - between, *apart])
    return np.array(rows[1:])  # the first one loads the models


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--project", type=Path, default=Path("manifests/emberfall"))
    parser.add_argument("--lines", type=int, default=120)
    arguments = parser.parse_args()
    sounds = spoken(arguments.project, arguments.lines)
    table = compared([s for s in sounds if s.duration_s * RATE <= WINDOW])
    print("| seconds | lines | SIG | BAK | OVRL | CPU s: whole, ours, ratio |")
    print("|---|---|---|---|---|---|")
    for least, most in CLASSES:
        some = table[(table[:, 0] >= least) & (table[:, 0] < most)]
        if not len(some):
            continue
        apart = " | ".join(f"{d.mean():+.2f} ± {d.std():.2f}" for d in some[:, 3:].T)
        theirs, ours = some[:, 1].mean(), some[:, 2].mean()
        cost = f"{theirs:.3f}, {ours:.3f}, {theirs / ours:.1f}"
        print(f"| {least:g}–{most:g} | {len(some)} | {apart} | {cost} |")


if __name__ == "__main__":
    main()
