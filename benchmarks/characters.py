"""Three characters out of a few minutes each: two distilled speakers and one recorded one.

    BARKLINE_REFERENCE_DATA=... python benchmarks/characters.py --base hearth [--minutes 15]

flite's slt and the formant voice f5 say 150 sentences each; of LJSpeech there are eight clips with
their text in the reference data, one minute, which is far below what a character should have. Each
goes through `barkline voices train-character`; the table at the end is for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT / "assets/training/texts/en.txt"
BARKLINE = Path(sys.executable).with_name("barkline")
DISTILLED = {"slt": ("--teacher", "flite:slt"), "f5": ("--voice", "formant#f5")}
SENTENCES = 150


def barkline(*words: object) -> dict[str, Any]:
    """Run a command and return what it says as JSON."""
    argv = [str(BARKLINE), *map(str, words), "--json"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def recorded(folder: Path) -> Path:
    """Copy the clips of LJSpeech whose text is known."""
    source = Path(os.environ["BARKLINE_REFERENCE_DATA"]) / "speech/ljspeech"
    folder.mkdir(parents=True, exist_ok=True)
    lines = (source / "metadata.csv").read_text("utf-8").splitlines()
    known = [line for line in lines if line.partition("|")[2].strip()]
    for line in known:
        shutil.copy(source / f"{line.partition('|')[0]}.flac", folder)
    (folder / "metadata.csv").write_text("\n".join(known) + "\n", "utf-8")
    return folder


def row(name: str, made: dict[str, Any], seconds: float) -> str:
    """Return a line of the table."""
    found = made["validation"]
    values = found["measures"]

    def pair(key: str, other: str = "") -> str:
        both = values.get(key), values.get(other or f"{key}_of_recordings")
        return " / ".join("–" if value is None else f"{value:.2f}" for value in both)

    near = next(iter(found["likeness"].items()), ("–", float("nan")))
    run = json.loads((Path(made["run"]) / "acoustic/card.json").read_text("utf-8"))
    minutes, steps = run["data"][0]["minutes"], run["outcome"]["best_step"]
    return (
        f"| {name} | {minutes:.1f} | {steps} | {seconds / 60:.0f} | {pair('similarity')} | "
        f"{pair('dnsmos_ovrl')} | {pair('dnsmos_p808')} | {pair('words_found')} | "
        f"{near[0]} {near[1]:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="Installed voice with weights, or a file.")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--vocoder-steps", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[*DISTILLED, "lj"])
    parser.add_argument("--work", type=Path, default=Path("build/characters-benchmark"))
    asked = parser.parse_args()
    rows = []
    for name in asked.only:
        source, least = asked.work / "corpora" / name, 3.0
        if name == "lj":
            source, least = recorded(asked.work / "recordings"), 0.5
        else:
            options = ("--texts", TEXTS, "--limit", SENTENCES, "--out", source)
            barkline("train", "distil", *DISTILLED[name], *options)
        began = time.monotonic()
        made = barkline(
            "voices", "train-character", source, "--name", f"bench-{name}", "--base", asked.base,
            "--run", asked.work / name, "--out", asked.work / "voices", "--replace",
            "--least-minutes", least, "--minutes", asked.minutes,
            "--vocoder-steps", asked.vocoder_steps,
        )  # fmt: skip
        rows.append(row(name, made, time.monotonic() - began))
    print(
        "| speaker | minutes learnt | best step | minutes taken | similarity, said / recorded | "
        "OVRL | P.808 | words found | nearest of the cast |\n|---|---|---|---|---|---|---|---|---|"
    )
    print("\n".join(rows))


if __name__ == "__main__":
    main()
