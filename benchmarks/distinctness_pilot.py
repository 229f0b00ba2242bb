"""How many clearly distinct speakers do a few free teachers give, before anything is trained?

    BARKLINE_REFERENCE_DATA=... python benchmarks/distinctness_pilot.py [--voices 14] [--cast]

Every teacher says eight short sentences; each candidate changes them in a way that a corpus of
ours could, and is embedded by the speaker encoder. A search picks the set whose closest pair is
farthest apart, scores it by DNSMOS and searches on without what sounds bad or unlike itself.

The changes, all of them exact and cheap:

- `factor`: played faster or slower, so that pitch and formants move together. The teacher is asked
  for 1 / factor of its rate first, so that the tempo stays. Below 1 the band shrinks: a teacher of
  16 kHz ends at 8 kHz × factor, one of 22.05 kHz at 11 kHz × factor, one of 32 kHz is still full.
- `alpha`: the HTS voices' frequency warping, written into the head of a copy of the voice: formants
  alone move (below 0.45 up, above it down), at no loss.
- `pitch`: semitones by pitch-synchronous overlap-add (where `alpha` does not free the pitch).
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Waveform
from renderer.direction.psola import resynthesise
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.judges.dnsmos import DnsmosJudge
from renderer.judges.speaker import SpeakerJudge
from renderer.ports import Speech, SpeechRequest
from renderer.speech import piper
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

ROOT = Path(__file__).parents[1]
RATE = 22_050
FESTIVAL = Path("/usr/share/festival/voices")
ENGLISH = (
    "The harbour lights went out one by one, and nobody said a word.",
    "Bring the lantern over here and hold it steady.",
    "My mother built this house, and her mother built the wall.",
    "There are wolves on the road between here and the mill.",
    "Every morning the bells remind us of what we lost.",
    "Lower the gate now, before they reach the river.",
    "Only a fool would row a boat over the lake tonight.",
    "Give me the letter, and I will tell you who wrote it.",
)
CATALAN = (
    "Bon dia, avui fa molt de sol i anirem a la platja.",
    "El gat dorm damunt de la cadira del menjador.",
    "La meva germana treballa en una botiga del centre.",
    "Demà al matí sortirem cap a la muntanya amb els amics.",
    "Obre la finestra, que aquí dins fa massa calor.",
    "Hem de creuar el riu abans que es faci de nit.",
    "Ningú no sap on ha anat el vell capità del port.",
    "Porta pa, formatge i una mica de vi per sopar.",
)
FACTORS = (0.72, 0.76, 0.8, 0.84, 0.88, 0.92, 0.96, 1.0, 1.06, 1.12, 1.18, 1.24, 1.3)
FLITE_FACTORS = (0.76, 0.84, 0.92, 1.0, 1.1, 1.2, 1.3)
HTS_FACTORS = (0.74, 0.8, 0.86, 0.92, 1.0, 1.08, 1.16, 1.26)
ALPHAS = (0.36, 0.40, 0.45, 0.50, 0.54)
PITCHES = (-4.0, 0.0, 4.0)


@dataclass(frozen=True)
class Change:
    """What a corpus would do to a teacher."""

    teacher: str
    factor: float = 1.0
    pitch_st: float = 0.0
    alpha: float = 0.45

    @property
    def label(self) -> str:
        return f"{self.teacher} ×{self.factor:g} {self.pitch_st:+g} st α{self.alpha:g}"


@dataclass(frozen=True, eq=False)
class Candidate:
    """One changed teacher, measured."""

    change: Change
    centroid: np.ndarray
    self_cosine: float
    f0_hz: float
    ovrl: float = float("nan")  # of those that a search picked
    p808: float = float("nan")


# -- teachers --------------------------------------------------------------------------------------


def from_wav(command: Sequence[str], out: Path, text: bytes | None = None) -> Waveform:
    subprocess.run(command, input=text, check=True, capture_output=True, timeout=60)
    samples, rate = soundfile.read(out, dtype="float32")
    return Waveform.of(samples, rate)


def flite(voice: str) -> Callable[[str, float, Path], Waveform]:
    def say(text: str, stretch: float, folder: Path) -> Waveform:
        out = folder / "flite.wav"
        stretched = ["--setf", f"duration_stretch={stretch:.4f}"]
        return from_wav(["flite", "-voice", voice, *stretched, "-t", text, "-o", str(out)], out)

    return say


def hts(voice: str, file: Path) -> Callable[[str, float, Path, float], Waveform]:
    def say(text: str, stretch: float, folder: Path, alpha: float) -> Waveform:
        model, out = folder / f"{voice}-{alpha}.htsvoice", folder / "festival.wav"
        if not model.exists():
            data = file.read_bytes()
            assert b"ALPHA=" in data
            at = data.index(b"ALPHA=") + 6
            model.write_bytes(data[:at] + f"{alpha:.2f}".encode() + data[data.index(b"\n", at) :])
        first = (
            f'(list (list "-m" "{model}") (list "-r" {1 / stretch:.4f}))'  # the first one counts
        )
        own = "hts_engine_params"
        scheme = f"(begin (voice_{voice}) (set! {own} (append {first} {own})))"
        return from_wav(["text2wave", "-eval", scheme, "-o", str(out)], out, text.encode("latin-1"))

    return say


def kristin() -> Callable[[str, float, Path], Waveform]:
    source = Path(os.environ["BARKLINE_REFERENCE_DATA"]) / "voices/en_US-sano_kristin-tiny.onnx"
    folder = Path(tempfile.mkdtemp())
    shutil.copy(source, folder / piper.MODEL)
    shutil.copy(source.with_suffix(".onnx.json"), folder / piper.CONFIG)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    card = VoiceCard("kristin", "piper", sha256, ("en-US",), batchable=False, folder=str(folder))
    voice = piper.PiperVoice.load(card, threads=1)
    transcriber = EspeakTranscriber(Lexicon(()))

    def say(text: str, stretch: float, _: Path) -> Waveform:
        said = Utterance("bench", "en-US", "bench", "bench", text, text, "bench")
        (transcript,) = transcriber.transcribe([said])
        assert isinstance(transcript, Transcript), transcript
        (speech,) = voice.speak([SpeechRequest(transcript, rate=1 / stretch)])
        assert isinstance(speech, Speech), speech
        return speech.waveform

    return say


TEACHERS = ("kristin", "rms", "awb", "kal16", "slt", "slt_hts", "ona_hts")


# Who was chosen: searches like this one's, with the natural teachers preferred, one teacher left as
# it is, and no teacher of 16 kHz far below 1.
CAST = {
    "grom": Change("kristin", 0.72, -4.0),
    "marcus": Change("rms", 0.92),
    "aldous": Change("kal16", 0.84, 4.0),
    "finn": Change("rms", 1.2, -4.0),
    "tolliver": Change("kal16", 1.1),
    "ewan": Change("awb", 1.0, -4.0),
    "hale": Change("slt_hts", 0.74),
    "kristin": Change("kristin"),
    "vera": Change("slt_hts", 0.92, 0.0, 0.36),
    "nuria": Change("ona_hts", 0.92, 0.0, 0.37),
    "laia": Change("ona_hts", 1.08, 0.0, 0.33),
    "sable": Change("slt_hts", 1.16, 0.0, 0.54),
    "pip": Change("slt_hts", 1.26, 0.0, 0.36),
    "nix": Change("kristin", 1.24, 4.0),
}


@cache
def _speaker(teacher: str) -> Callable[..., Waveform]:
    if teacher == "kristin":
        return kristin()
    if teacher == "slt_hts":
        return hts(
            "cmu_us_slt_arctic_hts",
            FESTIVAL / "us/cmu_us_slt_arctic_hts/hts/cmu_us_slt_arctic_hts.htsvoice",
        )
    if teacher == "ona_hts":
        return hts("upc_ca_ona_hts", FESTIVAL / "catalan/upc_ca_ona_hts/hts/upc_ca_ona.htsvoice")
    return flite(teacher)


def base_alpha(teacher: str) -> float:
    """The warping an HTS voice was made with."""
    return 0.45 if teacher == "slt_hts" else 0.42


def candidates_of(teacher: str) -> list[Change]:
    if teacher.endswith("_hts"):
        shift = base_alpha(teacher) - 0.45
        grid = itertools.product(HTS_FACTORS, ALPHAS)
        return [Change(teacher, f, 0.0, round(a + shift, 2)) for f, a in grid]
    factors = FACTORS if teacher == "kristin" else FLITE_FACTORS
    return [Change(teacher, f, p) for f, p in itertools.product(factors, PITCHES)]


def speak(change: Change, folder: Path) -> list[Waveform]:
    """Return the eight sentences as the corpus would hold them, at 22,050 Hz."""
    texts = CATALAN if change.teacher == "ona_hts" else ENGLISH
    say = _speaker(change.teacher)
    more = (change.alpha,) if change.teacher.endswith("_hts") else ()
    return [altered(say(text, change.factor, folder, *more), change) for text in texts]


def altered(said: Waveform, change: Change) -> Waveform:
    made = soxr.resample(said.samples, said.sample_rate * change.factor, RATE, quality="HQ")
    heard = Waveform.of(made, RATE)
    if change.pitch_st:
        ends = np.array([0.0, heard.duration_s])
        heard = resynthesise(heard, lambda _, tones: tones + change.pitch_st, ends, ends)
    return heard


# -- measuring -------------------------------------------------------------------------------------


def measure(change: Change, sounds: Sequence[Waveform], speaker: SpeakerJudge) -> Candidate:
    vectors = np.stack([v for v in speaker.embed(sounds) if isinstance(v, np.ndarray)])
    mean = vectors.mean(axis=0)
    cosines = vectors @ vectors.T
    return Candidate(
        change,
        mean / np.linalg.norm(mean),
        float(cosines[np.triu_indices(len(cosines), 1)].mean()),
        median_f0(sounds[:1]),
    )


def judge(candidate: Candidate, sounds: Sequence[Waveform], dnsmos: DnsmosJudge) -> Candidate:
    scores = [s for s in dnsmos.score(sounds) if isinstance(s, dict)]
    ovrl, p808 = (float(np.mean([s[f"dnsmos_{n}"] for s in scores])) for n in ("ovrl", "p808"))
    return replace(candidate, ovrl=ovrl, p808=p808)


def median_f0(sounds: Sequence[Waveform]) -> float:
    tracks = [track_f0(sound) for sound in sounds]
    return float(np.median(np.concatenate([f0[voiced] for f0, voiced in tracks])))


def closest(vectors: np.ndarray, chosen: Sequence[int]) -> tuple[float, float]:
    """Return the cosine of the closest pair and the mean over voices of their nearest one's."""
    table = vectors[list(chosen)] @ vectors[list(chosen)].T - 2 * np.eye(len(chosen))
    return float(table.max()), float(table.max(axis=1).mean())


def search(
    vectors: np.ndarray, count: int, fixed: Sequence[int], starts: int = 40, seed: int = 0
) -> list[int]:
    """Pick `count` rows whose closest pair is farthest apart: random starts, best single swaps."""
    rng = np.random.default_rng(seed)
    best: tuple[tuple[float, float], list[int]] | None = None
    for _ in range(starts):
        free = [i for i in rng.permutation(len(vectors)) if i not in fixed]
        chosen = [*fixed, *free[: count - len(fixed)]]
        score = closest(vectors, chosen)
        while True:
            table = vectors[chosen] @ vectors[chosen].T - 2 * np.eye(count)
            pair = np.unravel_index(table.argmax(), table.shape)
            moves = []
            for slot in pair:
                if chosen[slot] in fixed:
                    continue
                rest = [c for i, c in enumerate(chosen) if i != slot]
                near = (vectors @ vectors[rest].T).max(axis=1)
                near[chosen] = 2.0
                other = int(near.argmin())
                moved = [*chosen[:slot], other, *chosen[slot + 1 :]]
                moves.append((closest(vectors, moved), moved))
            if not moves or min(moves)[0] >= score:
                break
            score, chosen = min(moves)
        if best is None or score < best[0]:
            best = (score, chosen)
    assert best is not None
    return best[1]


# -- report ----------------------------------------------------------------------------------------


def table(found: Sequence[Candidate], names: Sequence[str] = ()) -> str:
    """Markdown: one row per voice, then the matrix of cosines."""
    names = names or [str(i + 1) for i in range(len(found))]
    vectors = np.stack([c.centroid for c in found])
    cosines = vectors @ vectors.T
    rows = [
        "| voice | teacher | factor | pitch st | alpha | F0 Hz | self | OVRL | P.808 | nearest |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for i, c in enumerate(found):
        others = cosines[i] - 2 * (np.arange(len(found)) == i)
        near = int(others.argmax())
        alpha = f"{c.change.alpha:.2f}" if c.change.teacher.endswith("_hts") else "–"
        rows.append(
            f"| {names[i]} | {c.change.teacher} | {c.change.factor:.2f} | {c.change.pitch_st:+.0f} "
            f"| {alpha} | {c.f0_hz:.0f} | {c.self_cosine:.2f} | {c.ovrl:.2f} | {c.p808:.2f} | "
            f"{names[near]} ({others[near]:.2f}) |"
        )
    matrix = ["| |" + "|".join(names) + "|", "|---" * (len(found) + 1) + "|"]
    for name, row in zip(names, cosines, strict=True):
        matrix.append(f"| {name} |" + "|".join(f"{value:.2f}" for value in row) + "|")
    return "\n".join([*rows, "", *matrix])


def to_json(candidate: Candidate) -> dict[str, object]:
    rest = {k: v for k, v in vars(candidate).items() if k not in {"change", "centroid"}}
    return {**asdict(candidate.change), **rest, "centroid": candidate.centroid.tolist()}


def from_json(values: dict[str, object]) -> Candidate:
    parts = [values.pop(key) for key in ("teacher", "factor", "pitch_st", "alpha")]
    return Candidate(Change(*parts), np.array(values.pop("centroid")), **values)


def load(path: Path) -> dict[Change, Candidate]:
    if not path.exists():
        return {}
    read = [from_json(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    return {c.change: c for c in read}


class Pilot:
    """The candidates measured so far, kept in a file of one line each."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        path.parent.mkdir(parents=True, exist_ok=True)
        self.known = load(path)
        self.speaker, self.dnsmos = SpeakerJudge(), DnsmosJudge()

    def keep(self, made: Candidate) -> None:
        self.known[made.change] = made
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(to_json(made)) + "\n")
        print(
            f"{made.change.label}: self {made.self_cosine:.2f} F0 {made.f0_hz:.0f} "
            f"OVRL {made.ovrl:.2f} P.808 {made.p808:.2f}",
            flush=True,
        )

    def measure(self, teachers: Sequence[str]) -> None:
        for change in itertools.chain(*map(candidates_of, teachers)):
            if change not in self.known:
                self.keep(measure(change, speak(change, self.folder), self.speaker))

    def judge(self, change: Change, sentences: int) -> None:
        sounds = speak(change, self.folder)[:sentences]
        self.keep(judge(self.known[change], sounds, self.dnsmos))

    def cast(self) -> list[Candidate]:
        """Measure those who were chosen, on all sentences."""
        for change in CAST.values():
            if change not in self.known:
                self.keep(measure(change, speak(change, self.folder), self.speaker))
            self.judge(change, len(ENGLISH))
        return [self.known[change] for change in CAST.values()]

    def pick(self, count: int, floor: float, sentences: int) -> list[Candidate]:
        """Search, score what was picked, drop what sounds bad, until all of a pick is good."""
        while True:
            fit = [c for c in self.known.values() if not c.ovrl < floor and c.self_cosine >= 0.8]
            chosen = search(np.stack([c.centroid for c in fit]), count, [])
            unscored = [fit[i].change for i in chosen if np.isnan(fit[i].ovrl)]
            if not unscored:
                return sorted((fit[i] for i in chosen), key=lambda c: c.f0_hz)
            for change in unscored:
                self.judge(change, sentences)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", type=int, default=14)
    parser.add_argument("--only", choices=TEACHERS, action="append", help="measure, do not search")
    parser.add_argument("--cast", action="store_true", help="measure who was chosen, and no more")
    parser.add_argument("--floor", type=float, default=2.9, help="least DNSMOS OVRL")
    parser.add_argument("--judged", type=int, default=2, help="sentences scored by DNSMOS")
    parser.add_argument("--cache", type=Path, default=ROOT / "build/pilot/candidates.jsonl")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pilot = Pilot(options.cache, Path(folder))
        if options.cast:
            print(table(pilot.cast(), list(CAST)))
            return
        pilot.measure(options.only or TEACHERS)
        if not options.only:
            print(table(pilot.pick(options.voices, options.floor, options.judged)))


if __name__ == "__main__":
    main()
