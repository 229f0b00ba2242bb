"""`barkline train texts`: make a text set from a grammar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from renderer.cli.option import json_option

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(
    name="texts",
    epilog="Example: barkline train texts de.grammar --language de-DE --count 700 --out de.txt",
)
@click.argument("grammar", type=_file)
@click.option("--language", required=True, help="BCP 47 tag of the sentences.")
@click.option("--count", default=1_000, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 1))
@click.option(
    "--held-out", type=_file, multiple=True, help="Sentences that must not be in it; repeatable."
)
@click.option("--out", type=_file, required=True, help="File to write or to replace.")
@json_option
def command(
    grammar: Path,
    language: str,
    count: int,
    seed: int,
    held_out: tuple[Path, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Make a text set from a GRAMMAR: short calls first, then what covers most pairs of phones."""
    from renderer.training.text_set import read_grammar, read_texts, text_set

    kept_out = [text for path in held_out for text in read_texts(path)]
    sentences, cover = text_set(
        read_grammar(grammar), count, seed, lambda texts: _phones(texts, language), kept_out
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(f"{sentence}\n" for sentence in sentences), "utf-8", newline="\n")
    if as_json:
        about = {"sentences": cover.sentences, "phones": cover.phones, "pairs": len(cover.pairs)}
        click.echo(json.dumps({"out": str(out), **about}, ensure_ascii=False))
        return
    click.echo(f"{out}: {cover}")


def _phones(texts: Sequence[str], language: str) -> list[tuple[str, ...]]:
    """Return the phones of sentences; () for one that cannot be spoken."""
    from renderer.domain.transcript import Transcript
    from renderer.text.inventory import tokens
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.teacher import transcribe

    lines = transcribe(EspeakTranscriber(Lexicon()), texts, language)
    return [tokens(line).symbols if isinstance(line, Transcript) else () for line in lines]
