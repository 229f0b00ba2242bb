"""`barkline voices train-character`: from a few minutes of recordings to a character's voice."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer import config
from renderer.cli.needs_torch import require_torch
from renderer.cli.option import json_option
from renderer.cli.training_bar import shown
from renderer.cli.voice_base import base_of, cast_of, require_free
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.ports import Transcriber, VoiceBook
    from renderer.training.base import Base
    from renderer.training.character import Character
    from renderer.training.character_check import CastMember
    from renderer.training.character_report import Validation
    from renderer.training.tuning import Tuning

_folder = click.Path(path_type=Path, file_okay=False)
_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(
    name="train-character",
    epilog="Example: barkline voices train-character recordings/mira --name mira "
    "--licence CC0-1.0 --may-publish --consent-ref 'contract 12'",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--name", required=True, help="The name manifests will use.")
@click.option("--language", default="en-US", show_default=True, help="BCP 47 tag of the texts.")
@click.option("--speaker", default="", help="Whose clips, where FOLDER has several speakers.")
@click.option(
    "--base",
    help="What is begun from: an installed voice with weights, a weights file, or an acoustic run."
    "  [default: the shipped voice]",
)
@click.option("--base-vocoder", type=_folder, help="The vocoder's run, beside an acoustic run.")
@click.option(
    "--out", type=_folder, help="Folder of voices.  [default: the project's voices/, or the user's]"
)
@click.option(
    "--run", "run", type=_folder, help="Everything in between.  [default: build/characters/NAME]"
)
@click.option(
    "--minutes",
    default=15.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Longest time the acoustic model learns, in all; 0: as long as it gets better.",
)
@click.option(
    "--vocoder-steps",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Steps for the vocoder to learn the voice too; a few hundred.",
)
@click.option("--recipe", type=_file, help="TOML: [acoustic], [vocoder], [aligner] differ in this.")
@click.option(
    "--least-minutes",
    default=3.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Usable minutes there must be.",
)
@click.option(
    "--cast",
    multiple=True,
    metavar="VOICE[#SPEAKER]",
    help="A voice it must not be taken for; may be repeated.  [default: those of the base]",
)
@click.option("--licence", default="", help="Terms of the recordings; unknown when missing.")
@click.option("--may-publish", is_flag=True, help="Assets made with it may be shipped.")
@click.option("--source", default="", help="Where the recordings come from, in a sentence.")
@click.option("--attribution", default="", help="Text that has to be shipped with it.")
@click.option("--consent-ref", default="", help="Reference of the speaker's consent.")
@click.option("--replace", "replaces", is_flag=True, help="Replace a voice of that name.")
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where."
)
@click.option("--threads", type=click.IntRange(1), help="CPU cores to use.")
@click.option("--voices", type=_folder, help="Folder of the installed voices.")
@json_option
def command(folder: Path, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Make a character's voice out of the recordings in FOLDER.

    FOLDER holds sound files and a metadata.csv, as for `barkline train prepare`, or is a corpus of
    `train prepare` or `train distil`. Ten minutes of one person are good, three the least. The
    voice is fine-tuned from the base, says sentences it has never learnt to the judges that are
    installed, and is put among the voices; RUN/index.html lets it be heard beside the recordings.

    Ctrl-C ends it after the step under way; the same command goes on where it was. Needs the extra
    `train`. Exit codes: 0 made; 1 too little to learn from, or a base that does not fit; 65 faults
    in recordings or metadata; 78 the name is taken; 130 interrupted.
    """
    require_torch(options["threads"])
    settings = config.Settings.read()
    if options["voices"]:
        settings = dataclasses.replace(settings, voices=options["voices"])
    out = options["out"] or (Path("voices") if Path("project.yaml").is_file() else settings.voices)
    who = _character(options)
    book = _book(settings)
    require_free(who.name, out, book, replaces=options["replaces"])
    base, card = base_of(options["base"], options["base_vocoder"], book)
    run = options["run"] or Path("build/characters") / who.name
    plain = _make(folder, run, base, who, options, out, cast_of(options["cast"], card, book))
    _tell(plain, as_json=options["as_json"])


def _make(
    folder: Path,
    run: Path,
    base: Base,
    who: Character,
    options: dict[str, Any],
    out: Path,
    cast: Sequence[CastMember],
) -> dict[str, Any]:
    """Train, listen and register; return what is told."""
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber
    from renderer.training.character import register, train_character

    transcriber = EspeakTranscriber(Lexicon())
    with shown(quiet=options["as_json"]) as told:
        made = train_character(folder, run, base, who, _tuning(options), transcriber, told)
        if made is None:
            raise click.Abort
        told.show("listening", 0, 1, "")
        validation, page = _validated(made, run, who, transcriber, cast)
        told.show("listening", 1, 1, "")
    placed = register(made, out, replaces=options["replaces"])
    return {
        "voice": placed.as_posix(),
        "name": who.name,
        "may_publish": _may_publish(made),
        "run": run.as_posix(),
        "page": page.as_posix(),
        "validation": dataclasses.asdict(validation),
    }


def _validated(
    made: Path,
    run: Path,
    who: Character,
    transcriber: Transcriber,
    cast: Sequence[CastMember],
) -> tuple[Validation, Path]:
    """Let the voice speak as the renderer will, and the judges listen."""
    from renderer.analysis.map_picture import Legend, draw_map
    from renderer.analysis.speaker_map import lay_out
    from renderer.judges.dnsmos import DnsmosJudge
    from renderer.judges.recogniser import SphinxRecogniser
    from renderer.judges.speaker import SpeakerJudge
    from renderer.speech.voice_book import Voices
    from renderer.training.character_check import Judges, listen, validate
    from renderer.training.character_report import write_report
    from renderer.training.corpus import Corpus
    from renderer.training.finetune import trained_acoustic

    corpus = Corpus.load(run / "corpus")
    voice = Voices([made.parent], threads=1).open(who.name)
    sentences = listen(corpus, voice, transcriber, who.language)
    judges = Judges(SpeakerJudge(), DnsmosJudge(), SphinxRecogniser())
    validation = validate(corpus, sentences, judges, cast)
    table = trained_acoustic(run / "acoustic").speakers
    vectors = dict(zip(table.names, table.vectors.detach().tolist(), strict=True))
    legend = Legend(groups={who.name: 7})  # in red
    picture = draw_map(lay_out(vectors), "Speakers of the model", legend).document()
    return validation, write_report(run, validation, sentences, picture)


def _character(options: dict[str, Any]) -> Character:
    from renderer.domain.voice import VoiceRef
    from renderer.training.character import Character
    from renderer.training.prepare import Rights

    try:
        ref = VoiceRef.parse(options["name"])
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if ref.speaker:
        raise ConfigError(f"{options['name']!r} names a speaker; give the voice a plain name.")
    licence = options["licence"].strip()
    if options["may_publish"] and not licence:
        raise ConfigError("A voice can only be published under a licence; name it with --licence.")
    rights = Rights(licence, options["may_publish"], options["source"], options["attribution"])
    return Character(
        ref.name,
        options["language"],
        rights,
        options["consent_ref"],
        options["speaker"],
        options["least_minutes"],
    )


def _tuning(options: dict[str, Any]) -> Tuning:
    """Return how it is learnt.

    Raises:
        InputError: The recipe is no TOML or has other tables.
    """
    from renderer.training.tuning import Tuning, read_tables

    path: Path | None = options["recipe"]
    tables = read_tables(path) if path else {}
    if options["vocoder_steps"]:
        tables["vocoder"] = {**tables.get("vocoder", {}), "steps": options["vocoder_steps"]}
    file = path.as_posix() if path else ""
    return Tuning(**tables, minutes=options["minutes"], device=options["device"], file=file)


def _book(settings: config.Settings) -> VoiceBook:
    from renderer.bootstrap import voice_book

    return voice_book(settings)


def _may_publish(voice: Path) -> bool:
    import yaml

    return bool(yaml.safe_load((voice / "card.yaml").read_text("utf-8"))["may_publish"])


def _tell(plain: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    click.echo(f"{plain['voice']}: the voice {plain['name']!r} can be cast.")
    for finding in plain["validation"]["findings"]:
        value = "" if finding["value"] is None else f" {finding['value']:.2f}"
        click.echo(f"{finding['check']}: {finding['outcome'].value}{value}. {finding['message']}")
    if not plain["may_publish"]:
        click.echo(
            "It renders for previews and will not be published: that needs --licence and "
            "--may-publish, and a base that may be."
        )
    click.echo(f"Listen to it beside the recordings: {plain['page']}")
