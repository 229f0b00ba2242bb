"""espeak-ng through ctypes: one process-wide engine behind one lock.

espeak keeps its voice, its parameters and its clause buffer in C globals, so that two threads in
it at once mix their lines. Everything here that touches the library holds `_LOCK`. The library is
loaded from the `espeakng-loader` wheel; phonemizer works on a private copy of the file, so its
state is not ours.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.errors import SynthesisError, VoiceError

_LOCK = threading.RLock()

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples come through the callback
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 0x0001, 0x0002, 0x8000
_UTF8, _PHONEME_INPUT, _END_PAUSE = 1, 0x100, 0x1000  # never espeakSSML: text is data
_IPA = 2
_RATE_PARAMETER = 1
_EVENT_END, _EVENT_PHONEME = 0, 7
_POSITION_IS_CHARACTER = 1
_SEPARATOR = "·"
_MOST_SECONDS = 600


class _Id(ctypes.Union):
    _fields_ = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class PhonemeEvent:
    """One phoneme as espeak reports it.

    Attributes:
        ipa: IPA of at most 8 bytes, "" for a pause.
        sample: First sample of the phoneme.
        position: 0-based character of the spoken text it comes from.
    """

    ipa: str
    sample: int
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What came out of one call.

    Attributes:
        samples: int16 (T,).
        events: Phonemes in order.
    """

    samples: npt.NDArray[np.int16]
    events: tuple[PhonemeEvent, ...]


def _paths() -> tuple[Path, Path]:
    """Return the library and its data folder, both there.

    espeak ends the whole process when it finds no data, so this is checked before it is asked.
    """
    try:
        import espeakng_loader

        library = Path(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
    except (ImportError, RuntimeError, OSError) as error:
        raise VoiceError(
            "The formant voice needs espeak-ng; install it with `pip install espeakng-loader`."
        ) from error
    for needed in (library, data / "phontab", data / "phondata", data / "phonindex", data / "lang"):
        if not needed.exists():
            raise VoiceError(
                f"espeak-ng is incomplete: {needed} is missing; reinstall `espeakng-loader`."
            )
    return library, data


def data_folder() -> Path:
    """Return espeak's data folder.

    Raises:
        VoiceError: espeak-ng is not installed.
    """
    return _paths()[1]


def _open(library: Path) -> ctypes.CDLL:
    try:
        loaded = ctypes.CDLL(str(library))
    except OSError as error:
        raise VoiceError(f"{library} cannot be loaded on this machine: {error}.") from error
    loaded.espeak_Info.restype = ctypes.c_char_p
    loaded.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return loaded


def _close(library: ctypes.CDLL) -> None:
    if sys.platform == "win32":
        import _ctypes

        _ctypes.FreeLibrary(library._handle)
    else:
        from _ctypes import dlclose

        dlclose(library._handle)


def _has_started(library: ctypes.CDLL) -> bool:
    """Whether this copy of the code was used before: it then remembers a data folder."""
    home = ctypes.c_char_p()
    library.espeak_Info(ctypes.byref(home))
    return bool(home.value)


def _open_fresh() -> ctypes.CDLL:
    """Load the library with all its globals as the linker left them.

    Where somebody else in the process holds the same file, closing it does not unload it; a
    private copy of the file is loaded then.
    """
    path = _paths()[0]
    library = _open(path)
    if not _has_started(library):
        return library
    _close(library)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return _open(Path(shutil.copy(path, folder)))


@cache
def version() -> str:
    """Return espeak's version (`1.52.0`), without starting it."""
    with _LOCK:
        text: bytes = _open(_paths()[0]).espeak_Info(None)
    return text.split()[0].decode()


class Espeak:
    """The started engine. Get it by `engine()`.

    The pitch flutter, the phase of the voice and the noise of breathy variants go on from one call
    to the next, so that the same text never gave the same samples twice. Every `say` therefore
    starts on a freshly loaded library (0.7 ms).
    """

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._voice = ""
        self._chunks: list[npt.NDArray[np.int16]] = []
        self._events: list[PhonemeEvent] = []
        self._size = 0
        self._callback = _Callback(self._receive)  # kept alive: C holds the pointer
        self.sample_rate: int = self._restart()
        self.say("gmw/en", "a", 175)  # from here on `phonemes` reads `[[…]]`

    def _restart(self) -> int:
        if self._library is not None:
            self._library.espeak_Terminate()
            _close(self._library)
        self._library, self._voice = _open_fresh(), ""
        data = data_folder()
        flags = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), flags)
        if rate <= 0:
            raise VoiceError(f"espeak-ng did not start with its data in {data} (a path too long?).")
        self._library.espeak_SetSynthCallback(self._callback)
        return rate

    @property
    def _c(self) -> ctypes.CDLL:
        assert self._library is not None  # noqa: S101 - __init__ loads it
        return self._library

    def _receive(self, wave: Any, count: int, events: Any) -> int:  # noqa: ANN401 - ctypes pointers
        """Collect one buffer; 1 stops espeak."""
        if wave and count > 0:
            self._chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
            self._size += count
        index = 0
        while (event := events[index]).type != _EVENT_END:
            if event.type == _EVENT_PHONEME:
                ipa = bytes(event.id.string).decode("utf-8", "ignore")
                self._events.append(PhonemeEvent(ipa, event.sample, event.text_position - 1))
            index += 1
        return int(self._size > _MOST_SECONDS * self.sample_rate)

    def _use(self, voice: str) -> None:
        if voice == self._voice:
            return
        self._voice = ""
        if self._c.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SynthesisError(f"espeak-ng cannot load its voice {voice!r}.")
        self._voice = voice

    def say(self, voice: str, text: str, words_per_minute: int, seed: int = 0) -> Spoken:
        """Speak a text; `[[…]]` in it is phoneme mnemonics.

        Args:
            voice: Identifier of a language file, with `+variant` or without.
            text: What to say, without control characters.
            words_per_minute: 80–450; 175 is espeak's own rate.
            seed: Of the noise in breathy variants.

        Raises:
            SynthesisError: The voice cannot be loaded, or espeak refused the text.
        """
        data = text.encode() + b"\0"
        with _LOCK:
            self._restart()
            self._use(voice)
            self._seed(seed)
            self._c.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
            self._chunks, self._events, self._size = [], [], 0
            flags = _UTF8 | _PHONEME_INPUT | _END_PAUSE
            failed = self._c.espeak_Synth(
                data, len(data), 0, _POSITION_IS_CHARACTER, 0, flags, None, None
            )
            chunks, events = self._chunks, tuple(self._events)
        if failed or not chunks:
            raise SynthesisError(f"espeak-ng said nothing (code {failed}).")
        return Spoken(np.concatenate(chunks), events)

    def _seed(self, seed: int) -> None:
        """Restart espeak's random numbers, where its version can."""
        seeding: Callable[[int], int] | None = getattr(self._c, "espeak_ng_SetRandSeed", None)
        if seeding is not None:
            seeding(seed & 0x7FFFFFFF)

    def phonemes(self, voice: str, text: str, *, ipa: bool) -> list[str]:
        """Return what espeak would say for a text, one string per phoneme.

        Args:
            voice: Identifier of a language file.
            text: Text; `[[…]]` in it is phoneme mnemonics.
            ipa: IPA, or espeak's own mnemonics. Stress marks lead their vowel in both.
        """
        said = []
        with _LOCK:
            self._use(voice)
            for clause in self._clauses(text, _IPA if ipa else 0):
                said += [p for p in clause.replace(" ", _SEPARATOR).split(_SEPARATOR) if p]
        return said

    def _clauses(self, text: str, mode: int) -> Iterator[str]:
        """Yield one phoneme string per clause; the lock is held by the caller."""
        buffer = ctypes.create_string_buffer(text.encode())
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        mode |= ord(_SEPARATOR) << 8
        while rest.value:
            answer = self._c.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8 | _PHONEME_INPUT, mode)
            yield (answer or b"").decode("utf-8", "ignore")


@cache
def _started() -> Espeak:
    return Espeak()


def engine() -> Espeak:
    """Return the process's one engine, started.

    Raises:
        VoiceError: espeak-ng is not installed or not complete.
    """
    with _LOCK:
        return _started()
