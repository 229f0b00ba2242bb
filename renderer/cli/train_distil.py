"""`barkline train distil`: let an installed voice or program speak text sets into a corpus."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer import config
from renderer.cli.option import json_option
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.domain.voice import VoiceCard
    from renderer.training.corpus import Speaker
    from renderer.training.distil import Distilled
    from renderer.training.teacher import Teacher
    from renderer.training.teacher_sized import MakeTeacher

    Found = tuple[Speaker, MakeTeacher]

_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)
_ENGLISH = "en"


@click.command(
    name="distil",
    epilog="Example: barkline train distil --teacher flite:rms --texts en.txt --out build/rms",
)
@click.option("--voice", metavar="NAME[#SPEAKER]", help="Installed voice that speaks.")
@click.option(
    "--teacher",
    metavar="PROGRAM:VOICE",
    help="Program that speaks: flite:awb, flite:rms, flite:slt, flite:kal16, festival:slt-hts, "
    "festival:ona-hts.",
)
@click.option(
    "--texts", type=_file, multiple=True, required=True, help="Text set; may be repeated."
)
@click.option(
    "--held-out", type=_file, multiple=True, help="Sentences to validate on; may be repeated."
)
@click.option("--language", help="BCP 47 tag of the texts.  [default: the teacher's, or en-US]")
@click.option("--out", type=_folder, required=True, help="Corpus to make, or to add to.")
@click.option("--speaker", help="The corpus's name for the voice.  [default: the teacher's]")
@click.option("--licence", help="Terms of its sound.  [default: as its card says]")
@click.option(
    "--f0-range", nargs=2, type=float, metavar="LOW HIGH", help="Hz in which its pitch lies."
)
@click.option(
    "--substitute",
    is_flag=True,
    help="An English voice speaks another language; what it cannot say is marked.",
)
@click.option(
    "--size",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.5, 2.0),
    help="Make another voice of it: pitch and formants, ×; below 1 a larger body.",
)
@click.option("--limit", type=click.IntRange(1), help="Take this many sentences of the texts only.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--voices", type=_folder, help="Folder of voices.")
@json_option
def command(
    texts: tuple[Path, ...],
    held_out: tuple[Path, ...],
    out: Path,
    limit: int | None,
    workers: int,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - click's options
) -> None:
    """Let a voice speak text sets, and keep its phone times: a corpus to train on.

    The same command goes on where it was stopped; another voice adds its clips to the corpus.
    """
    from renderer.training.distil import distil
    from renderer.training.text_set import read_texts

    sentences = [text for path in texts for text in read_texts(path)][:limit]
    kept_out = [text for path in held_out for text in read_texts(path)]
    teacher = _teacher(**options)
    with _progress(teacher.speaker.name, is_shown=not as_json) as progress:
        done = distil(
            sentences, teacher, out, held_out=kept_out, progress=progress, workers=workers
        )
    _tell(done, teacher, as_json=as_json)


def _teacher(
    *,
    voice: str | None,
    teacher: str | None,
    language: str | None,
    voices: Path | None,
    substitute: bool,
    size: float,
    **names: Any,  # noqa: ANN401 - click's options
) -> Teacher:
    """Return who is to speak."""
    from renderer.training.teacher_sized import SizedTeacher

    if (voice is None) == (teacher is None):
        raise ConfigError("Give either --voice or --teacher.")
    if teacher is not None and substitute:
        raise ConfigError("--substitute is for voices, not for programs.")
    own, make = (
        _program(teacher, language)
        if teacher is not None
        else _voice(voice or "", language, voices, substitute=substitute)
    )
    speaker = _named(own, size, **names)
    return make(speaker, 1.0) if size == 1.0 else SizedTeacher(make, speaker, size)


def _named(
    own: Speaker,
    size: float,
    *,
    speaker: str | None,
    licence: str | None,
    f0_range: tuple[float, float] | None,
) -> Speaker:
    """Return a teacher's speaker as the options want it."""
    if f0_range and not 0 < f0_range[0] < f0_range[1]:
        raise ConfigError("--f0-range takes two frequencies in Hz, the lower one first.")
    low, high = f0_range or (own.f0_floor_hz * size, own.f0_ceiling_hz * size)
    return dataclasses.replace(
        own,
        name=speaker or own.name,
        licence=licence or own.licence,
        f0_floor_hz=low,
        f0_ceiling_hz=high,
    )


def _program(teacher: str, language: str | None) -> Found:
    """Return a program's speaker and how to make it a teacher."""
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.teacher_festival import VOICES, FestivalTeacher
    from renderer.training.teacher_flite import SPEAKERS, FliteTeacher

    program, _, name = teacher.partition(":")
    transcriber = EspeakTranscriber(Lexicon())
    if program == "flite":
        first: Teacher = FliteTeacher(name, transcriber)
        own = SPEAKERS[name]
        make: MakeTeacher = lambda who, rate: FliteTeacher(name, transcriber, who, rate)  # noqa: E731
    elif program == "festival":
        first = FestivalTeacher(name, transcriber)
        own = VOICES[name].speaker
        make = lambda who, rate: FestivalTeacher(name, transcriber, who, rate)  # noqa: E731
    else:
        raise ConfigError(f"No teacher {teacher!r}; write flite:VOICE or festival:VOICE.")
    if language and _base(language) != first.language:
        raise ConfigError(f"{teacher} speaks {first.language}, not {language}.")
    return own, make


def _voice(voice: str, language: str | None, voices: Path | None, *, substitute: bool) -> Found:
    """Return an installed voice's speaker and how to make it a teacher."""
    from renderer.bootstrap import voice_book
    from renderer.domain.voice import VoiceRef
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.substitute import SubstituteTeacher
    from renderer.training.teacher import VoiceTeacher

    try:
        ref = VoiceRef.parse(voice)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    settings = config.Settings.read()
    book = voice_book(dataclasses.replace(settings, voices=voices) if voices else settings)
    card = book.card(ref.name)
    home = card.languages[0] if card.languages else "en-US"
    locale = language or home
    is_foreign = bool(card.languages) and _base(locale) not in map(_base, card.languages)
    if is_foreign and not (substitute and _base(home) == _ENGLISH):
        hint = " Add --substitute to let it try." if _base(home) == _ENGLISH else ""
        raise ConfigError(f"{voice} speaks {', '.join(card.languages)}, not {locale}.{hint}")
    opened, transcriber = book.open(ref.name), EspeakTranscriber(Lexicon())

    def make(who: Speaker, rate: float) -> Teacher:
        if is_foreign:
            return SubstituteTeacher(opened, transcriber, locale, who, home, ref.speaker, rate)
        return VoiceTeacher(opened, transcriber, locale, who, ref.speaker, rate)

    return _speaker_of(card, ref.speaker), make


def _speaker_of(card: VoiceCard, voice_speaker: str) -> Speaker:
    """Return a corpus's speaker with the terms of a voice's card."""
    from renderer.training.corpus import Speaker

    name = f"{card.name}-{voice_speaker}" if voice_speaker else card.name
    return Speaker(name, card.licence, card.may_publish, card.source, card.attribution)


def _base(locale: str) -> str:
    return locale.replace("_", "-").split("-")[0].lower()


@contextmanager
def _progress(name: str, *, is_shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time left on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as bars:
        task = bars.add_task(name)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _tell(done: Distilled, teacher: Teacher, *, as_json: bool) -> None:
    plain = {
        "corpus": str(done.corpus.folder),
        "speaker": teacher.speaker.name,
        "language": teacher.language,
        "made": done.made,
        "kept": done.kept,
        "dropped": dict(done.dropped),
        "changed_words": done.changed_words,
        "minutes": round(done.seconds / 60, 2),
    }
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    click.echo(
        f"{done.corpus.folder}: {done.made} new clips of {teacher.speaker.name} in "
        f"{teacher.language}, {done.seconds / 60:.1f} minutes; {done.kept} were there."
    )
    for reason, count in _worst(done.dropped):
        click.echo(f"{count} sentences gave no clip: {reason}")
    if not teacher.speaker.may_publish:
        click.echo("What is trained on this voice may not be published, as its card says.")


def _worst(dropped: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(dropped.items(), key=lambda item: -item[1])[:10]
