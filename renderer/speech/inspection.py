"""Whether the files of installed voices are what their cards say; no engine is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from renderer.domain.voice import VoiceCard
from renderer.errors import InputError, VoiceError
from renderer.ports import VoiceFacts
from renderer.speech import card as card_file
from renderer.speech import fastpitch, formant, piper
from renderer.speech.fastpitch_folder import read_contents


def inspect_voices(folders: Sequence[Path]) -> list[VoiceFacts]:
    """Look at every voice of some folders; each is looked at, whatever the others are.

    Args:
        folders: As for `Voices`; of two voices of one name the first folder's counts.
    """
    cards: dict[str, VoiceCard] = {}
    found: list[VoiceFacts] = []
    for path in card_file.card_paths(folders):
        try:
            card = card_file.read_card(path)
        except InputError as error:
            why = str(error.faults[0]) if error.faults else str(error)
            found.append(VoiceFacts(path.as_posix(), why))
            continue
        cards.setdefault(card.name, card)
    cards[formant.NAME] = formant.formant_card()
    return [*found, *(VoiceFacts(name, _fault(card, cards)) for name, card in cards.items())]


def _fault(card: VoiceCard, cards: Mapping[str, VoiceCard]) -> str:
    """Return what is wrong with the files of a voice, or ""."""
    try:
        if card.engine == piper.NAME:
            return _piper_fault(card)
        if card.engine == fastpitch.NAME:
            return _fastpitch_fault(card, cards)
    except VoiceError as error:
        return str(error)
    known = card.engine == formant.NAME
    return "" if known else f"it needs the engine {card.engine!r}, which this version lacks"


def _piper_fault(card: VoiceCard) -> str:
    folder = Path(card.folder)
    if not (folder / piper.CONFIG).is_file():
        return f"{piper.CONFIG} is missing"
    return _file_fault(folder / piper.MODEL, card.model_sha256)


def _fastpitch_fault(card: VoiceCard, cards: Mapping[str, VoiceCard]) -> str:
    voice = read_contents(card)
    if voice.base is not None:
        base = cards.get(voice.base.voice)
        if base is None:
            return f"it builds on {voice.base.voice!r}, which is not installed"
        is_same = base.model_sha256 == voice.base.sha256
        return "" if is_same else f"it was made for another version of {voice.base.voice!r}"
    folder = Path(card.folder)
    faults = [_file_fault(folder / name, sha256) for name, sha256 in voice.files.items()]
    return next(filter(None, faults), "")


def _file_fault(path: Path, sha256: str) -> str:
    if not path.is_file():
        return f"{path.name} is missing"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return "" if digest == sha256 else f"{path.name} is another file than its card was made for"
