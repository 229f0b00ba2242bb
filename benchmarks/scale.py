"""How import and plan grow: 100,000 lines, unchanged and changed, beside a ninja no-op.

    python benchmarks/scale.py [--lines 100000] [--per-file 5000] [--format yaml|jsonl|csv]

Prints a Markdown table. ninja (a build tool that stats files) over as many edges is the yardstick
of a no-op: it is measured in the same run where `ninja` is installed. Each command is a fresh
process, timed from outside; peak memory is the process's own maximum resident set.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

PROJECT = """name: scale
source_locale: en-US
locales: {en-US: {required: true}}
characters:
"""
WORDS = [
    "gate",
    "river",
    "ember",
    "winter",
    "hammer",
    "lantern",
    "captain",
    "market",
    "bridge",
    "ash",
    "fire",
    "tower",
    "letter",
    "street",
    "quiet",
    "broken",
    "seven",
    "morning",
    "nobody",
    "under",
    "after",
    "before",
    "listen",
    "carry",
    "follow",
    "answer",
]
EMOTIONS = ("neutral", "calm 0.4", "happy 0.6", "angry 0.8", "sad 0.5")


def text(i: int) -> str:
    picked = [WORDS[(i * 7 + k * k * 13 + i // 11 * k) % len(WORDS)] for k in range(7)]
    return f"{' '.join(picked).capitalize()}, number {i}."


def write_project(root: Path, lines: int, per_file: int, kind: str) -> None:
    cast = "".join(
        f"  c{n}: {{name: Character {n}, voice: 'formant#m{n % 8 + 1}'}}\n" for n in range(40)
    )
    (root / "scenes").mkdir(parents=True)
    (root / "project.yaml").write_text(PROJECT + cast)
    for start in range(0, lines, per_file):
        rows = [
            {
                "id": f"line_{i:06d}",
                "character": f"c{i % 40}",
                "text": text(i),
                "emotion": EMOTIONS[i % 5],
            }
            for i in range(start, min(lines, start + per_file))
        ]
        path = root / "scenes" / f"scene_{start // per_file:04d}.{kind}"
        if kind == "yaml":
            body = "lines:\n" + "".join(
                f"  - id: {r['id']}\n    character: {r['character']}\n"
                f"    text: {json.dumps(r['text'])}\n    emotion: {r['emotion']}\n"
                for r in rows
            )
        elif kind == "jsonl":
            body = "".join(json.dumps(r) + "\n" for r in rows)
        else:
            body = "id,character,text,emotion\n" + "".join(
                f"{r['id']},{r['character']},{json.dumps(r['text'])},{r['emotion']}\n" for r in rows
            )
        path.write_text(body)


def finish(database: Path) -> None:
    """Mark every take approved: stands for the render, which is not what is measured here."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE take SET status = 'approved'")
        connection.commit()


def timed(command: list[str], cwd: Path) -> tuple[float, float, int]:
    """Return (wall seconds, peak MiB, exit status) of one process."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - began
    report = json.loads(done.stderr.strip().splitlines()[-1])
    return wall, report["peak_mib"], report["status"]


_MEASURED = """
import json, resource, subprocess, sys
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
status = subprocess.run(sys.argv[1:], **quiet).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"peak_mib": round(peak), "status": status}), file=sys.stderr)
"""


def ninja_no_op(root: Path, edges: int) -> float | None:
    """Return the seconds of a ninja no-op over `edges` edges, or None without ninja."""
    ninja = shutil.which("ninja")
    if ninja is None:
        return None
    (root / "in").mkdir(parents=True)
    (root / "out").mkdir()
    rules = ["rule c", "  command = cp $in $out"]
    for i in range(edges):
        (root / "in" / str(i)).touch()
        (root / "out" / str(i)).touch()
        rules.append(f"build out/{i}: c in/{i}")
    (root / "build.ninja").write_text("\n".join(rules) + "\n")
    # Outputs that are newer than their inputs and recorded count as done: touch -t is ninja's own.
    subprocess.run([ninja, "-t", "restat"], cwd=root, check=True, capture_output=True)
    subprocess.run([ninja, "-j2"], cwd=root, check=True, capture_output=True)
    began = time.perf_counter()
    subprocess.run([ninja], cwd=root, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--per-file", type=int, default=5_000)
    parser.add_argument("--format", choices=("yaml", "jsonl", "csv"), default="yaml")
    parser.add_argument("--no-ninja", action="store_true")
    arguments = parser.parse_args()
    barkline = str(Path(sys.executable).with_name("barkline"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "scale"
        write_project(root, arguments.lines, arguments.per_file, arguments.format)
        steps = [
            ("help", ["--help"]),
            ("import, new", ["import", "."]),
            ("import, unchanged", ["import", "."]),
            ("plan, unchanged", ["plan", "."]),
            ("plan, unchanged, again", ["plan", "."]),
        ]
        print(f"{arguments.lines} lines, {arguments.format}, {arguments.per_file} a file\n")
        print("| step | s | peak MiB | exit |")
        print("|---|---|---|---|")
        for name, step in steps:
            if step[0] == "plan":
                finish(root / "build" / "scale" / "barkline.db")
            wall, peak, status = timed([barkline, *step], root)
            print(f"| {name} | {wall:.2f} | {peak:.0f} | {status} |", flush=True)
        first = sorted((root / "scenes").iterdir())[0]
        first.write_text(first.read_text().replace("number 0.", "number nothing.", 1))
        wall, peak, status = timed([barkline, "plan", "."], root)
        print(f"| plan, one line changed | {wall:.2f} | {peak:.0f} | {status} |")
        if not arguments.no_ninja:
            seconds = ninja_no_op(Path(folder) / "ninja", arguments.lines)
            shown = "not installed" if seconds is None else f"{seconds:.2f}"
            print(f"| ninja no-op, as many edges | {shown} | | |")


if __name__ == "__main__":
    main()
