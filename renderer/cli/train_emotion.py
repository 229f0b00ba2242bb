"""`barkline train emotion`: a judge of emotions, trained on what a voice pack says."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer import config
from renderer.cli import show
from renderer.cli.option import json_option
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.training.emotion import Chosen
    from renderer.training.emotion_corpus import Stage

_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)
_LENGTHS = (15, 48)  # characters: 1.5 to 4 seconds


@click.command(
    name="emotion",
    epilog="Example: barkline train emotion --voice hearth --texts en.txt --held-out en.valid.txt "
    "--rows build/emotion --out emotion.json",
)
@click.option("--voice", required=True, metavar="NAME", help="Installed voice that speaks.")
@click.option("--texts", type=_file, multiple=True, required=True, help="Text set to learn from.")
@click.option("--held-out", type=_file, multiple=True, required=True, help="Text set to judge on.")
@click.option("--rows", type=_folder, required=True, help="Where measured lines are kept.")
@click.option("--out", type=_file, required=True, help="Model file to write or to replace.")
@click.option("--lines", default=5, show_default=True, type=click.IntRange(1, 200),
    help="Lines per speaker and emotion.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--speaker", multiple=True, help="Only this speaker of the voice; repeatable.")
@click.option("--together", multiple=True, metavar="A,B", help="Speakers made of one another: "
    "never learnt from while one is judged; repeatable.")  # fmt: skip
@click.option("--language", default="en-US", show_default=True, help="BCP 47 tag of the texts.")
@click.option("--voices", type=_folder, help="Folder of voices.")
@json_option
def command(
    texts: tuple[Path, ...],
    held_out: tuple[Path, ...],
    rows: Path,
    out: Path,
    lines: int,
    seed: int,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - click's options
) -> None:
    """Let a voice say sentences in every emotion, and learn to tell them apart.

    Speakers that are judged have not been learnt from. The same command goes on where it was
    stopped, and makes the same file again.
    """
    from renderer.training.emotion import CANDIDATES, lessons_of, train, write_model
    from renderer.training.emotion_corpus import plan_renders, render_rows

    stage = _stage(options["voice"], options["language"], options["voices"])
    speakers = options["speaker"] or tuple(stage.voice.card.speakers) or ("",)
    _check(speakers, stage)
    plan = plan_renders(speakers, _texts(texts), _texts(held_out), lines, seed)
    with show.steps() as tell:
        measured, lost = render_rows(stage, plan, rows, partial(tell, "lines"))
        data = lessons_of(measured, [names.split(",") for names in options["together"]])
        learnt = count(1)

        def step() -> None:
            tell("learners", next(learnt), 2 * len(CANDIDATES))

        model, chosen = train(data, seed, _card(stage, speakers, lines), step)
    write_model(model, out)
    _tell(out, chosen, len(measured), lost, as_json=as_json)


def _stage(voice: str, language: str, voices: Path | None) -> Stage:
    from renderer.bootstrap import voice_book
    from renderer.direction.profile import read_profiles
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.emotion_corpus import Stage, read_spread

    settings = config.Settings.read()
    book = voice_book(dataclasses.replace(settings, voices=voices) if voices else settings)
    profiles = config.assets_dir() / "emotion_profiles.json"
    return Stage(
        book.open(voice),
        EspeakTranscriber(Lexicon()),
        read_profiles(profiles),
        read_spread(profiles),
        language,
    )


def _check(speakers: Sequence[str], stage: Stage) -> None:
    known = stage.voice.card.speakers
    unknown = [name for name in speakers if name and name not in known]
    if unknown:
        raise ConfigError(f"No such speaker: {', '.join(unknown)}; there are {', '.join(known)}.")


def _texts(paths: Sequence[Path]) -> list[str]:
    from renderer.training.text_set import read_texts

    short, long = _LENGTHS
    return [text for path in paths for text in read_texts(path) if short <= len(text) <= long]


def _card(stage: Stage, speakers: Sequence[str], lines: int) -> dict[str, Any]:
    from renderer import __version__

    card = stage.voice.card
    return {
        "about": "Tells how lines sound. Trained on renders of the voice alone, each emotion as "
        "assets/emotion_profiles.json has it; no recording of a person, and no feature or model of "
        "one, is in it.",
        "voice": card.name,
        "voice_sha256": card.model_sha256,
        "licence": card.licence,
        "attribution": card.attribution,
        "may_publish": card.may_publish,
        "speakers": list(speakers),
        "language": stage.locale,
        "lines_per_emotion": lines,
        "barkline": __version__,
        "limits": "Advice only. Hears people far less well than our renders: "
        "docs/benchmarks/emotion.md.",
    }


def _tell(out: Path, chosen: dict[str, Chosen], rows: int, lost: int, *, as_json: bool) -> None:
    if as_json:
        heads = {
            name: {
                "learner": one.candidate.kind,
                "strength": one.candidate.strength,
                "clips": one.score.clips,
                "accuracy": round(one.score.accuracy, 4),
                "mean_recall": round(one.score.mean_recall, 4),
            }
            for name, one in chosen.items()
        }
        show.as_json({"out": str(out), "rows": rows, "lost": lost, "heads": heads})
        return
    click.echo(f"{out}: learnt from {rows} lines; {lost} more could not be measured.")
    for name, one in chosen.items():
        click.echo(
            f"{name}: {one.candidate.kind} {one.candidate.strength:g} hears "
            f"{one.score.accuracy:.0%} of {one.score.clips} lines by speakers it has not heard."
        )
