"""How well a recording fits its own text, and those of others.

    BARKLINE_REFERENCE_DATA=… python benchmarks/text_fit.py [--side tuning|evaluation] [--others N]

Recordings of a side of `gate_split.yaml` whose words are known, each held against its own text and
against texts of about its length that somebody else says: English ones against all English lines of
that side, German ones against the German. What the shipped limit finds of the others, and what it
rejects of the right ones, is that of `other_text`.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from gate_material import Studio
from gate_spec import ROOT, specs

from renderer import config
from renderer.domain.locale import language_of
from renderer.errors import UnhearableError
from renderer.judges.phones import PhoneJudge
from renderer.quality.phone_path import PhoneScores
from renderer.quality.text_fit import LEAST_PHONES, Words, text_fit
from renderer.services.said_plainly import phone_scores

LENGTH = (0.6, 1.6)  # × the phones of the right text
LIMITS = (1.0, 2.0, 3.0)  # 2 is shipped for recording@en


def phones(words: Words) -> int:
    """Return how many phones a text has."""
    return sum(map(len, words))


def heard_lines(studio: Studio, side: str, data: Path) -> list[tuple[str, str, PhoneScores]]:
    """Return corpus ("" for a voice), language and what the judge hears of each known line."""
    reader = PhoneJudge(config.assets_dir() / "judges" / "phones.onnx", 1)
    found, said = [], set[tuple[str, str]]()
    for spec in specs(side, data):
        # Of voices the text alone counts, and each once.
        if not spec.text or (not spec.is_real and (spec.locale, spec.text) in said):
            continue
        said.add((spec.locale, spec.text))
        clean = studio.clean(spec)
        if clean is None:
            continue
        try:
            heard = phone_scores(reader, clean.sound.waveform, clean.performance.transcript)
        except UnhearableError:
            continue
        if phones(heard.words) >= LEAST_PHONES:
            found.append((spec.group if spec.is_real else "", language_of(spec.locale), heard))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--side", choices=("tuning", "evaluation"), default="tuning")
    parser.add_argument("--others", type=int, default=3, help="texts of others, per recording")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "gate_errors")
    arguments = parser.parse_args()
    data = Path(os.environ["BARKLINE_REFERENCE_DATA"])
    lines = heard_lines(Studio(arguments.build, data), arguments.side, data)
    rng = np.random.default_rng(0)
    right: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, list[float]] = defaultdict(list)
    for corpus, language, heard in lines:
        if not corpus:
            continue
        count = phones(heard.words)
        texts = {h.words for _, tongue, h in lines if tongue == language} - {heard.words}
        alike = sorted(t for t in texts if LENGTH[0] <= phones(t) / count <= LENGTH[1])
        right[corpus].append(text_fit(heard) or 0.0)
        for at in rng.permutation(len(alike))[: arguments.others]:
            wrong[corpus].append(text_fit(replace(heard, words=alike[at])) or 0.0)
    for corpus, of in right.items():
        own, others = np.array(of), np.array(wrong[corpus])
        print(
            f"{corpus}: {own.size} right, least {own.min():.1f}, median {np.median(own):.1f}; "
            f"{others.size} of others, median {np.median(others):.1f}"
        )
        for limit in LIMITS:
            found = f"{(others < limit).mean():.0%} of others"
            print(f"  below {limit:g}: {(own < limit).sum()} right, {found}")


if __name__ == "__main__":
    main()
