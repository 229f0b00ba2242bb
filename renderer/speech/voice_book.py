"""The installed voices: the built-in one and a folder per voice."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from renderer.domain.voice import VoiceCard
from renderer.errors import UnknownVoiceError, VoiceError
from renderer.ports import Synthesiser
from renderer.speech import card as card_file
from renderer.speech import fastpitch, fastpitch_folder, formant, piper


class Voices:
    """The voices of some folders, found when first asked for and loaded when first opened.

    Each sub-folder with a `card.yaml` or `card.json` is a voice. When two folders hold one of the
    same name, the first folder wins. The formant voice is always there.
    """

    def __init__(
        self, folders: Sequence[Path], *, threads: int = 0, use_cuda: bool | None = None
    ) -> None:
        """Take the folders; nothing is read yet.

        Args:
            folders: Where voices are looked for; missing folders are no fault.
            threads: Lines rendered at the same time on the CPU; 0 is one per core.
            use_cuda: True: on a GPU or not at all; False: never; None: where there is one.
        """
        self._folders = tuple(folders)
        self._threads = threads
        self._use_cuda = use_cuda
        self._cards: Mapping[str, VoiceCard] | None = None
        self._open: dict[str, Synthesiser] = {}
        self._lock = threading.Lock()

    def cards(self) -> Mapping[str, VoiceCard]:
        """Return every installed voice by name.

        Raises:
            InputError: A card is wrong; all faults of all cards.
        """
        if self._cards is None:
            found = card_file.read_folders(self._folders)
            found[formant.NAME] = formant.formant_card()
            self._cards = MappingProxyType(dict(sorted(found.items())))
        return self._cards

    def card(self, name: str) -> VoiceCard:
        """Return one card.

        Raises:
            UnknownVoiceError: No voice has that name; the message lists near ones.
        """
        cards = self.cards()
        if name not in cards:
            near = difflib.get_close_matches(name, cards, 3) or list(cards)[:5]
            raise UnknownVoiceError(
                f"There is no voice {name!r}; installed are, for example, {', '.join(near)}. "
                "Add one with `barkline voices add` or `barkline voices install`."
            )
        return cards[name]

    def engine_revision(self, name: str) -> str:
        """Return the declared revision of the voice's engine, for the render key.

        Raises:
            UnknownVoiceError: No voice has that name.
            VoiceError: The voice's engine is not one of ours.
        """
        engine = self.card(name).engine
        if engine == formant.NAME:
            return formant.revision()
        if engine == "piper":
            return piper.revision(self.card(name))
        if engine == fastpitch.NAME:
            return fastpitch.REVISION
        raise VoiceError(f"Voice {name!r} needs the engine {engine!r}, which this version lacks.")

    def open(self, name: str) -> Synthesiser:
        """Load a voice, or return it when it is loaded.

        Raises:
            UnknownVoiceError: No voice has that name.
            ModelRefusedError: The files are not what the card says.
        """
        with self._lock:
            return self._opened(name)

    def _opened(self, name: str) -> Synthesiser:
        if name not in self._open:
            self._open[name] = self._load(self.card(name))
        return self._open[name]

    def _load(self, card: VoiceCard) -> Synthesiser:
        self.engine_revision(card.name)  # refuses unknown engines
        if card.engine == formant.NAME:
            return formant.FormantVoice()
        if card.engine == fastpitch.NAME:
            return fastpitch_folder.load(
                card, self._opened, threads=self._threads, use_cuda=self._use_cuda
            )
        return piper.PiperVoice.load(card, threads=self._threads, use_cuda=self._use_cuda)
