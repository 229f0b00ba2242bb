"""`barkline train augment`: a labelled variant of a corpus's speaker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from renderer.cli.option import json_option

_folder = click.Path(file_okay=False, path_type=Path)


@click.command(
    name="augment",
    epilog="Example: barkline train augment build/corpora/rms --speaker rms --as ogre "
    "--change resample=0.8,pitch=-2 --out build/corpora/ogre --validation",
)
@click.argument("corpus", type=_folder)
@click.option("--speaker", required=True, help="Whose clips are changed.")
@click.option("--as", "new_speaker", required=True, help="Name of the voice that results.")
@click.option(
    "--change",
    required=True,
    help="What is changed: resample, formant, pitch, range, rate, vary, noise, world; for example "
    "resample=0.85,pitch=-3.",
)
@click.option("--out", type=_folder, required=True, help="Folder of the new corpus.")
@click.option("--limit", type=click.IntRange(1), help="Most clips.  [default: all]")
@click.option("--seed", default=0, show_default=True, help="Decides which clips and what is drawn.")
@click.option(
    "--validation", is_flag=True, help="Also change the validation clips: for a voice of its own."
)
@json_option
def command(
    corpus: Path,
    speaker: str,
    new_speaker: str,
    change: str,
    out: Path,
    **options: Any,  # noqa: ANN401 - click's options
) -> None:
    """Derive a voice from one speaker of CORPUS: another size, pitch, tempo, melody, or noise.

    Phone times are carried over exactly. Each clip keeps what was done to it among its checks.
    """
    from renderer.training.augment import Augmentation, derive
    from renderer.training.corpus import TRAIN, VALID, Corpus

    augmentation = Augmentation.parse(change)
    made = derive(
        Corpus.load(corpus),
        speaker,
        new_speaker,
        augmentation,
        out,
        limit=options["limit"],
        seed=options["seed"],
        splits=(TRAIN, VALID) if options["validation"] else (TRAIN,),
    )
    frames = sum(clip.frames for clip in made.clips)
    minutes = frames * made.spec.hop_length / made.spec.sample_rate / 60
    if options["as_json"]:
        plain = {"corpus": str(out), "clips": len(made.clips), "minutes": round(minutes, 2)}
        click.echo(json.dumps(plain))
        return
    click.echo(f"{out}: {len(made.clips)} clips of {new_speaker}, {minutes:.1f} minutes.")
