"""The installed voices: the built-in one and a folder per voice."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from renderer.domain.voice import VoiceCard
from renderer.errors import ModelRefusedError, UnknownVoiceError, VoiceError
from renderer.ports import Synthesiser
from renderer.speech import card as card_file
from renderer.speech import fastpitch, fastpitch_folder, formant, piper
from renderer.speech.file_stamp import FileStamp, check_unchanged
from renderer.speech.model_cache import ModelCache
from renderer.speech.onnx_session import ANY_GPU, Gpu

CACHE_MB = 2_048


class Voices:
    """The voices of some folders, found when first asked for and loaded when first opened.

    Each sub-folder with a `card.yaml` or `card.json` is a voice. When two folders hold one of the
    same name, the first folder wins. The formant voice is always there.

    Loaded voices are kept as long as memory allows. A voice whose files are changed while the
    process runs is refused from then on: its cards and keys are those of the files it began with.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        threads: int = 0,
        use_cuda: bool | None = None,
        gpu: Gpu = ANY_GPU,
        cache_mb: int = CACHE_MB,
    ) -> None:
        """Take the folders; nothing is read yet.

        Args:
            folders: Where voices are looked for; missing folders are no fault.
            threads: Lines rendered at the same time on the CPU; 0 is one per core.
            use_cuda: True: on a GPU or not at all; False: never; None: where there is one.
            gpu: How the GPU is used.
            cache_mb: MiB that loaded voices may take; those in use are never unloaded.
        """
        self._folders = tuple(folders)
        self._threads = threads
        self._use_cuda = use_cuda
        self._gpu = gpu
        self._cards: Mapping[str, VoiceCard] | None = None
        self._cache = ModelCache(cache_mb)
        self._stamps: dict[str, tuple[FileStamp, ...]] = {}
        self._lock = threading.Lock()

    @property
    def cached_bytes(self) -> int:
        """What the loaded voices take in memory, estimated."""
        return self._cache.bytes

    @property
    def loaded(self) -> tuple[str, ...]:
        """The loaded voices, the one not used for longest first."""
        return self._cache.names

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
            ModelRefusedError: The files are not what the card says, or were changed since they
                were first used.
            VoiceError: A GPU was asked for and there is none, or memory ran out.
        """
        card = self.card(name)
        try:
            check_unchanged(name, self._stamped(card))
        except ModelRefusedError:
            self._cache.drop(name)
            raise
        try:
            voice = self._cache.get(name, lambda: self._load(card))
        except VoiceError:  # nothing was loaded: the files may be put right
            with self._lock:
                self._stamps.pop(name, None)
            raise
        if isinstance(voice, fastpitch.FastPitchVoice) and voice.base is not None:
            self.open(voice.base.card.name)  # its files have to be unchanged too
        return voice

    def _stamped(self, card: VoiceCard) -> tuple[FileStamp, ...]:
        """Return a voice's files as they were when it was first opened."""
        with self._lock:
            if card.name not in self._stamps:
                self._stamps[card.name] = tuple(FileStamp(path) for path in _files(card))
            return self._stamps[card.name]

    def _load(self, card: VoiceCard) -> Synthesiser:
        self.engine_revision(card.name)  # refuses unknown engines
        if card.engine == formant.NAME:
            return formant.FormantVoice()
        if card.engine == fastpitch.NAME:
            return fastpitch_folder.load(
                card, self, threads=self._threads, use_cuda=self._use_cuda, gpu=self._gpu
            )
        return piper.PiperVoice.load(
            card, threads=self._threads, use_cuda=self._use_cuda, gpu=self._gpu
        )


def _files(card: VoiceCard) -> tuple[Path, ...]:
    """Return the files a voice's sound depends on."""
    if card.engine == fastpitch.NAME:
        return fastpitch_folder.files(card)
    return piper.files(card) if card.engine == piper.NAME else ()
