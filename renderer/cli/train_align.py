"""`barkline train align`: finds where the phones of recordings lie."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli.needs_torch import require_torch
from renderer.cli.option import json_option
from renderer.cli.training_bar import shown

if TYPE_CHECKING:
    from renderer.training.corpus import Corpus

_folder = click.Path(path_type=Path, file_okay=False)


@click.command(name="align", epilog="Example: barkline train align build/corpora/mira")
@click.argument("corpus", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--run", type=_folder, help="The aligner's run.  [default: CORPUS/aligner]")
@click.option(
    "--steps",
    default=400,
    show_default=True,
    type=click.IntRange(1),
    help="How long the aligner learns.",
)
@click.option(
    "--minutes",
    default=0.0,
    type=click.FloatRange(0),
    help="Longest time it learns, in all; 0: all of the steps.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    help="Where to compute; auto: on a GPU where there is one.",
)
@click.option("--threads", type=click.IntRange(1), help="CPU cores to use.")
@json_option
def command(corpus: Path, run: Path | None, **options: Any) -> None:  # noqa: ANN401 - click
    """Find out where the phones of CORPUS lie, as an acoustic model has to know.

    CORPUS is what `barkline train prepare` made. An aligner learns on its clips alone, then every
    clip that has no durations gets them; a clip whose words are not those of its sound gets a fault
    and is never trained on. The corpus is written once, at the end, whole or not at all.

    Ctrl-C or a kill ends it after the step under way; the same command goes on where it was. Exit
    codes: 0 aligned; 1 there is nothing to learn from; 65 no corpus; 130 interrupted.
    """
    require_torch(options["threads"])
    from renderer.training import corpus_align
    from renderer.training.corpus import Corpus
    from renderer.training.fit import choose_device

    asked = Corpus.load(corpus)
    folder = run or corpus / "aligner"
    made: Corpus | None = asked
    if not asked.is_aligned:
        with shown(quiet=options["as_json"]) as told:
            made = corpus_align.align(
                asked,
                folder,
                corpus_align.plan_of(corpus, options["steps"]),
                device=choose_device(options["device"]),
                minutes=options["minutes"],
                show=told.show,
                began=told.began,
            )
    if made is None:
        raise click.Abort
    _tell(asked, made, folder, as_json=options["as_json"])


def _tell(asked: Corpus, made: Corpus, run: Path, *, as_json: bool) -> None:
    known = sum(1 for clip in asked.clips if clip.passed and clip.durations)
    aligned = sum(1 for clip in made.clips if clip.passed and clip.durations) - known
    passed = {clip.id for clip in asked.clips if clip.passed}
    refused = {c.id: c.faults[-1] for c in made.clips if c.id in passed and not c.passed}
    if as_json:
        plain = {
            "corpus": made.folder.as_posix(),
            "aligned": aligned,
            "known": known,
            "refused": refused,
            "run": run.as_posix(),
        }
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    if not aligned and not refused:
        click.echo(f"{made.folder} knows already where the phones of its {known} clips lie.")
        return
    click.echo(f"{made.folder}: {aligned} clips aligned, {known} were before.")
    for why, count in Counter(refused.values()).most_common(10):
        click.echo(f"{count} will not be trained on. {why}")
