"""What clean speech measures, so that limits can be set beside it.

    BARKLINE_REFERENCE_DATA=… python benchmarks/metric_ranges.py [--clips N] [--lines N]
        [--directed N] [--json FILE]

Metrics of `renderer/quality/signal.py` over sounds that nothing is wrong with, each kind by itself:
raw takes of the example project as it is directed (whispers, shouts and barks apart), the formant
voice and Piper models on held-out sentences, and recordings, evenly spread over their folders.
Prints quantiles; `--json` writes them too.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from gate import Clock, Line, spread
from phone_times import transcripts

from renderer.audio.codec import decode
from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.bootstrap.house import open_house
from renderer.bootstrap.workspace import open_workspace
from renderer.config import Settings
from renderer.ports import Speech, SpeechRequest
from renderer.quality.metrics import Score, Unsure
from renderer.quality.signal import SIGNAL_MEASURES
from renderer.speech.phoneme_id import build_rows
from renderer.speech.piper_config import read_config
from renderer.speech.piper_model import Job, PiperModel
from renderer.speech.voice_book import Voices

QUANTILES = (0.0, 0.005, 0.01, 0.05, 0.5, 0.95, 0.99, 0.995, 1.0)
RECORDINGS = {
    "ljspeech": "speech/ljspeech",
    "librispeech": "speech/librispeech",
    "ravdess": "emotion/ravdess",
}
Sounds = Iterator[tuple[str, Waveform]]  # kind -> sound


def directed(project: Path, lines: int) -> Sounds:
    """Raw takes of a project, by delivery and length."""
    with TemporaryDirectory() as build:
        house = open_house(open_workspace(project, Settings.read(), Path(build)), in_memory=True)
        said = [u for _, some in house.source.read(house.source.files(), [], {}) for u in some]
        line = Line(house, 1)
        for utterance in spread(said, lines):
            take = line.make(house.request(utterance), Clock())
            is_short = line.limits.is_short(take.word_count, take.raw.duration_s)
            kind = "barks" if is_short else take.direction.delivery.value
            yield f"{take.engine} {kind}", take.raw


def spoken(name: str, lines: int) -> Sounds:
    """Held-out sentences by an installed voice, its speakers in turns."""
    voice = Voices([], threads=1, use_cuda=False).open(name)
    speakers = list(voice.card.speakers) or [""]
    for number, line in enumerate(transcripts("en", lines)):
        request = SpeechRequest(line, speakers[number % len(speakers)], noise_w=0.0)
        (said,) = voice.speak([request])
        if isinstance(said, Speech):
            yield name, said.waveform


def piper(path: Path, lines: int) -> Sounds:
    """Held-out sentences by a Piper model."""
    model = PiperModel(path.read_bytes(), use_cuda=False)
    config = read_config(path.with_name(f"{path.name}.json").read_bytes())
    for line in transcripts("en", lines):
        rows = [r for s in line.sentences() for r in build_rows(s, 0, config)]
        parts = [sound.samples for row in rows for sound in model.run([Job(row.ids, 0)])]
        yield path.stem, Waveform.of(np.concatenate(parts), config.sample_rate)


def recorded(kind: str, folder: Path, clips: int) -> Sounds:
    """Recordings, evenly spread over a folder."""
    for path in spread(
        sorted(p for p in folder.rglob("*") if p.suffix in (".flac", ".wav")), clips
    ):
        yield kind, decode(path.read_bytes())


def sounds(options: argparse.Namespace, reference: Path | None) -> Sounds:
    if reference is not None and options.clips:
        for kind, folder in RECORDINGS.items():
            yield from recorded(kind, reference / folder, options.clips)
    if reference is not None and options.lines:
        for name in ("kristin", "amy"):
            yield from piper(reference / f"voices/en_US-sano_{name}-tiny.onnx", options.lines)
    if options.lines:
        yield from spoken("formant", options.lines)
    if options.directed:
        yield from directed(options.project, options.directed)


def measured(waveform: Waveform) -> dict[str, float]:
    """Every metric that can tell on this sound."""
    hearing, made = Hearing(waveform), {}
    for name, how in SIGNAL_MEASURES.items():
        value = how(hearing)
        if not isinstance(value, Unsure):
            made[name] = float(value.value if isinstance(value, Score) else value)
    return made


def summed(rows: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Quantiles by metric, with how many of the sounds have a value."""
    made: dict[str, dict[str, float]] = {}
    for name in SIGNAL_MEASURES:
        values = [row[name] for row in rows if name in row]
        made[name] = {"n": len(values), "of": len(rows)}
        if values:
            cut = np.quantile(values, QUANTILES)
            made[name] |= {f"{q:g}": float(f"{v:.4g}") for q, v in zip(QUANTILES, cut, strict=True)}
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--project", type=Path, default=Path("manifests/emberfall"))
    parser.add_argument("--directed", type=int, default=312, help="lines of the project at most")
    parser.add_argument("--lines", type=int, default=100, help="sentences per voice at most")
    parser.add_argument("--clips", type=int, default=150, help="recordings per corpus at most")
    parser.add_argument("--json", type=Path, help="write the quantiles here too")
    options = parser.parse_args()
    reference = os.environ.get("BARKLINE_REFERENCE_DATA")
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    for kind, sound in sounds(options, Path(reference) if reference else None):
        rows[kind].append(measured(sound))
        if options.json:  # what is done is kept when the run is broken off
            made = {name: summed(some) for name, some in rows.items()}
            options.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    head = " | ".join(f"{100 * q:g} %" for q in QUANTILES)
    for metric in SIGNAL_MEASURES:
        print(f"\n| {metric} | n | {head} |\n|---|---|" + "---|" * len(QUANTILES))
        for kind, some in rows.items():
            row = summed(some)[metric]
            cells = " | ".join(f"{row[f'{q:g}']:g}" if row["n"] else "" for q in QUANTILES)
            print(f"| {kind} | {row['n']} of {row['of']} | {cells} |")


if __name__ == "__main__":
    main()
