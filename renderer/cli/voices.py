"""`barkline voices`: list, show, add, install, try, map and train voices."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer import config
from renderer.cli.voices_map import command as draw_map
from renderer.cli.voices_train_character import command as train_character
from renderer.errors import ConfigError, VoiceError

if TYPE_CHECKING:
    from renderer.domain.voice import VoiceCard
    from renderer.ports import VoiceBook

_file = click.Path(path_type=Path, dir_okay=False)


def _settings(voices: Path | None) -> config.Settings:
    settings = config.Settings.read()
    return dataclasses.replace(settings, voices=voices) if voices else settings


def _book(voices: Path | None) -> VoiceBook:
    """Return the installed voices: the one place where this command asks the wiring."""
    from renderer.bootstrap import voice_book

    return voice_book(_settings(voices))


def _today() -> date:
    from renderer.bootstrap.clock import SystemClock

    return SystemClock().now().date()


def _plain(card: VoiceCard, today: date) -> dict[str, Any]:
    """Return a card for machines, with why it may not be published."""
    values = dataclasses.asdict(card)
    expires = card.consent_expires
    values["consent_expires"] = expires.isoformat() if expires else None
    values["unpublishable"] = card.why_unpublishable(today)
    return values


def _languages(card: VoiceCard) -> str:
    return ", ".join(card.languages) or "all of its engine"


@click.group(name="voices", epilog="Example: barkline voices list")
def command() -> None:
    """List, show, add, install and try voices; make one for a character."""


command.add_command(train_character)
command.add_command(draw_map)


_voices_option = click.option(
    "--voices",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of voices.  [default: BARKLINE_VOICES, or the user's]",
)


@command.command("list", epilog="Example: barkline voices list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@_voices_option
def list_voices(as_json: bool, voices: Path | None) -> None:
    """List the installed voices."""
    cards, today = _book(voices).cards(), _today()
    if as_json:
        click.echo(json.dumps([_plain(c, today) for c in cards.values()], ensure_ascii=False))
        return
    width = max(len(name) for name in cards)
    for name, card in cards.items():
        may = "preview only" if card.why_unpublishable(today) else "publishable"
        speakers = f"{len(card.speakers)} speakers" if card.speakers else "1 speaker"
        click.echo(
            f"{name:<{width}}  {card.engine:<8} {_languages(card):<18} {speakers:<13} {may:<13}"
            f" {card.licence or 'licence unknown'}"
        )


@command.command("show", epilog="Example: barkline voices show formant")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@_voices_option
def show_voice(name: str, as_json: bool, voices: Path | None) -> None:
    """Show one voice's card."""
    book, today = _book(voices), _today()
    card = book.card(name)
    plain = {**_plain(card, today), "engine_revision": book.engine_revision(name)}
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    plain["speakers"] = ", ".join(card.speakers)
    plain["languages"] = _languages(card)
    plain["may_publish"] = not plain.pop("unpublishable")
    for key, value in plain.items():
        if value not in ("", None):
            click.echo(f"{key:<16} {value}")
    if reason := card.why_unpublishable(today):
        click.echo(f"\nRenders for previews, and will not be published: {reason}.")


@command.command(
    "add", epilog="Example: barkline voices add amy.onnx --licence CC-BY-4.0 --may-publish"
)
@click.argument("model", type=_file)
@click.option("--config", "config_file", type=_file, help="Its settings.  [default: MODEL.json]")
@click.option("--name", help="The name manifests will use.  [default: the file's]")
@click.option("--licence", default="", help="SPDX expression or short name; unknown when missing.")
@click.option("--may-publish", is_flag=True, help="Assets made with it may be shipped.")
@click.option("--source", default="", help="Where the voice and its training data come from.")
@click.option("--attribution", default="", help="Text that has to be shipped with it.")
@click.option("--consent-ref", default="", help="Reference of the speaker's consent.")
@click.option(
    "--consent-expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day it may be published."
)
@click.option("--sha256", default="", help="What the model has to be.")
@_voices_option
def add(model: Path, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Add a Piper voice (MODEL.onnx with MODEL.onnx.json) from local files."""
    from renderer.speech.add import Rights, add_voice

    expires = options["consent_expires"]
    rights = Rights(
        options["licence"].strip(),
        options["may_publish"],
        options["source"],
        options["attribution"],
        options["consent_ref"],
        expires.date() if expires else None,
    )
    card = add_voice(
        model,
        options["config_file"] or model.with_name(f"{model.name}.json"),
        _settings(options["voices"]).voices,
        options["name"] or model.name.removesuffix(".onnx"),
        rights,
        options["sha256"],
    )
    _tell_added(card)


def _tell_added(card: VoiceCard) -> None:
    click.echo(f"Added {card.name} to {card.folder}.")
    if not card.batchable:
        click.echo("Its model takes one line at a time, so lines are rendered singly.")
    if not card.has_durations:
        click.echo("Its model gives no durations, so phoneme times are estimated.")
    if reason := card.why_unpublishable(_today()):
        click.echo(
            f"It renders for previews, and will not be published: {reason}. "
            f"When you know its terms, edit {Path(card.folder) / 'card.yaml'}."
        )


@command.command(
    "install", epilog="Example: barkline voices install amy --catalogue our_voices.yaml"
)
@click.argument("name")
@click.option(
    "--catalogue",
    type=_file,
    multiple=True,
    help="Catalogue to look in before the shipped one; may be repeated.",
)
@click.option("--timeout", default=30.0, show_default=True, help="Longest silence, seconds.")
@_voices_option
def install(name: str, catalogue: tuple[Path, ...], timeout: float, voices: Path | None) -> None:
    """Fetch a catalogue's voice over HTTPS; an interrupted download goes on."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from renderer.speech.install import install_voice, read_catalogues

    shipped = config.assets_dir() / "voices" / "catalogue.yaml"
    entries = read_catalogues([*catalogue, *([shipped] if shipped.is_file() else [])])
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bars:
        task = bars.add_task(name)
        card = install_voice(
            name,
            entries,
            _settings(voices).voices,
            progress=lambda have, size: bars.update(task, completed=have, total=size),
            timeout_s=timeout,
        )
    _tell_added(card)


@command.command(
    "say", epilog="Example: barkline voices say formant#f2 'Who is there?' --out a.wav"
)
@click.argument("voice", metavar="VOICE[#SPEAKER]")
@click.argument("text")
@click.option(
    "--out", type=_file, required=True, help="WAV file to write; an existing one is replaced."
)
@click.option("--locale", help="Language of the text.  [default: the voice's, or en-US]")
@click.option("--rate", default=1.0, show_default=True, type=click.FloatRange(0.5, 2.0))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
@_voices_option
def say(voice: str, text: str, out: Path, **options: Any) -> None:  # noqa: ANN401
    """Say a TEXT in a voice, without direction or mastering."""
    import soundfile

    from renderer.domain.voice import VoiceRef
    from renderer.ports import SpeechRequest

    try:
        ref = VoiceRef.parse(voice)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    book = _book(options["voices"])
    card = book.card(ref.name)
    locale = options["locale"] or (card.languages[0] if card.languages else "en-US")
    transcript = _transcript(text, locale, voice)
    request = SpeechRequest(
        transcript, speaker=ref.speaker, rate=options["rate"], seed=options["seed"]
    )
    speech = book.open(ref.name).speak([request])[0]
    if isinstance(speech, Exception):
        raise speech
    try:
        soundfile.write(
            out, speech.waveform.samples, speech.waveform.sample_rate, "PCM_24", format="WAV"
        )
    except (OSError, RuntimeError) as error:
        raise VoiceError(f"{out} cannot be written: {error}.") from error
    click.echo(f"{out}: {speech.waveform.duration_s:.2f} s, {len(speech.phones)} phonemes")


def _transcript(text: str, locale: str, voice: str) -> Any:  # noqa: ANN401 - heavy import
    from renderer.domain.utterance import Utterance
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber

    line = Utterance("say", locale, "", "", text, text, voice)
    transcript = EspeakTranscriber(Lexicon()).transcribe([line])[0]
    if isinstance(transcript, Exception):
        raise transcript
    return transcript
