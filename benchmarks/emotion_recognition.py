"""How well are emotions heard: of people by models of people, of our renders, and across?

    BARKLINE_REFERENCE_DATA=... python benchmarks/emotion_recognition.py \\
        --rows build/emotion [--write]

The rows are those of `barkline train emotion` (docs/training.md); its model must be the shipped
one. The recordings stay where they are: models and features of them live in memory, or in the
cache the command names, and only aggregate figures are written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from emotion_page import (
    TEXT,
    Result,
    by_intensity,
    by_voice,
    matrix,
    picture,
    recalls,
    share,
    short,
    summary,
)

from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.judges.emotion import EmotionJudge, read_model
from renderer.quality.emotion_features import NAMES, measure_emotion
from renderer.quality.emotion_model import Head, softmax
from renderer.training.emotion import (
    CANDIDATES,
    Candidate,
    Lessons,
    fit_head,
    lessons,
    lessons_of,
    unheard,
)
from renderer.training.emotion_corpus import Render, Row
from renderer.training.emotion_score import interval, score

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
from measure_emotions import find_clips  # noqa: E402 - the one reader of the recordings' names

REPORT = ROOT / "docs/benchmarks/emotion.md"
PICTURE = REPORT.with_suffix(".svg")
MODEL = ROOT / "assets/judges/emotion.json"
LEVEL = NAMES.index("level_db")
TOGETHER = (("kristin", "grom", "nix"), ("vera", "sable", "pip", "hale"), ("nuria", "laia"),
            ("marcus", "finn"), ("tolliver", "aldous"))  # fmt: skip


@dataclass(frozen=True)
class People:
    """The recordings of one set."""

    name: str
    data: Lessons
    intensities: np.ndarray


# -- reading ---------------------------------------------------------------------------------------


def read_people(root: Path, cache: Path | None) -> dict[str, People]:
    """Measure the recordings, or take the figures of an earlier run from the cache."""
    kept = {}
    if cache and cache.is_file():
        stored = np.load(cache, allow_pickle=False)
        if list(stored["names"]) == list(NAMES):
            kept = dict(zip(stored["clips"].tolist(), stored["features"], strict=True))
    rows = []
    for clip in find_clips(root):
        if clip.path.stem not in kept:
            samples, rate = soundfile.read(clip.path, dtype="float32")
            kept[clip.path.stem] = measure_emotion(Waveform.of(samples, rate))
        rows.append((clip, kept[clip.path.stem]))
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, names=NAMES, clips=list(kept), features=np.stack(list(kept.values())))
    return {name: people_of(name, [r for r in rows if r[0].source == name])
            for name in ("ravdess", "emodb")}  # fmt: skip


def people_of(name: str, rows: Sequence[tuple]) -> People:
    data = lessons(
        np.stack([features for _, features in rows]),
        np.array([clip.emotion for clip, _ in rows]),
        np.array([f"{name}-{clip.actor}" for clip, _ in rows]),
    )
    return People(name, data, np.array([clip.level for clip, _ in rows]))


def read_rows(folder: Path) -> list[Row]:
    rows = []
    for line in (folder / "rows.jsonl").read_text("utf-8").splitlines():
        stored = json.loads(line)
        features = stored.pop("features")
        stored.pop("model")
        if features is not None and stored.pop("names") == len(NAMES):
            rows.append(Row(Render(**stored), np.array(features)))
    return rows


def without_level(data: Lessons) -> Lessons:
    """Leave the level out: EmoDB's is set per recording."""
    features, relative = data.features.copy(), data.relative.copy()
    features[:, LEVEL] = relative[:, LEVEL] = 0.0
    return replace(data, features=features, relative=relative)


def only(data: Lessons, mask: np.ndarray) -> Lessons:
    return Lessons(data.features[mask], data.relative[mask], data.emotions[mask],
                   data.speakers[mask], data.groups[mask], data.is_held_out[mask])  # fmt: skip


# -- hearing ---------------------------------------------------------------------------------------


def result(title: str, data: Lessons, probabilities: np.ndarray, names: Sequence[str]) -> Result:
    accuracy, recall = interval(data.emotions, probabilities, names, data.groups)
    return Result(
        title, score(data.emotions, probabilities, names), accuracy, recall, probabilities
    )


def leave_one_out(title: str, data: Lessons, candidate: Candidate) -> Result:
    logits, judged = unheard(data, data.relative, candidate, 0)
    assert judged.all()
    return result(title, data, softmax(logits), sorted(set(data.emotions)))


def learner_of(data: Lessons) -> tuple[Candidate, dict[Candidate, float]]:
    """The learner that hears one set best, leaving one speaker out; used on the OTHER set."""
    names = sorted(set(data.emotions))
    found = {}
    for candidate in CANDIDATES:
        logits, judged = unheard(data, data.relative, candidate, 0)
        found[candidate] = score(data.emotions[judged], logits[judged], names).mean_recall
    return max(found, key=lambda one: found[one]), found


def transfer(
    title: str, head: Head, emotions: Sequence[str], data: Lessons, inputs: np.ndarray
) -> Result:
    """Let a head hear a set; emotions the set has not are struck from its answers."""
    names = sorted(set(data.emotions) & set(emotions))
    columns = [list(emotions).index(name) for name in names]
    known = np.isin(data.emotions, names)
    heard = head.probabilities(inputs[known])[:, columns]
    here = only(data, known)
    return result(title, here, heard / heard.sum(axis=1, keepdims=True), names)


def learnt(data: Lessons, candidate: Candidate) -> tuple[Head, list[str]]:
    names = sorted(set(data.emotions))
    return fit_head(data.relative, data.emotions, candidate, 0), names


def cost(judge: EmotionJudge) -> float:
    """CPU seconds per 3 s of a buzz with vibrato, loading left out."""
    at = np.arange(3 * 22_050) / 22_050
    phase = 2 * np.pi * np.cumsum(130 + 20 * np.sin(4 * at)) / 22_050
    sound = 0.1 * sum(np.sin(k * phase) / k for k in range(1, 25)) * (1.2 + np.sin(20 * at))
    clip = Waveform.of(sound, 22_050)
    judge.hear([clip], [None])
    start = time.process_time()
    for _ in range(10):
        (heard,) = judge.hear([clip], [None])
        assert not isinstance(heard, JudgeError), heard
    return (time.process_time() - start) / 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument(
        "--cache",
        type=Path,
        help="file for features of the recordings",
    )
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    people = read_people(Path(os.environ["BARKLINE_REFERENCE_DATA"]), options.cache)
    ravdess, emodb = people["ravdess"].data, people["emodb"].data
    rows = read_rows(options.rows)
    own = lessons_of(rows, TOGETHER)
    text, drawn = report(ravdess, emodb, rows, own, options.model)
    print(text)
    if options.write:
        REPORT.write_text(text, "utf-8")
        PICTURE.write_text(picture(drawn), "utf-8")


def report(
    ravdess: Lessons, emodb: Lessons, rows: Sequence[Row], own: Lessons, path: Path
) -> tuple[str, list[Result]]:
    model, _ = read_model(path)
    emotions = [emotion.value for emotion in model.emotions]
    for_emodb, on_ravdess = learner_of(ravdess)
    for_ravdess, on_emodb = learner_of(without_level(emodb))
    actors = leave_one_out("RAVDESS, by its other actors", ravdess, for_ravdess)
    berlin = leave_one_out("EmoDB, by its other speakers", without_level(emodb), for_emodb)
    six = sorted(set(emodb.emotions))
    quiet = only(without_level(ravdess), np.isin(ravdess.emotions, six))
    head, names = learnt(quiet, for_emodb)
    there = transfer("EmoDB, by RAVDESS", head, names, emodb, without_level(emodb).relative)
    head, names = learnt(without_level(emodb), for_ravdess)
    back = transfer("RAVDESS, by EmoDB", head, names, quiet, quiet.relative)

    shipped = Candidate(*_learner(model.card))
    logits, judged = unheard(own, own.relative, shipped, int(model.card["seed"]))
    temperature = model.relative.temperature
    renders = result("our renders, held-out voices and sentences", only(own, judged),
                     softmax(logits[judged] / temperature), emotions)  # fmt: skip
    everything = replace(own, is_held_out=np.zeros(len(rows), dtype=bool))
    heard = softmax(unheard(everything, own.relative, shipped, 0)[0] / temperature)
    whole = result("our renders, all, held-out voices", everything, heard, emotions)
    exact = np.array([not row.render.is_varied for row in rows])
    played = result("our renders", only(everything, exact), heard[exact], emotions)
    to_actors = transfer(
        "RAVDESS, by our renders", model.relative, emotions, ravdess, ravdess.relative
    )
    to_berlin = transfer("EmoDB, by our renders", model.relative, emotions, emodb, emodb.relative)
    head, names = learnt(ravdess, for_ravdess)
    exact_own = only(everything, exact)
    by_people = transfer("our renders, by RAVDESS", head, names, exact_own, exact_own.relative)

    results = [actors, berlin, there, back, renders, to_actors, to_berlin, by_people]
    learners = ", ".join(
        f"{c.kind} {c.strength:g} {share(on_ravdess[c])} / {share(on_emodb[c])}" for c in CANDIDATES
    )
    text = TEXT.format(
        short=short(actors, renders, to_actors, by_people),
        summary="\n".join(summary(results)),
        recalls="\n".join(recalls(results)),
        ravdess_accuracy=share(actors.score.accuracy),
        learners=learners,
        matrices="\n".join(line for r in results for line in matrix(r)),
        model=model.card["validation"]["relative"]["learner"],
        clips=model.card["clips"],
        own_intensity="\n".join(
            by_intensity(whole, everything, np.array([row.render.intensity for row in rows]))
        ),
        own_voice="\n".join(by_voice(played, exact_own)),
        people_voice="\n".join(by_voice(by_people, exact_own)),
        cost_ms=1_000 * cost(EmotionJudge(path)),
    )
    return text, [actors, berlin, renders, to_actors, there, by_people]


def _learner(card: dict) -> tuple[str, float]:
    kind, strength = card["validation"]["relative"]["learner"].split()
    return kind, float(strength)


if __name__ == "__main__":
    main()
