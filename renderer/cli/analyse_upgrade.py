"""`barkline analyse upgrade`."""

from __future__ import annotations

import json
import shlex
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.bootstrap import House, SystemClock, open_house
from renderer.cli import show, walk
from renderer.cli.option import (
    build_option,
    json_option,
    project_argument,
    scope_of,
    scope_options,
)
from renderer.domain.voice import VoiceRef
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.analysis.upgrade import Comparison
    from renderer.bootstrap.upgrade import Wish

FORMAT, VERSION = "barkline-upgrade", 2
_SHOWN = 10
_WORSE = 1.0
SAME_NAME = (
    "The new model has the name of the old one, so it cannot be given to one character alone: add "
    "it under a name of its own (`barkline voices add`, `barkline voices install`), then compare "
    "again."
)
PROFILES = (
    "Profiles bear on every character: to take these, put them into the project folder as "
    "emotion_profiles.json."
)
ELSEWHERE = (
    "The new voice is only in the folder given with --voices; install it where the project finds "
    "voices (`barkline voices list`)."
)
OTHER_MODEL = (
    "The project finds another model under that name than the one in --voices that was heard: "
    "install the new one (`barkline voices add`, `barkline voices install`), under a name of its "
    "own if others are to keep the old one, then compare again."
)


def upgrade_file(build: Path) -> Path:
    """Return where the last upgrade of a build folder is recorded."""
    return build / "report" / "upgrade" / "upgrade.json"


@click.command(
    name="upgrade",
    epilog="Example: barkline analyse upgrade manifests/emberfall --voice-from hearth#finn "
    "--voice-to hearth#ewan --lines 12",
)
@project_argument
@build_option
@scope_options
@click.option("--voice-from", required=True, metavar="VOICE", help="The voice lines have now.")
@click.option("--voice-to", metavar="VOICE", help="The voice to try.  [default: --voice-from]")
@click.option(
    "--voices",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of voices that come before all others: for a new model of a voice.",
)
@click.option(
    "--profiles",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Other emotion profiles to try.",
)
@click.option("--lines", "most", type=click.IntRange(1), help="So many lines per character.")
@json_option
def command(project: Path, build: Path | None, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - click
    """Render the lines of a voice with another voice, model or profile beside their approved takes.

    The same stages are walked, and nothing is stored in the project. A page lets you hear both, the
    worst line first; exits with 1 when a line cannot be spoken or its first attempt is rejected (a
    render may try again).
    """
    from renderer.analysis.upgrade import plain, rank
    from renderer.bootstrap.analysis import require_analysis
    from renderer.bootstrap.upgrade import Wish, compare_lines

    require_analysis()
    wish = Wish(
        _voice(options["voice_from"]),
        _voice(options["voice_to"] or options["voice_from"]),
        options["voices"],
        options["profiles"],
        options["most"] or 0,
    )
    if wish.voice_to == wish.voice_from and not (wish.voices or wish.profiles):
        raise ConfigError("nothing to try: give --voice-to, --voices or --profiles.")
    house = open_house(walk.open_workspace(project, build))
    into = upgrade_file(house.workspace.build).parent
    with show.counting("render") as tell:
        lines = compare_lines(house, scope_of(options), wish, into, tell)
    ranked = rank(lines)
    document = _document(house, wish, lines, plain(ranked))
    page = _write(house, wish, into, document)
    bad = [c for c, _ in ranked if c.new.error or c.new.failed]
    if as_json:
        show.as_json({"page": str(page), **document})
        return 1 if bad else 0
    for line, worse in ranked[:_SHOWN]:
        if worse >= _WORSE:
            why = line.new.error or "; ".join(line.new.failed) or f"{worse:.1f} steps"
            click.echo(f"worse: {line.line_id} ({line.locale}): {why}")
    click.echo(
        f"{len(lines)} lines compared, {len(bad)} rejected at the first attempt or not spoken"
    )
    click.echo(str(page))
    return 1 if bad else 0


def _voice(text: str) -> str:
    try:
        return str(VoiceRef.parse(text))
    except ValueError as error:
        raise ConfigError(str(error)) from error


def model_of(house: House, voice: str) -> str:
    """Return which engine and model say what a voice says, as `engine/2 sha256`."""
    name = VoiceRef.parse(voice).name
    return f"{house.voices.engine_revision(name)} {house.voices.card(name).model_sha256}"


def _why_not(house: House, tried: House, wish: Wish) -> str:
    """Return why nothing can be promoted, or ""."""
    if wish.profiles:
        return PROFILES
    if wish.voice_from == wish.voice_to:
        return SAME_NAME
    if VoiceRef.parse(wish.voice_to).name not in house.voices.cards():
        return ELSEWHERE
    is_heard = model_of(house, wish.voice_to) == model_of(tried, wish.voice_to)
    return "" if is_heard else OTHER_MODEL


def _document(
    house: House, wish: Wish, lines: list[Comparison], rows: list[dict[str, object]]
) -> dict[str, Any]:
    from renderer.bootstrap.upgrade import other_house

    cast = house.workspace.project.characters
    tried = other_house(house, wish)
    why = _why_not(house, tried, wish)
    characters = sorted({c.character for c in lines if c.character in cast})
    return {
        "format": FORMAT,
        "version": VERSION,
        "voice_from": wish.voice_from,
        "voice_to": wish.voice_to,
        "model": model_of(tried, wish.voice_to),
        "characters": {} if why else {who: cast[who].fingerprint for who in characters},
        "why_not": why,
        "lines": rows,
    }


def _write(house: House, wish: Wish, into: Path, document: dict[str, Any]) -> Path:
    from renderer.report.upgrade_page import UpgradePage, write_upgrade
    from renderer.whole_file import write_whole

    rows, place = document["lines"], house.workspace
    text = json.dumps(document, ensure_ascii=False, indent=1)
    write_whole(into / "upgrade.json", (text + "\n").encode("utf-8", "replace"))
    worse = sum(row["worse_by"] >= _WORSE for row in rows)
    rejected = sum(bool(row["new"]["failed"] or row["new"]["error"]) for row in rows)
    where = f"{shlex.quote(str(place.project.root))} --build {shlex.quote(str(place.build))}"
    page = UpgradePage(
        project=place.project.name,
        written_at=SystemClock().now().astimezone(UTC).isoformat(timespec="seconds"),
        old=wish.voice_from,
        new=_new_name(wish),
        facts=(
            (str(len(rows)), "lines, old beside new"),
            (str(worse), "noticeably worse"),
            (str(rejected), "rejected at the first attempt, or not spoken"),
            (str(len({row["character"] for row in rows})), "characters"),
        ),
        lines=rows,
        promote={
            who: f"barkline analyse promote {where} --character {shlex.quote(who)}"
            for who in document["characters"]
        },
        why_not=document["why_not"],
    )
    return write_upgrade(page, into)


def _new_name(wish: Wish) -> str:
    beside = [str(p) for p in (wish.voices, wish.profiles) if p]
    return wish.voice_to + (f" of {', '.join(beside)}" if beside else "")
