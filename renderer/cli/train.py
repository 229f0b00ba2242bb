"""`barkline train`: our own voices, from text sets to a model that speaks.

The steps live in files of their own, `train_*.py`, imported when they run.
"""

from __future__ import annotations

import click

from renderer.cli.step import Step, Steps

STEPS = {
    "texts": Step("train_texts", "command", "Make a text set from a grammar."),
    "distil": Step("train_distil", "command", "Let a voice or program speak text sets."),
    "prepare": Step("train_prepare", "command", "Turn recordings into a checked corpus."),
    "align": Step("train_align", "command", "Find where the phones of recordings lie."),
    "augment": Step("train_augment", "command", "Make a labelled variant of a speaker."),
    "fit": Step("train_fit", "fit", "Train a model by a recipe, or go on with it."),
    "predict": Step("train_fit", "predict", "Let an acoustic model speak a corpus to a vocoder."),
    "emotion": Step("train_emotion", "command", "Train a judge of emotions on a voice."),
    "export": Step("train_fit", "export", "Write trained models as a voice."),
}


@click.group(
    name="train",
    cls=Steps,
    steps=STEPS,
    epilog="Example: barkline train distil --voice formant#f5 --texts en.txt --out build/corpus",
)
def command() -> None:
    """Train voices of your own: text sets, corpora, models.

    The steps need the extra `train`: pip install 'barkline[cpu,train]'.
    """
