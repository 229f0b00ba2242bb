"""Build the judge of phones, `assets/judges/phones.onnx`, from nothing: corpora, training, export.

    python assets/training/phones/build.py --kristin VOICES [--minutes 10]

Goes on where it was. Needs `pip install '.[cpu,train]'`, the program flite, and a folder of
installed voices that holds the Piper voice `kristin` (github.com/Ampixa/sanoTTS,
en_US-sano_kristin-tiny).
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from renderer.direction.profile import read_profiles
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.cast import Studio, sentences
from renderer.training.distil import distil

HERE = Path(__file__).resolve().parent
TEXTS = HERE.parent / "texts"
ROOT = HERE.parents[2]
MOST = 125  # sentences per corpus that are learnt from; a fifth more only judge


def main() -> None:
    """Do the next piece of work."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kristin", type=Path, required=True, help="folder of voices with kristin")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "phones")
    asked = parser.parse_args()
    book = Voices([asked.kristin, ROOT / "assets" / "voices"], threads=1, use_cuda=False)
    profiles = read_profiles(ROOT / "assets" / "emotion_profiles.json")
    studio = Studio(book.open, EspeakTranscriber(Lexicon([])), profiles)
    for plan in tomllib.loads((HERE / "cast.toml").read_text("utf-8"))["corpus"]:
        texts, held_out = sentences(plan, TEXTS)
        most = plan.get("most", MOST)
        texts, held_out = texts[:most], held_out[: most // 5]
        folder = asked.work / "corpora" / f"{plan['speaker']}-{plan['language']}"
        made = distil(texts, studio.teacher(plan), folder, held_out=held_out)
        print(f"{folder.name}: {made.made} clips made, {made.kept} kept, {made.dropped}")


if __name__ == "__main__":
    main()
