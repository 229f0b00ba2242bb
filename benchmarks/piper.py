"""The Piper engine against the piper-tts package: same voice, same ids, same lines, one run.

    BARKLINE_REFERENCE_DATA=… python benchmarks/piper.py [--lines 200] [--repeats 3] [--json]

Both are loaded and warm. piper-tts is called as its own API offers it (`PiperVoice.load`, then
`phoneme_ids_to_audio` per line); ours as the renderer calls it (`say_rows` with all lines). The
repeats are interleaved, so that a busy machine slows both; the figures are medians, the ratio is
the median of the ratios of neighbouring repeats. Sound per CPU second counts the whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

VOICE = "en_US-sano_kristin-tiny"
WORDS = re.findall(
    r"\w+",
    "the dragon sleeps beneath a mountain and nobody dares to wake it halt who goes there friend "
    "water gold sword king never again before we ride at dawn bring me every torch you can find "
    "listen carefully because this gate will not open twice for any of your brave soldiers",
)
LENGTHS = (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 18, 24, 40)  # barks to speeches


def lines(count: int) -> list[str]:
    """Return lines of game dialogue's lengths, the same every time."""
    rng = np.random.default_rng(20)
    return [
        " ".join(rng.choice(WORDS, rng.choice(LENGTHS))).capitalize() + rng.choice([".", "!", "?"])
        for _ in range(count)
    ]


def rows(texts: list[str], config) -> list[tuple[int, ...]]:
    """Return every sentence's ids, by our own transcriber."""
    from renderer.domain.utterance import Utterance
    from renderer.speech.phoneme_id import build_rows
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber

    utterances = [
        Utterance(f"l{n}", "en-US", "", "", text, text, "kristin") for n, text in enumerate(texts)
    ]
    found = []
    for transcript in EspeakTranscriber(Lexicon()).transcribe(utterances):
        for sentence in transcript.sentences():
            found += [row.ids for row in build_rows(sentence, 0, config)]
    return found


def cpu_s() -> float:
    """Return the CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(work) -> tuple[float, float, float]:
    """Return (audio, wall, CPU) seconds of one pass."""
    cpu, wall = cpu_s(), time.perf_counter()
    audio = work()
    return audio, time.perf_counter() - wall, cpu_s() - cpu


def profile(model: Path, ids: list[tuple[int, ...]]) -> dict[str, float]:
    """Return the share of each kind of operation, by onnxruntime's own profiler."""
    import onnxruntime

    from renderer.speech.onnx_file import read_model
    from renderer.speech.vits import open_vits

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_profiling = True
        options.profile_file_prefix = f"{folder}/profile"
        data = open_vits(read_model(model.read_bytes())).data
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        for row in ids:
            feed = {"input": np.array([row]), "input_lengths": np.array([len(row)])}
            session.run(None, {**feed, "scales": np.array([0.667, 1, 0.8], np.float32)})
        events = json.loads(Path(session.end_profiling()).read_text())
    spent: dict[str, float] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            op = event["args"]["op_name"]
            spent[op] = spent.get(op, 0.0) + event["dur"]
    total = sum(spent.values())
    return {op: us / total for op, us in sorted(spent.items(), key=lambda kv: -kv[1])[:8]}


def main() -> None:  # noqa: PLR0915 - one measurement, top to bottom
    """Run it and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0 is one per core")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    data = os.environ.get("BARKLINE_REFERENCE_DATA")
    if not data:
        sys.exit("set BARKLINE_REFERENCE_DATA")

    # This script's own folder is first in the path, and its name is the package's.
    sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]
    import piper as package

    from renderer.speech.add import add_voice
    from renderer.speech.piper import PiperVoice
    from renderer.speech.piper_model import Job

    model = Path(data) / "voices" / f"{VOICE}.onnx"
    with tempfile.TemporaryDirectory() as folder:
        card = add_voice(model, model.with_name(f"{VOICE}.onnx.json"), Path(folder), "kristin")
        ours = PiperVoice.load(card, threads=args.threads, use_cuda=False)
    theirs = package.PiperVoice.load(str(model))
    config, rate = ours.config, ours.config.sample_rate
    ids = rows(lines(args.lines), config)
    jobs = [Job(row, 0, config.noise_scale, config.length_scale, config.noise_w) for row in ids]

    def run_ours() -> float:
        return sum(sound.samples.size for sound in ours.say_rows(jobs)) / rate

    def run_theirs() -> float:
        return sum(theirs.phoneme_ids_to_audio(list(row)).size for row in ids) / rate

    ours.say_rows(jobs[:8])
    for row in ids[:8]:
        theirs.phoneme_ids_to_audio(list(row))
    passes = {"piper-tts": [], "barkline": []}
    for _ in range(args.repeats):
        passes["piper-tts"].append(timed(run_theirs))
        passes["barkline"].append(timed(run_ours))
    speeds = {
        name: {
            "per_wall_s": statistics.median(audio / wall for audio, wall, _ in done),
            "per_cpu_s": statistics.median(audio / cpu for audio, _, cpu in done),
        }
        for name, done in passes.items()
    }
    pairs = list(zip(passes["barkline"], passes["piper-tts"], strict=True))
    result = {
        "lines": args.lines,
        "rows": len(ids),
        "audio_s": passes["barkline"][0][0],
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        **speeds,
        "ratio_wall": statistics.median((a[0] / a[1]) / (b[0] / b[1]) for a, b in pairs),
        "ratio_cpu": statistics.median((a[0] / a[2]) / (b[0] / b[2]) for a, b in pairs),
        "profile": profile(model, ids[:20]),
    }
    if args.json:
        print(json.dumps(result, indent=2))
        return
    print(
        f"{result['rows']} rows, {result['audio_s']:.0f} s of sound, {result['cores']} cores, "
        f"load {result['load']:.1f}, median of {args.repeats}"
    )
    print(f"{'':12}{'audio s / wall s':>18}{'audio s / CPU s':>18}")
    for name, speed in speeds.items():
        print(f"{name:12}{speed['per_wall_s']:18.1f}{speed['per_cpu_s']:18.1f}")
    print(f"{'ratio':12}{result['ratio_wall']:18.2f}{result['ratio_cpu']:18.2f}")
    shares = ", ".join(f"{op} {share:.0%}" for op, share in result["profile"].items())
    print(f"time inside the graph: {shares}")


if __name__ == "__main__":
    main()
