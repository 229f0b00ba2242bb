"""`barkline voices map`: a picture of who sounds like whom in a voice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from renderer import config
from renderer.errors import VoiceError

MARKED = 7  # the red of the pictures' colours


@click.command(name="map", epilog="Example: barkline voices map hearth --out map.svg")
@click.argument("names", metavar="VOICE...", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="SVG to write; an existing one is replaced.",
)
@click.option(
    "--voices",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of voices.  [default: BARKLINE_VOICES, or the user's]",
)
def command(names: tuple[str, ...], out: Path, voices: Path | None) -> None:
    """Draw the speakers of voices of our own engine: near is alike.

    Several voices may be drawn together where they come from one base, such as characters that
    were fine-tuned from it; vectors of unrelated models say nothing about each other.
    """
    from renderer.analysis.map_picture import Legend, draw_map
    from renderer.analysis.speaker_map import lay_out
    from renderer.bootstrap import voice_book
    from renderer.speech.fastpitch import FastPitchVoice

    settings = config.Settings.read()
    book = voice_book(dataclasses.replace(settings, voices=voices) if voices else settings)
    vectors = {}
    for name in names:
        opened = book.open(name)
        if not isinstance(opened, FastPitchVoice):
            raise VoiceError(
                f"The speakers of {name!r} have no vectors; only voices of `barkline train export` "
                "and `barkline voices train-character` have."
            )
        for speaker, known in opened.speakers.items():
            label = speaker if len(names) == 1 or speaker == name else f"{name}#{speaker}"
            vectors[label] = known.vector
    found = lay_out(vectors)
    marked = Legend(groups=dict.fromkeys(names[1:], MARKED))  # characters beside their base
    out.write_text(draw_map(found, f"Speakers of {', '.join(names)}", marked).document(), "utf-8")
    pairs = {frozenset((n, found.nearest(n)[0])): found.nearest(n)[1] for n in found.names[:-1]}
    closest = max(pairs, key=lambda pair: pairs[pair], default=frozenset[str]())
    click.echo(f"{out}: {len(found.names)} speakers")
    if closest:
        click.echo(f"The most alike: {' and '.join(sorted(closest))}, {pairs[closest]:.2f}")
