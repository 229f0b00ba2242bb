"""A project of truly defective takes, rendered and judged: what the QA report shows of them.

    python scripts/flawed_takes.py [--build build/flawed]        (make flawed-demo)

Takes a few lines of the example project, speaks them, plants a defect of the factory
(`renderer.quality.defect`) into each and puts it into a project of its own as a human recording.
What a recording cannot have, because mastering mends it, arises later: in the engine, in mastering
or in the encoder of that line. Then the real walk renders, judges and writes the QA pages. Exits
with 1 when a kind of finding the gate has did not occur, or a take passed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from scipy.signal import ShortTimeFFT

from renderer.audio.activity import frame_levels_dbfs, sound_bounds
from renderer.audio.codec import encode_raw
from renderer.audio.waveform import Waveform
from renderer.bootstrap import House, open_house
from renderer.bootstrap.walk import open_render
from renderer.cli import qa_pages, walk
from renderer.domain.direction import Delivery
from renderer.domain.take import Take
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Finding, Outcome
from renderer.domain.words import find_words
from renderer.quality.defect import sound, timing
from renderer.quality.defect.vocoder import make_robotic
from renderer.services.scope import Scope

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "benchmarks"))
from gate_fault import Fault, faulty_finisher  # noqa: E402 - as gate_errors.py plants them

EXAMPLE = HERE / "manifests" / "emberfall"
SEED = 11
HOSTS = 6
WORDS = range(6, 11)
LOCALE = "en-US"

Spoil = Callable[[Waveform], Waveform | None]
Plant = Callable[[Waveform, float, np.random.Generator], Waveform | None]


@dataclass(frozen=True, slots=True)
class Case:
    """One defective take.

    Attributes:
        line_id: Of its line.
        summary: What is wrong with it, for the notes of the line.
        recorded: What is done to a clean take to make the recording; None: the line is spoken.
        is_other: Whether the recording is one of another line.
        raw: What the engine does wrong.
        mastered: What mastering does wrong, after its own ceiling.
        delivered: What the encoder does wrong.
    """

    line_id: str
    summary: str
    recorded: Spoil | None = None
    is_other: bool = False
    raw: Spoil | None = None
    mastered: Spoil | None = None
    delivered: Spoil | None = None


def rng() -> np.random.Generator:
    """Return the generator every defect starts from."""
    return np.random.default_rng(SEED)


def break_numbers(waveform: Waveform) -> Waveform:
    """Have samples that are no number."""
    samples = waveform.samples.copy()
    samples[samples.size // 2 : samples.size // 2 + 9] = np.nan
    return Waveform(samples, waveform.sample_rate)


def amplify(waveform: Waveform, by_db: float) -> Waveform:
    """Change the level by an exact amount."""
    return Waveform.of(waveform.samples * 10 ** (by_db / 20), waveform.sample_rate)


def _loud_s(waveform: Waveform, from_start: bool) -> float:
    """Return how much to cut so that the cut lies in the loudest part of that half."""
    start, end = sound_bounds(waveform)
    half = (end - start) // 2
    part = (
        waveform.samples[start : start + half] if from_start else waveform.samples[end - half : end]
    )
    hop = round(0.005 * waveform.sample_rate)
    loudest = int(frame_levels_dbfs(part, hop).argmax()) * hop
    return (loudest if from_start else half - loudest) / waveform.sample_rate


def planted(plant: Plant, amount: float) -> Spoil:
    """Plant a defect of the factory."""
    return lambda waveform: plant(waveform, amount, rng())


def at_loud(cut: Plant, *, from_start: bool) -> Spoil:
    """Cut in the middle of a loud sound."""
    return lambda waveform: cut(waveform, _loud_s(waveform, from_start), rng())


def loop(waveform: Waveform, part_s: float = 0.6, times: int = 4) -> Waveform:
    """Say a stretch of several sounds again and again, sample for sample."""
    start, end = sound_bounds(waveform)
    count = min(round(part_s * waveform.sample_rate), (end - start) // 2)
    at = start + (end - start - count) // 2
    part = waveform.samples[at : at + count]
    whole = (waveform.samples[:at], *([part] * times), waveform.samples[at + count :])
    return Waveform(np.concatenate(whole), waveform.sample_rate)


def shake(waveform: Waveform, depth_s: float = 0.0008, every_s: float = 0.006) -> Waveform:
    """Move every few milliseconds of the sound to and fro by chance."""
    count, rate = waveform.samples.size, waveform.sample_rate
    knots = np.arange(0, count + every_s * rate, every_s * rate)
    moved = rng().uniform(-depth_s, depth_s, knots.size) * rate
    places = np.arange(count) + np.interp(np.arange(count), knots, moved)
    return Waveform.of(np.interp(places, np.arange(count), waveform.samples), rate)


def unvoice(waveform: Waveform) -> Waveform:
    """Keep the spectrum and lose the phases: whispered."""
    spectrum = ShortTimeFFT(np.hanning(512), 128, waveform.sample_rate)
    found = spectrum.stft(waveform.samples)
    turned = np.abs(found) * np.exp(2j * np.pi * rng().uniform(size=found.shape))
    return Waveform.of(spectrum.istft(turned, k1=waveform.samples.size), waveform.sample_rate)


def shorten(waveform: Waveform, left_s: float) -> Waveform:
    """Keep a piece of the middle alone."""
    at, left = waveform.samples.size // 2, round(left_s * waveform.sample_rate)
    return Waveform(waveform.samples[at : at + left].copy(), waveform.sample_rate)


def ruin(waveform: Waveform) -> Waveform:
    """Speak through a robot and noise that is louder than it."""
    return sound.add_white_noise(make_robotic(waveform, 2.0, rng()), -3.0, rng())


def hurry(waveform: Waveform, factor: float = 1.4) -> Waveform:
    """Play it at another sampling rate."""
    count = waveform.samples.size
    places = np.arange(0, count - 1, factor)
    return Waveform.of(np.interp(places, np.arange(count), waveform.samples), waveform.sample_rate)


def crack(waveform: Waveform) -> Waveform:
    """Jump by two thirds of the peak and back in the middle of every half second."""
    rate, samples = waveform.sample_rate, waveform.samples.copy()
    samples[rate // 4 :: rate // 2] += np.float32(0.67 * np.abs(samples).max())
    return Waveform.of(samples, rate)


CASES = (
    Case("non_finite", "Samples that are no number.", recorded=break_numbers),
    Case("silence", "Nothing was recorded.", recorded=lambda w: amplify(w, -120.0)),
    Case("clipped", "Clipped at a seventh of its peak.", recorded=planted(sound.clip, 0.15)),
    Case(
        "cut_start",
        "The beginning is missing.",
        recorded=at_loud(timing.cut_start, from_start=True),
    ),
    Case(
        "cut_end",
        "The take stops in the middle of a word.",
        recorded=at_loud(timing.cut_end, from_start=False),
    ),
    Case(
        "cut_end_silent",
        "The sound fails in the middle of a word.",
        recorded=at_loud(timing.drop_end, from_start=False),
    ),
    Case(
        "hole", "A hole of four and a half seconds.", recorded=planted(timing.insert_silence, 4.5)
    ),
    Case("own_cracks", "The engine cracks.", raw=crack),
    Case("thump", "One knock far above the voice.", recorded=planted(sound.add_clicks, 30.0)),
    Case("slow", "Four times too slow.", recorded=lambda w: timing.stretch(w, 4.0)),
    Case("noise", "Noise as loud as the voice.", recorded=planted(sound.add_white_noise, 0.0)),
    Case("hum", "Mains hum.", recorded=planted(sound.add_hum, 6.0)),
    Case("robot", "A robot behind a waterfall.", recorded=ruin),
    Case("band", "As through a bad telephone.", recorded=planted(sound.limit_band, 3_000)),
    Case("loop", "A stuck buffer: the same stretch four times.", recorded=loop),
    Case("rough", "The pitch trembles from period to period.", recorded=shake),
    Case("breathy", "Breath where the voice was.", recorded=unvoice),
    Case("other", "The recording of another line.", recorded=lambda w: w, is_other=True),
    Case("level", "The engine speaks far too softly.", raw=lambda w: amplify(w, -20.0)),
    Case("own_noise", "The engine speaks through a waterfall.", raw=ruin),
    Case("own_size", "The engine plays it too fast, as a chipmunk.", raw=hurry),
    Case("own_words", "The engine says a stretch again and again.", raw=loop),
    Case("own_slow", "The engine drags it.", raw=lambda w: timing.stretch(w, 1.8)),
    Case("peak", "Mastering passes its own ceiling.", mastered=lambda w: amplify(w, 14.0)),
    Case("loud", "The encoder is far too loud.", delivered=lambda w: amplify(w, 16.0)),
    Case("offset", "The encoder adds a constant.", delivered=planted(sound.add_offset, 0.05)),
    Case("stub", "The encoder keeps a blink of it.", delivered=lambda w: shorten(w, 0.06)),
    Case("packets", "The encoder loses packets.", delivered=planted(sound.lose_packets, 0.4)),
    Case("own_end", "The engine swallows the end.", raw=planted(timing.drop_end, 0.15)),
)


def hosts(house: House) -> list[Utterance]:
    """Return lines of the example project that say enough, in one breath and a plain voice."""
    files = house.source.files()
    said = (u for _, some in house.source.read(files, [], {}) for u in some)
    plain = (
        u
        for u in said
        if u.locale == LOCALE
        and u.direction.delivery is Delivery.NORMAL
        and len(find_words(u.text)) in WORDS
        and not set(",;:—…") & set(u.text)
        and u.text.count(".") + u.text.count("!") + u.text.count("?") == 1
    )
    return [u for u, _ in zip(plain, range(HOSTS), strict=False)]


def make_project(build: Path) -> Path:
    """Write a project of one flawed line per case; returns its folder."""
    project = build / "project"
    shutil.rmtree(project, ignore_errors=True)
    (project / "scenes").mkdir(parents=True)
    (project / "recorded" / LOCALE).mkdir(parents=True)
    example = walk.open_workspace(EXAMPLE, build / "clean")
    house = open_house(example, in_memory=True)
    render, said = open_render(house), hosts(house)
    lines = []
    for index, case in enumerate(CASES):
        host = said[index % len(said)]
        words = {"character": host.character, "text": host.text, "notes": case.summary}
        # A seed of its own: else lines that say the same would share a take.
        lines.append({"id": case.line_id, **words, "seed": index})
        if case.recorded is not None:
            heard = said[(index + case.is_other) % len(said)]
            preview = render.preview(house.keys.key(heard), house.request(heard))
            clean = preview.performance.waveform
            spoilt = _spoilt(case.recorded, clean)
            path = project / "recorded" / LOCALE / f"{case.line_id}.wav"
            path.write_bytes(encode_raw(spoilt))
    _write(
        project / "scenes" / "flawed.yaml", {"scene": "flawed", "locale": LOCALE, "lines": lines}
    )
    _write(project / "project.yaml", _project(said))
    return project


def _project(said: list[Utterance]) -> dict[str, object]:
    voices = {u.character: u.voice for u in said}
    return {
        "name": "flawed",
        "title": "Emberfall, and all that can go wrong",
        "source_locale": LOCALE,
        "locales": {LOCALE: {"required": True}},
        "characters": {c: {"name": c.title(), "voice": v} for c, v in voices.items()},
        "scenes": ["scenes/*.yaml"],
        "max_attempts": 1,
    }


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


def fault_of(take: Take) -> Fault:
    """Return what goes wrong in engine, mastering and encoder for a line, as its case says."""
    case = next((c for c in CASES if c.line_id == take.request.utterance.line_id), Case("", ""))
    return Fault(*(partial(_spoilt, s) for s in (case.raw, case.mastered, case.delivered)))


def _spoilt(spoil: Spoil | None, waveform: Waveform) -> Waveform:
    made = spoil(waveform) if spoil else waveform
    if made is None:
        raise ValueError("the line is too short for its defect")
    return made


def findings(house: House) -> Iterator[tuple[str, Finding]]:
    """Return what the gate found, by line."""
    with house.reading() as unit:
        for line in house.reader().read(unit, Scope(), {}):
            for finding in line.take.findings if line.take else ():
                yield line.utterance.line_id, finding


def run(build: Path) -> tuple[Path, set[str], set[str], set[str]]:
    """Make, render, judge, report.

    Returns:
        The report's page, the gate's kinds of findings, those of them that found something, and the
        lines in which nothing was found.
    """
    # What goes wrong after the recording is no part of a render key: nothing old may be found.
    shutil.rmtree(build / "walk", ignore_errors=True)
    place = walk.open_workspace(make_project(build), build / "walk")
    with walk.alone(place), faulty_finisher(fault_of):
        house = open_house(place)
        walk.render(house, Scope())
        page = qa_pages.write_pages(house, Scope(), build / "report")
    found = list(findings(house))
    kinds = {finding.check for _, finding in found}
    failed = {finding.check for _, finding in found if finding.outcome is Outcome.FAIL}
    spoilt = {line for line, finding in found if finding.outcome is Outcome.FAIL}
    return page, kinds, failed, {case.line_id for case in CASES} - spoilt


def main() -> int:
    """Run the demonstration; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=Path("build") / "flawed")
    asked = parser.parse_args()
    page, kinds, failed, passed = run(asked.build)
    missing = kinds - failed
    print(f"{len(failed)} of {len(kinds)} kinds of findings occur: {', '.join(sorted(failed))}")
    if missing:
        print(f"never found: {', '.join(sorted(missing))}", file=sys.stderr)
    if passed:
        print(f"nothing found in: {', '.join(sorted(passed))}", file=sys.stderr)
    print(f"report: {page}")
    return 1 if missing or passed else 0


if __name__ == "__main__":
    sys.exit(main())
