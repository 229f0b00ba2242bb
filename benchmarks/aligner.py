"""How well the aligner finds phones it was never shown, by exact times and by the sound.

    python benchmarks/aligner.py CORPUS [--steps 400] [--limit CLIPS] [--binarise 300] [--then …]
    BARKLINE_REFERENCE_DATA=… python benchmarks/aligner.py lj

CORPUS is a folder of `train distil` or `train prepare`. Its durations, where it has any, are hidden
while the aligner learns; then its validation clips (all clips, where it has no durations) are
aligned. Errors are told as distances from the exact boundaries, and signed against what
can be heard (`phone_landmark.py`). `lj` is the transcribed clips of LJSpeech in the reference data:
a person, of whom no exact times are known. `--binarise` is the step from which frames are drawn to
the best path too, −1 for never. `--then` aligns another corpus with the same aligner. Runs lie in
build/aligner-benchmark; the same command goes on.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from phone_landmark import ORDER, SILENCE, landmarks
from phone_times import quartiles

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan
from renderer.text.inventory import is_pause
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training import finetune, run_card
from renderer.training.acoustic_batch import Cast
from renderer.training.acoustic_source import AcousticSource
from renderer.training.aligner import Aligner, align
from renderer.training.aligning import AlignerLearner, without_durations
from renderer.training.corpus import MEL, TRAIN, VALID, Clip, Corpus
from renderer.training.feature_store import FeatureStore
from renderer.training.fit import Run
from renderer.training.metadata import Defaults
from renderer.training.prepare import Preparation, Rights, prepare
from renderer.training.sound import clip_samples
from renderer.training.trainer import Trainer
from renderer.training.tuning import recipe

WORK = Path(__file__).parents[1] / "build" / "aligner-benchmark"
FRAME_S = MEL.hop_length / MEL.sample_rate
NEVER = 1 << 30


def read(name: str) -> Corpus:
    """Return a corpus; that of the reference recordings is prepared first."""
    if name != "lj":
        return Corpus.load(Path(name))
    folder = WORK / "corpora" / "lj"
    if not folder.exists():
        source = Path(os.environ["BARKLINE_REFERENCE_DATA"]) / "speech" / "ljspeech"
        how = Preparation(Defaults("lj", "en", "neutral"), Rights("public domain", True))
        prepare(recorded(source), folder, how, EspeakTranscriber(Lexicon(())))
    return Corpus.load(folder)


def recorded(source: Path) -> Path:
    """Copy the clips that have a transcript to the working folder."""
    folder = WORK / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    lines = (source / "metadata.csv").read_text("utf-8").splitlines()
    known = [line for line in lines if line.partition("|")[2].strip()]
    for line in known:
        shutil.copy(source / f"{line.partition('|')[0]}.flac", folder)
    (folder / "metadata.csv").write_text("\n".join(known) + "\n", "utf-8")
    return folder


def learn(corpus: Corpus, steps: int, binarise: int, folder: Path) -> Aligner:
    """Train as `voices train-character` does; go on where a run was stopped."""
    plan = recipe("aligner", {"steps": steps}, corpus.folder)
    hidden = without_durations(even(corpus))
    source = AcousticSource(
        [(hidden, 1.0)], Cast.of([hidden]), batch_frames=plan.batch_frames, seed=plan.seed
    )
    torch.manual_seed(plan.seed)
    learner = AlignerLearner(
        binarise_from=NEVER if binarise < 0 else binarise, prior_until=steps // 2
    )
    about = {**run_card.about(plan, [corpus]), "aligner": asdict(learner.aligner.config)}
    device = torch.device("cpu")
    trainer = Trainer(learner, source, plan, folder, device=device, about=about)
    Run(trainer, plan, [corpus], folder, device).go(
        lambda p: print(f"\r{p.step}/{p.steps}", end="", flush=True)
    )
    print()
    return finetune.trained_aligner(folder)


def even(corpus: Corpus) -> Corpus:
    """Return a corpus in which clips of both parts exist; few recordings may all be of one."""
    clips = [clip for clip in corpus.clips if clip.passed]
    if any(clip.split == VALID for clip in clips):
        return replace(corpus, clips=tuple(clips))
    return replace(corpus, clips=(replace(clips[0], split=VALID), *clips[1:]))


def measure(corpus: Corpus, aligner: Aligner) -> None:
    """Print the errors of the validation clips, or of all clips where none is exact."""
    store = FeatureStore(corpus)
    is_exact = all(clip.durations for clip in corpus.clips if clip.passed)
    clips = corpus.usable(VALID) if is_exact else [c for c in corpus.clips if c.passed]
    distances: list[float] = []
    signed: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        found = align(aligner, store.get(clip).mel, clip.phones).durations
        ways = {"found": found, **({"exact": clip.durations} if is_exact else {})}
        if is_exact:
            distances += edges_apart(found, clip)
        near = spans(clip, clip.durations or found)
        starts = {way: np.cumsum([0, *durations]) * FRAME_S for way, durations in ways.items()}
        waveform = Waveform(clip_samples(corpus, clip), MEL.sample_rate)
        kept = [n for n, frames in enumerate(clip.durations or found) if frames]
        for mark in landmarks(waveform, near):
            for way, times in starts.items():
                before, after = kept[mark.index - 1], kept[mark.index]
                # A silence begins where the phone ends, whichever pause token it was given to.
                told = times[before + 1] if mark.kind == SILENCE else times[after]
                signed[way][mark.kind].append(float(told) - mark.at_s)
    tell(corpus, len(clips), distances, signed)


def edges_apart(found: Sequence[int], clip: Clip) -> list[float]:
    """Return the distances between phone boundaries, in seconds."""
    apart = np.abs(np.cumsum(found) - np.cumsum(clip.durations))[:-1] * FRAME_S
    pairs = zip(clip.phones, clip.phones[1:], strict=False)
    spoken = [not (is_pause(a) and is_pause(b)) for a, b in pairs]
    return [float(x) for x, is_phone in zip(apart, spoken, strict=True) if is_phone]


def spans(clip: Clip, durations: Sequence[int]) -> list[PhoneSpan]:
    edges = np.cumsum([0, *durations]) * FRAME_S
    return [
        PhoneSpan("_" if is_pause(phone) else phone, float(a), float(b), word)
        for phone, word, a, b in zip(clip.phones, clip.words, edges[:-1], edges[1:], strict=True)
        if b > a
    ]


def tell(corpus: Corpus, count: int, distances: list[float], signed: dict) -> None:
    print(f"\n{corpus.folder.name}: {count} clips")
    if distances:
        middle, most = np.percentile(np.array(distances) * 1000, [50, 90])
        print(f"from the exact boundaries: median {middle:.0f} ms, 90 % within {most:.0f} ms")
    print(f"\n| boundary | n | {' | '.join(signed)} |\n{'|---' * (len(signed) + 2)}|")
    for kind in ORDER:
        cells = [quartiles(of[kind]) for of in signed.values() if of[kind]]
        if cells:
            print(f"| {kind} | {len(signed['found'][kind])} | {' | '.join(cells)} |")
    everything = {way: [e for errors in of.values() for e in errors] for way, of in signed.items()}
    cells = [quartiles(errors) for errors in everything.values()]
    away = [f"{np.median(np.abs(errors)) * 1000:.0f}" for errors in everything.values()]
    print(f"| all | {len(everything['found'])} | {' | '.join(cells)} |")
    print(f"| all, distance | | {' | '.join(away)} |")
    near = [f"{np.mean(np.abs(errors) < 0.02):.0%}" for errors in everything.values()]
    print(f"| all, within 20 ms (by chance 22 %) | | {' | '.join(near)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--limit", type=int, default=0, help="clips to learn from; 0 for all")
    parser.add_argument("--binarise", type=int, help="step; three quarters of all by default")
    parser.add_argument("--then", action="append", default=[], help="align this corpus too")
    options = parser.parse_args()
    corpus = read(options.corpus)
    if options.limit:
        learnt = corpus.usable(TRAIN)[: options.limit]
        corpus = replace(corpus, clips=(*learnt, *corpus.usable(VALID)))
    binarise = options.steps * 3 // 4 if options.binarise is None else options.binarise
    name = f"{corpus.folder.name}-{options.steps}-{options.limit}-{binarise}"
    aligner = learn(corpus, options.steps, binarise, WORK / name)
    for one in (corpus, *map(read, options.then)):
        measure(one, aligner)


if __name__ == "__main__":
    main()
