"""What listeners would say of each voice, predicted, beside recordings and spoilt copies of them.

    BARKLINE_REFERENCE_DATA=… python benchmarks/mos.py [--lines N] [--clips N] [--write]

Says held-out sentences with every speaker of the shipped voices and of the reference voices, and
scores them, real recordings and degraded copies of these with DNSMOS P.808, all mastered to one
loudness. The copies say what a step of the predictor means. `--write` writes
docs/benchmarks/mos.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from gate_material import _install
from gate_spec import ROOT, read
from phone_times import transcripts

from renderer.analysis.opinion import Opinion, estimate
from renderer.audio.mastering import master, voice_gain_db
from renderer.audio.waveform import Waveform
from renderer.domain.project import MasteringTarget
from renderer.judges.dnsmos import DnsmosJudge
from renderer.ports import Speech, SpeechRequest
from renderer.quality.defect import sound
from renderer.speech.voice_book import Voices

PAGE = ROOT / "docs" / "benchmarks" / "mos.md"
SETS = {
    "LJSpeech": "speech/ljspeech/*",
    "LibriSpeech": "speech/librispeech/*.flac",
    "RAVDESS, neutral and calm": "emotion/ravdess/03-01-0[12]-*.flac",
    "EmoDB, neutral": "emotion/emodb/?????N*.flac",
}
SPOILT = {
    "white noise at 30 dB": lambda w, rng: sound.add_white_noise(w, 30.0, rng),
    "white noise at 20 dB": lambda w, rng: sound.add_white_noise(w, 20.0, rng),
    "white noise at 10 dB": lambda w, rng: sound.add_white_noise(w, 10.0, rng),
    "white noise at 0 dB": lambda w, rng: sound.add_white_noise(w, 0.0, rng),
    "clipped at 0.15 of the peak": lambda w, rng: sound.clip(w, 0.15, rng),
    "4 kHz of band": lambda w, rng: sound.limit_band(w, 8_000, rng),
}
FORMANT = ("m1", "f2")
Row = tuple[str, Opinion]


def scores(judge: DnsmosJudge, sounds: Sequence[Waveform]) -> list[float]:
    """Return the prediction for each sound at one loudness; failed ones are left out."""
    target = MasteringTarget()
    level = [master(w, target, voice_gain_db([w], target)).waveform for w in sounds]
    found = judge.score(level)
    return [float(one["dnsmos_p808"]) for one in found if isinstance(one, Mapping)]


def said(book: Voices, name: str, speaker: str, lines: int) -> Iterator[Waveform]:
    """Say held-out sentences."""
    voice = book.open(name)
    for line in transcripts("en", lines):
        (made,) = voice.speak([SpeechRequest(line, speaker, noise_w=0.0)])
        if isinstance(made, Speech):
            yield made.waveform


def row(name: str, found: Sequence[float]) -> Row:
    """Return a row of a table."""
    made = estimate(found)
    assert made is not None, name
    print(f"{name}: {made.mos:.2f} [{made.low:.2f}–{made.high:.2f}] of {made.clips}", flush=True)
    return name, made


def recordings(data: Path, clips: int) -> dict[str, list[Waveform]]:
    """Return recordings of each set, evenly spread over its files."""
    sounds = {}
    for name, pattern in SETS.items():
        paths = [p for p in sorted(data.glob(pattern)) if p.suffix in (".wav", ".flac")]
        few = [
            paths[i * len(paths) // min(clips, len(paths))] for i in range(min(clips, len(paths)))
        ]
        sounds[name] = [read(path) for path in few]
    return sounds


def table(rows: Sequence[Row], head: str) -> str:
    """Return a Markdown table, the best first."""
    lines = [f"| {head} | P.808 | 95 % | clips |", "|---|---|---|---|"]
    for name, found in sorted(rows, key=lambda r: -r[1].mos):
        span = f"{found.low:.2f}–{found.high:.2f}"
        lines.append(f"| {name} | {found.mos:.2f} | {span} | {found.clips} |")
    return "\n".join(lines)


def page(asked: argparse.Namespace, parts: Mapping[str, Sequence[Row]]) -> str:
    """Return the page."""
    ceiling = max(parts["recordings"], key=lambda r: r[1].mos)
    return f"""# What listeners would say, predicted

`python benchmarks/mos.py --lines {asked.lines} --clips {asked.clips} --write` writes this page.

The predictor is DNSMOS P.808 (Reddy et al. 2021): the mean opinion of listeners, 1–5, as it learnt
it from noisy and enhanced calls. It hears noise and distortion; it does not hear acting, wrong
words or a dull melody, and it was never trained on synthetic speech. Nobody was asked here: no
human opinion stands behind these numbers. They can be read against what the same predictor says of
real recordings (its ceiling here: {ceiling[0]}, {ceiling[1].mos:.2f}) and of known damage to them.
Intervals are 95 %, by resampling whole clips.

{table(parts["voices"], "voice")}

{table(parts["recordings"], "recordings")}

{table(parts["spoilt"], "LJSpeech and LibriSpeech, spoilt")}

The ladder of noise is what a step means: a voice at the level of recordings with noise at 20 dB is,
to the predictor, as far from a clean recording as that noise. `barkline analyse` gives the same
figure with its interval for each character, from the takes of the project.
"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=12)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    data = Path(os.environ["BARKLINE_REFERENCE_DATA"])
    judge = DnsmosJudge()
    parts: dict[str, list[Row]] = {"voices": [], "recordings": [], "spoilt": []}
    with tempfile.TemporaryDirectory() as folder:
        _install(data / "voices", Path(folder))
        book = Voices([Path(folder), ROOT / "assets" / "voices"], threads=1, use_cuda=False)
        installed = sorted(path.name for path in Path(folder).iterdir())
        for name in ("hearth", *installed, "formant"):
            speakers = FORMANT if name == "formant" else tuple(book.card(name).speakers) or ("",)
            for speaker in speakers:
                short = name.removeprefix("en_US-sano_").removesuffix("-tiny")
                shown = f"{short}#{speaker}" if speaker else short
                spoken = list(said(book, name, speaker, asked.lines))
                parts["voices"].append(row(shown, scores(judge, spoken)))
    real = recordings(data, asked.clips)
    for name, sounds in real.items():
        parts["recordings"].append(row(name, scores(judge, sounds)))
    clean = [*real["LJSpeech"], *real["LibriSpeech"]]
    for name, spoil in SPOILT.items():
        rng = np.random.default_rng(5)
        made = [w for clip in clean if (w := spoil(clip, rng)) is not None]
        parts["spoilt"].append(row(name, scores(judge, made)))
    if asked.write:
        PAGE.write_text(page(asked, parts), encoding="utf-8")


if __name__ == "__main__":
    main()
