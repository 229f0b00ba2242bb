"""Build the judge of phones, `assets/judges/phones.onnx`, from nothing: corpora, training, export.

    python assets/training/phones/build.py --kristin VOICES [--minutes 10]

Goes on where it was; run the same command until it says that the judge is built. First it learns
from plain speech, then from directed speech too, laid along the sound by what it knows by then.
Needs `pip install '.[cpu,train]'`, the program flite, and a folder of installed voices that holds
the Piper voice `kristin` (github.com/Ampixa/sanoTTS, en_US-sano_kristin-tiny).
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

from renderer import __version__
from renderer.direction.profile import read_profiles
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.cast import Studio, sentences
from renderer.training.corpus import Corpus
from renderer.training.distil import distil
from renderer.training.phone_fit import PhoneEpoch, PhoneRecipe, realigned, train, write_model
from renderer.training.phone_lessons import classes_of, lessons_of

HERE = Path(__file__).resolve().parent
TEXTS = HERE.parent / "texts"
ROOT = HERE.parents[2]
MOST = 125  # sentences per corpus that are learnt from; a fifth more only judge
PLAIN = PhoneRecipe(epochs=8, realign=(2, 5))
ACTED = PhoneRecipe(epochs=6, realign=(3,), rate=1.2e-3, seed=2)


def build_corpora(kristin: Path, folder: Path) -> tuple[list[Corpus], list[Corpus]]:
    """Let every teacher speak what it has not spoken yet; return plain and directed corpora."""
    book = Voices([kristin, ROOT / "assets" / "voices"], threads=1, use_cuda=False)
    profiles = read_profiles(ROOT / "assets" / "emotion_profiles.json")
    studio = Studio(book.open, EspeakTranscriber(Lexicon([])), profiles)
    plain, acted = [], []
    for plan in tomllib.loads((HERE / "cast.toml").read_text("utf-8"))["corpus"]:
        texts, held_out = sentences(plan, TEXTS)
        most = plan.get("most", MOST)
        into = folder / f"{plan['speaker']}-{plan['language']}"
        made = distil(texts[:most], studio.teacher(plan), into, held_out=held_out[: most // 5])
        (acted if plan.get("directed") else plain).append(made.corpus)
        print(f"{into.name}: {made.made} clips made, {made.kept} kept, {made.dropped}")
    return plain, acted


def card(corpora: list[Corpus]) -> dict[str, Any]:
    """Return what the model is and what it was made of."""
    speakers = {s.name: s for corpus in corpora for s in corpus.speakers.values()}
    return {
        "about": "Tells how likely each sound is in each frame. Trained on what synthetic voices "
        "say; no recording of a person is in it.",
        "sources": sorted({s.source for s in speakers.values()}),
        "attributions": sorted({s.attribution for s in speakers.values() if s.attribution}),
        "may_publish": all(s.may_publish for s in speakers.values()),
        "barkline": __version__,
    }


def tell(epoch: PhoneEpoch) -> None:
    """Say what one time through all clips gave."""
    print(
        f"epoch {epoch.epoch}: loss {epoch.loss:.3f}, {epoch.right:.1%} of held-out frames right, "
        f"{epoch.seconds:.0f} s",
        flush=True,
    )


def main() -> None:
    """Do the next piece of work."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kristin", type=Path, required=True, help="folder of voices with kristin")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "phones")
    parser.add_argument("--minutes", type=float, default=0, help="stop a training after so long")
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "judges" / "phones.onnx")
    asked = parser.parse_args()
    plain, acted = build_corpora(asked.kristin, asked.work / "corpora")
    classes = classes_of(plain)
    count = len(classes)
    lessons = lessons_of(plain, classes)
    net = train(lessons, count, PLAIN, asked.work / "plain.safetensors", tell, asked.minutes)
    if net is None:
        return print("The training is not finished; run the same command again.")
    lessons = realigned(net, [*lessons, *lessons_of(acted, classes)])
    net = train(lessons, count, ACTED, asked.work / "acted.safetensors", tell, asked.minutes, net)
    if net is None:
        return print("The training is not finished; run the same command again.")
    write_model(net, classes, asked.out, card([*plain, *acted]))
    return print("The judge is built.")


if __name__ == "__main__":
    main()
