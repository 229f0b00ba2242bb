"""Build the voice pack `hearth` from nothing: corpora, acoustic model, vocoder, voice.

    python assets/training/hearth/build.py --kristin VOICES --size small --minutes 10

Every step goes on where it was, so that the work can be done in pieces; run the same command until
it says that the pack is built. Needs `pip install '.[cpu,train]'`, the programs flite and festival
with the voices festvox-us-slt-hts and festvox-ca-ona-hts (`apt install` each), and a folder of
installed voices that holds the Piper voice `kristin` (github.com/Ampixa/sanoTTS,
en_US-sano_kristin-tiny).

    python assets/training/hearth/build.py --kristin VOICES --size large --rehearse

goes the whole way in minutes, without a GPU: two sentences per corpus, two steps of every training,
the sizes of the recipes, and a line said by the voice that comes out of it. It lies in
build/hearth-rehearsal and says nothing of how the pack will sound.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from renderer.cli.train_fit import export, fit, predict
from renderer.domain.transcript import Transcript
from renderer.ports import Speech, SpeechRequest, Synthesiser, Transcriber
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.corpus import Speaker
from renderer.training.distil import distil
from renderer.training.substitute import SubstituteTeacher
from renderer.training.teacher import Teacher, VoiceTeacher, transcribe
from renderer.training.teacher_festival import VOICES, FestivalTeacher
from renderer.training.teacher_flite import SPEAKERS, FliteTeacher
from renderer.training.teacher_sized import SizedTeacher
from renderer.training.text_set import read_texts

HERE = Path(__file__).resolve().parent
TEXTS = HERE.parent / "texts"
WORK = HERE.parents[2] / "build/hearth"  # where the recipes look for corpora
REHEARSAL = HERE.parents[2] / "build/hearth-rehearsal"
LEARNT, HELD_OUT = 2, 1  # sentences per corpus that a rehearsal takes
SHORTEST = 16  # characters: a stretch for the vocoder has to fit in
TINY = {  # fields of a recipe that a rehearsal changes; the size of the model stays
    "steps": 2,
    "warmup_steps": 1,
    "validate_every": 2,
    "illustrate_every": 2,
}
BATCH_FRAMES = {"acoustic": 1_600, "vocoder": 64}
LINE = "Keep your lantern low."
LOCALES = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "ca": "ca-ES"}
CLIPS = 260
KRISTIN = Speaker(
    "kristin",
    "GPL-3.0-only",
    True,
    "LibriVox recordings of one reader (public domain), spoken by a student model of Piper's voice "
    "kristin (github.com/Ampixa/sanoTTS, weights GPL-3.0); the sound is output of that model and "
    "may be shipped.",
    "kristin: LibriVox, public domain; en_US-sano_kristin-tiny by Ampixa (GPL-3.0 weights).",
    110.0,
    500.0,
)
ESPEAK = Speaker(
    "espeak",
    "GPL-3.0-or-later",
    True,
    "espeak-ng (github.com/espeak-ng/espeak-ng), variant {variant}: formant synthesis. The licence "
    "is the program's; the sound is its output and may be shipped.",
)


class Studio:
    """Makes teachers.

    Args:
        voices: Folder of installed voices with `kristin`.
    """

    def __init__(self, voices: Path) -> None:
        self._book = Voices([voices], threads=1, use_cuda=False)
        self._transcriber: Transcriber = EspeakTranscriber(Lexicon([]))

    def transcribe(self, texts: list[str]) -> list[Transcript]:
        """Return English texts in phones."""
        lines = transcribe(self._transcriber, texts, "en-US")
        return [line for line in lines if isinstance(line, Transcript)]

    def teacher(self, plan: Mapping[str, Any]) -> Teacher:
        """Return the teacher of one corpus of cast.toml."""
        kind, _, voice = plan["teacher"].partition(":")
        factor, pitch_st = plan.get("factor", 1.0), plan.get("pitch_st", 0.0)
        own = self._own(kind, voice, plan)
        if "factor" not in plan and "pitch_st" not in plan:
            return self._make(kind, voice, plan, own, 1.0)
        moved = factor * 2 ** (pitch_st / 12)
        speaker = replace(
            own,
            name=plan["speaker"],
            source=f"{own.source} Played at {factor:g} times its size"
            + (f", {pitch_st:+g} semitones." if pitch_st else "."),
            f0_floor_hz=round(max(45.0, own.f0_floor_hz * moved), 1),
            f0_ceiling_hz=round(min(700.0, own.f0_ceiling_hz * moved), 1),
        )
        return SizedTeacher(
            lambda who, rate: self._make(kind, voice, plan, who, rate), speaker, factor, pitch_st
        )

    def _own(self, kind: str, voice: str, plan: Mapping[str, Any]) -> Speaker:
        if kind == "formant":
            low, high = plan["f0_hz"]
            about = ESPEAK.source.format(variant=voice)
            return replace(
                ESPEAK, name=plan["speaker"], source=about, f0_floor_hz=low, f0_ceiling_hz=high
            )
        known = {"flite": SPEAKERS.get(voice), "kristin": KRISTIN}
        return known.get(kind) or VOICES[voice].speaker

    def _make(
        self, kind: str, voice: str, plan: Mapping[str, Any], who: Speaker, rate: float
    ) -> Teacher:
        locale = LOCALES[plan["language"]]
        if kind == "flite":
            return FliteTeacher(voice, self._transcriber, who, rate)
        if kind == "festival":
            return FestivalTeacher(voice, self._transcriber, who, rate, plan.get("warp"))
        spoken: Synthesiser = self._book.open(kind)
        if plan.get("substitute"):
            return SubstituteTeacher(spoken, self._transcriber, locale, who)
        return VoiceTeacher(spoken, self._transcriber, locale, who, voice, rate)


def sentences(plan: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return what one corpus of cast.toml learns from and what is held out."""
    language = plan["language"]
    texts, held_out = (
        read_texts(TEXTS / f"{language}.txt"),
        read_texts(TEXTS / f"{language}.valid.txt"),
    )
    texts, held_out = list(texts), list(held_out)
    if "clips" not in plan:
        random.Random(plan["speaker"]).shuffle(texts)
    texts = texts[: plan.get("clips", CLIPS)]
    start, step = plan.get("part", (0, 1))
    return texts[start::step], held_out[start::step]


def short(texts: list[str]) -> list[str]:
    """Return the texts of more than a word or two, the shortest first."""
    return sorted((text for text in texts if len(text) >= SHORTEST), key=len)


def folder_of(plan: Mapping[str, Any]) -> str:
    """Return the name of a corpus's folder; espeak's timbres share one per language."""
    return f"{plan['speaker'].split('-')[0]}-{plan['language']}"


def build_corpora(
    cast: list[Mapping[str, Any]], studio: Studio, folder: Path, *, few: bool = False
) -> None:
    """Let every teacher speak what it has not spoken yet; `few`: two sentences and one more."""
    for plan in cast:
        texts, held_out = sentences(plan)
        if few:
            texts, held_out = short(texts)[:LEARNT], short(held_out)[:HELD_OUT]
        made = distil(texts, studio.teacher(plan), folder / folder_of(plan), held_out=held_out)
        print(f"{folder_of(plan)}: {made.made} clips made, {made.kept} kept, {made.dropped}")


def train(name: str, recipes: Path, runs: Path, minutes: float) -> bool:
    """Go on with a run; whether it is finished."""
    arguments = [str(recipes / f"{name}.toml"), "--out", str(runs / name)]
    status = fit.main([*arguments, "--minutes", str(minutes)], standalone_mode=False)
    card = json.loads((runs / name / "card.json").read_text("utf-8"))
    return status == 0 and card["outcome"]["reason"] in ("finished", "early")


def shorten(recipes: Path, work: Path, size: str) -> Path:
    """Write a size's recipes as a rehearsal has them, and return their folder."""
    folder = work / "recipes" / size
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(recipes.glob("*.toml")):
        text = path.read_text("utf-8").replace("../../../../build/hearth", work.as_posix())
        changes = {**TINY, "batch_frames": BATCH_FRAMES[tomllib.loads(text)["model"]]}
        for name, value in changes.items():
            text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        if not torch.cuda.is_available():  # processors without 16 bits of their own take minutes
            text = f'precision = "float32"\n{text}'
        (folder / path.name).write_text(text, "utf-8")
    return folder


def say(voices: Path, studio: Studio) -> None:
    """Let the exported voice say a line with every speaker."""
    voice = Voices([voices], threads=1, use_cuda=False).open("hearth")
    (line,) = studio.transcribe([LINE])
    for speaker in voice.card.speakers:
        (said,) = voice.speak([SpeechRequest(line, speaker)])
        if not isinstance(said, Speech):
            raise said
    print(f"All {len(voice.card.speakers)} speakers of {voices / 'hearth'} said a line.")


def arguments() -> argparse.Namespace:
    """Return what was asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kristin", type=Path, required=True, help="folder of voices with kristin")
    parser.add_argument("--size", choices=["small", "large"], default="small")
    parser.add_argument("--minutes", type=float, default=0, help="stop each training after so long")
    parser.add_argument("--out", type=Path, help="folder of voices; assets/voices by default")
    parser.add_argument("--rehearse", action="store_true", help="the whole way at a tiny scale")
    asked = parser.parse_args()
    asked.work = REHEARSAL if asked.rehearse else WORK
    asked.out = asked.out or (asked.work / "voices" if asked.rehearse else Path("assets/voices"))
    return asked


def main() -> None:
    """Do the next piece of work."""
    asked = arguments()
    studio = Studio(asked.kristin)
    cast = tomllib.loads((HERE / "cast.toml").read_text("utf-8"))["corpus"]
    build_corpora(cast, studio, asked.work / "corpora", few=asked.rehearse)
    recipes, runs = HERE / asked.size, asked.work / asked.size
    if asked.rehearse:
        recipes = shorten(recipes, asked.work, asked.size)
    for name in ("acoustic", "vocoder"):
        if not train(name, recipes, runs, asked.minutes):
            return print(f"{name} is not finished; run the same command again.")
    vocoder = "vocoder"
    if (recipes / "finish.toml").exists():  # on two cores it gained nothing
        corpora = sorted({str(asked.work / "corpora" / folder_of(plan)) for plan in cast})
        predict.main([str(runs / "acoustic"), *corpora], standalone_mode=False)
        vocoder = "finish"
        if not train(vocoder, recipes, runs, asked.minutes):
            return print("finish is not finished; run the same command again.")
    said = ["--about", str(HERE / "about.toml"), "--out", str(asked.out), "--replace"]
    said += ["--weights", str(asked.out / "hearth.safetensors")]
    export.main([str(runs / "acoustic"), str(runs / vocoder), *said], standalone_mode=False)
    if asked.rehearse:
        say(asked.out, studio)
        return print("The rehearsal went all the way.")
    return print("The pack is built.")


if __name__ == "__main__":
    main()
