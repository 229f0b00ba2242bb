"""Build the voice pack `hearth` from nothing: corpora, acoustic model, vocoder, voice.

    python assets/training/hearth/build.py --kristin VOICES --size small --minutes 10

Every step goes on where it was, so that the work can be done in pieces; run the same command until
it says that the pack is built. Needs `pip install '.[cpu,train]'`, the programs flite and festival
with the voices festvox-us-slt-hts and festvox-ca-ona-hts (`apt install` each), and a folder of
installed voices that holds the Piper voice `kristin` (github.com/Ampixa/sanoTTS,
en_US-sano_kristin-tiny).
"""

from __future__ import annotations

import argparse
import json
import random
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from renderer.cli.train_fit import export, fit, predict
from renderer.ports import Synthesiser, Transcriber
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.corpus import Speaker
from renderer.training.distil import distil
from renderer.training.substitute import SubstituteTeacher
from renderer.training.teacher import Teacher, VoiceTeacher
from renderer.training.teacher_festival import VOICES, FestivalTeacher
from renderer.training.teacher_flite import SPEAKERS, FliteTeacher
from renderer.training.teacher_sized import SizedTeacher
from renderer.training.text_set import read_texts

HERE = Path(__file__).resolve().parent
TEXTS = HERE.parent / "texts"
WORK = HERE.parents[2] / "build/hearth"  # where the recipes look for corpora
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


def folder_of(plan: Mapping[str, Any]) -> str:
    """Return the name of a corpus's folder; espeak's timbres share one per language."""
    return f"{plan['speaker'].split('-')[0]}-{plan['language']}"


def build_corpora(cast: list[Mapping[str, Any]], studio: Studio, folder: Path) -> None:
    """Let every teacher speak what it has not spoken yet."""
    for plan in cast:
        texts, held_out = sentences(plan)
        made = distil(texts, studio.teacher(plan), folder / folder_of(plan), held_out=held_out)
        print(f"{folder_of(plan)}: {made.made} clips made, {made.kept} kept, {made.dropped}")


def train(name: str, recipes: Path, runs: Path, minutes: float) -> bool:
    """Go on with a run; whether it is finished."""
    arguments = [str(recipes / f"{name}.toml"), "--out", str(runs / name)]
    status = fit.main([*arguments, "--minutes", str(minutes)], standalone_mode=False)
    card = json.loads((runs / name / "card.json").read_text("utf-8"))
    return status == 0 and card["outcome"]["reason"] in ("finished", "early")


def main() -> None:
    """Do the next piece of work."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kristin", type=Path, required=True, help="folder of voices with kristin")
    parser.add_argument("--size", choices=["small", "large"], default="small")
    parser.add_argument("--minutes", type=float, default=0, help="stop each training after so long")
    parser.add_argument("--out", type=Path, default=Path("assets/voices"))
    asked = parser.parse_args()
    cast = tomllib.loads((HERE / "cast.toml").read_text("utf-8"))["corpus"]
    build_corpora(cast, Studio(asked.kristin), WORK / "corpora")
    recipes, runs = HERE / asked.size, WORK / asked.size
    for name in ("acoustic", "vocoder"):
        if not train(name, recipes, runs, asked.minutes):
            return print(f"{name} is not finished; run the same command again.")
    vocoder = "vocoder"
    if (recipes / "finish.toml").exists():  # on two cores it gained nothing
        corpora = sorted({str(WORK / "corpora" / folder_of(plan)) for plan in cast})
        predict.main([str(runs / "acoustic"), *corpora], standalone_mode=False)
        vocoder = "finish"
        if not train(vocoder, recipes, runs, asked.minutes):
            return print("finish is not finished; run the same command again.")
    said = ["--about", str(HERE / "about.toml"), "--out", str(asked.out), "--replace"]
    said += ["--weights", str(asked.out / "hearth.safetensors")]
    export.main([str(runs / "acoustic"), str(runs / vocoder), *said], standalone_mode=False)
    return print("The pack is built.")


if __name__ == "__main__":
    main()
