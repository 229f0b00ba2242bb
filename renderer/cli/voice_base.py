"""What a new voice is begun from, held against and called: asked of the installed voices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import config
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.domain.voice import VoiceCard
    from renderer.ports import VoiceBook
    from renderer.training.base import Base
    from renderer.training.character_check import CastMember

WEIGHTS = "weights.safetensors"


def require_free(name: str, out: Path, book: VoiceBook, *, replaces: bool) -> None:
    """Refuse a name that is taken.

    Raises:
        ConfigError: A voice of that name is among the installed ones, or lies where it would go.
    """
    is_there = (out / name).exists()
    taken = book.cards().get(name)
    if taken is not None and not taken.folder:
        raise ConfigError(f"{name!r} is a voice that is always there; choose another name.")
    if (is_there or taken is not None) and not replaces:
        where = out / name if is_there else Path(taken.folder if taken else "")
        raise ConfigError(
            f"There is a voice {name!r} already ({where}); choose another name, or replace it "
            "knowingly (--replace)."
        )
    if is_there and not (out / name / "card.yaml").is_file():
        raise ConfigError(
            f"{out / name} is no voice (it has no card.yaml), so it is not replaced; choose "
            "another name, or move it away yourself."
        )


def base_of(
    asked: str | None, vocoder: Path | None, book: VoiceBook
) -> tuple[Base, VoiceCard | None]:
    """Return what is begun from, and its card where it is an installed voice.

    Raises:
        ConfigError: There is nothing to begin from, or it is not clear from what.
    """
    from renderer.training.base import Base

    found = {n: w for n, card in book.cards().items() if (w := _weights(card)) is not None}
    if asked is None:
        shipped = config.assets_dir() / "voices"
        own = [n for n, path in found.items() if path.is_relative_to(shipped)]
        names = own if len(own) == 1 else list(found)
        if len(names) != 1:
            which = f"say which of {', '.join(found)}" if found else "give a weights file or run"
            raise ConfigError(f"There is no one voice to begin from: {which} with --base.")
        asked = names[0]
    if asked in found:
        return Base.load(found[asked]), book.card(asked)
    if not Path(asked).exists():
        known = f" Installed voices with weights: {', '.join(found)}." if found else ""
        raise ConfigError(f"{asked} is no voice with weights and no file or run.{known}")
    return Base.load(Path(asked), vocoder), None


def _weights(card: VoiceCard) -> Path | None:
    """Return the file a voice can be fine-tuned from: in its folder, or beside it."""
    if not card.folder:
        return None
    folder = Path(card.folder)
    places = (folder / WEIGHTS, folder.with_name(f"{folder.name}.safetensors"))
    return next((path for path in places if path.is_file()), None)


def cast_of(asked: Sequence[str], card: VoiceCard | None, book: VoiceBook) -> list[CastMember]:
    """Return the voices it is held against: those asked for, or the speakers of the base."""
    from renderer.domain.voice import VoiceRef
    from renderer.training.character_check import CastMember

    if not asked and card is not None:
        asked = [f"{card.name}#{speaker}" for speaker in card.speakers] or [card.name]
    try:
        refs = [VoiceRef.parse(text) for text in asked]
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return [CastMember(str(ref), book.open(ref.name), ref.speaker) for ref in refs]
