"""`barkline train prepare`: a folder of recordings to a checked corpus."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer import config
from renderer.cli import show
from renderer.cli.option import json_option

if TYPE_CHECKING:
    from renderer.ports import Transcriber
    from renderer.ports.judge import Recogniser
    from renderer.training.qc_card import QcCard

_FAILURES_SHOWN = 10
_PROBES = 400  # sentences of a text set: they hold every phone that is not rare


@click.command(
    name="prepare",
    epilog="Example: barkline train prepare recordings/mira --out build/corpora/mira "
    "--speaker mira --licence CC0-1.0 --may-publish",
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the corpus.",
)
@click.option("--language", default="en-US", show_default=True, help="BCP 47 tag of the texts.")
@click.option(
    "--speaker", help="Whose voice it is, where the metadata do not say.  [default: FOLDER's name]"
)
@click.option("--licence", default="", help="Terms of the recordings; unknown when missing.")
@click.option("--may-publish", is_flag=True, help="A voice trained on them may be shipped.")
@click.option("--source", default="", help="Where they come from, in a sentence.")
@click.option("--attribution", default="", help="Text that has to be shipped with the voice.")
@click.option(
    "--least-minutes",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Usable minutes each speaker must have.",
)
@click.option(
    "--valid",
    "valid_share",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0, 0.5),
    help="Share of the texts kept for validation.",
)
@click.option("--seed", default=1, show_default=True, help="Decides which texts are.")
@click.option(
    "--words/--no-words",
    default=True,
    help="Hold English texts against their sounds (needs the extra `quality`).  [default: words]",
)
@click.option("--replace", "replaces", is_flag=True, help="Replace a corpus that is there.")
@json_option
def command(folder: Path, out: Path, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Make a corpus of the recordings in FOLDER: WAV, FLAC or Ogg files and a metadata.csv.

    Each line of metadata.csv is `id|what is said` (LJSpeech), or the first line names the columns
    file, text, speaker, language, emotion. Every clip is trimmed, levelled, phonemised and checked;
    qc.html in the corpus plays what failed and says why, and what failed is never trained on.

    Exit codes: 0 fine; 1 too few usable minutes; 65 faults in metadata or files, nothing written.
    """
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.metadata import Defaults
    from renderer.training.prepare import Preparation, Rights, prepare
    from renderer.training.qc import require_minutes

    defaults = Defaults(options["speaker"] or folder.resolve().name, options["language"])
    rights = Rights(
        options["licence"].strip(),
        options["may_publish"],
        options["source"],
        options["attribution"],
    )
    transcriber = EspeakTranscriber(Lexicon())
    how = Preparation(
        defaults,
        rights,
        valid_share=options["valid_share"],
        seed=options["seed"],
        expected=_expected(defaults.language, transcriber),
    )
    as_json = options["as_json"]
    with _progress(is_shown=not as_json) as progress:
        card = prepare(
            folder,
            out,
            how,
            transcriber,
            _recogniser() if options["words"] else None,
            progress,
            replaces=options["replaces"],
        )
    _tell(card, out, as_json=as_json)
    require_minutes(card.corpus, options["least_minutes"])


def _expected(language: str, transcriber: Transcriber) -> dict[str, frozenset[str]]:
    """Return the phones a language's shipped text set has: what each speaker should have, too."""
    from renderer.training.listening import common_phones
    from renderer.training.text_set import read_texts

    code = language.replace("_", "-").split("-")[0].lower()
    texts = config.assets_dir() / "training" / "texts" / f"{code}.txt"
    if not code.isalpha() or not texts.is_file():
        return {}
    return common_phones(read_texts(texts)[:_PROBES], language, transcriber)


def _recogniser() -> Recogniser | None:
    """Return what holds texts against sounds, or None, with a warning, where it is missing."""
    if importlib.util.find_spec("pocketsphinx") is None:
        show.warn("words are not held against the sound: pip install 'barkline[quality]'.")
        return None
    from renderer.judges.recogniser import SphinxRecogniser

    return SphinxRecogniser()


@contextmanager
def _progress(*, is_shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar with the time left on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as bars:
        task = bars.add_task("")
        yield lambda what, done, total: bars.update(
            task, description=what, completed=done, total=total
        )


def _tell(card: QcCard, out: Path, *, as_json: bool) -> None:
    from renderer.training.qc import usable_minutes
    from renderer.training.qc_card import PAGE_FILE

    minutes = usable_minutes(card.corpus)
    page = out / PAGE_FILE
    if as_json:
        plain = {
            "corpus": str(out),
            "clips": len(card.corpus.clips),
            "passed": card.passed,
            "failures": card.failures,
            "usable_minutes": {name: round(value, 2) for name, value in minutes.items()},
            "page": str(page),
        }
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    usable = ", ".join(f"{name} {value:.1f} minutes" for name, value in minutes.items())
    click.echo(f"{out}: {card.passed} of {len(card.corpus.clips)} clips can be used: {usable}.")
    for check, count in list(card.failures.items())[:_FAILURES_SHOWN]:
        click.echo(f"{count} failed {check}")
    click.echo(f"Listen to them: {page}")
