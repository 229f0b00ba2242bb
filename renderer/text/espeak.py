"""The only door to phonemizer and espeak-ng.

espeak keeps its state in global variables, so every use stands behind one lock; each language has
one backend, with its own copy of the library, that lives as long as the process.

References:
    Bernard & Titeux (2021), "Phonemizer: Text to Phones Transcription for Multiple Languages in
    Python", JOSS 6(68). doi:10.21105/joss.03958
"""

from __future__ import annotations

import ctypes
import logging
import shutil
import tempfile
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from renderer.errors import TextError

# Asks espeak_Initialize to return an error where it would exit the process (speak_lib.h).
_DONT_EXIT = 0x8000
_AUDIO_OUTPUT_RETRIEVAL = 1

_lock = threading.Lock()
_backends: dict[str, Any] = {}

# BCP 47 tag, or its language, to espeak's name where the two differ.
_NAMES = {
    "en": "en-us", "en-us": "en-us", "en-gb": "en-gb", "en-au": "en-gb", "en-ie": "en-gb",
    "en-nz": "en-gb", "en-za": "en-gb", "en-in": "en-gb", "en-ca": "en-us",
    "en-gb-scotland": "en-gb-scotland", "fr": "fr-fr", "fr-ca": "fr-fr", "fr-lu": "fr-fr",
    "es-mx": "es-419", "es-ar": "es-419", "es-co": "es-419", "es-cl": "es-419", "es-us": "es-419",
    "pt": "pt", "no": "nb", "zh": "cmn", "zh-cn": "cmn", "zh-tw": "cmn", "zh-hk": "yue",
    "vi": "vi", "vi-vn": "vi", "fil": "", "tl": "",
}  # fmt: skip


@lru_cache(maxsize=1)
def _library() -> tuple[str, str]:
    """Find the library and its data, and make sure that espeak will not exit the process.

    Returns:
        Path of the library, path of the data.

    Raises:
        TextError: The wheel is missing or damaged.
    """
    try:
        import espeakng_loader

        library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError) as error:
        raise TextError(
            f"espeak-ng is not installed ({error}); install it with `pip install 'barkline[cpu]'`."
        ) from error
    if not Path(data, "phontab").is_file():
        raise TextError(f"{data} holds no espeak-ng data; reinstall the package espeakng-loader.")
    return library, data


@lru_cache(maxsize=1)
def version() -> str:
    """Return espeak-ng's own version ("1.52.0"), without starting it.

    Raises:
        TextError: The library cannot be loaded.
    """
    library, _ = _library()
    try:
        loaded = ctypes.CDLL(library)
        loaded.espeak_Info.restype = ctypes.c_char_p
        return str(loaded.espeak_Info(None).decode()).split()[0]
    except (OSError, AttributeError, IndexError) as error:
        raise TextError(
            f"{library} cannot be loaded ({error}); reinstall the package espeakng-loader."
        ) from error


def phonemizer_version() -> str:
    """Return phonemizer's major and minor version; its patches leave phonemes alone."""
    try:
        return ".".join(metadata.version("phonemizer").split(".")[:2])
    except metadata.PackageNotFoundError as error:
        raise TextError(
            "phonemizer is not installed; install it with `pip install 'barkline[cpu]'`."
        ) from error


@lru_cache(maxsize=1)
def _start() -> frozenset[str]:
    """Start espeak once and return the languages it knows."""
    library, data = _library()
    version()
    if not _reads_data(library, data):
        raise TextError(
            f"espeak-ng cannot read its data in {data}; reinstall the package espeakng-loader, in "
            "a folder with a shorter path if the path is very long."
        )
    try:
        from phonemizer.backend import EspeakBackend
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        EspeakWrapper.set_library(library)
        EspeakWrapper.set_data_path(data)
        return frozenset(EspeakBackend.supported_languages())
    except (ImportError, RuntimeError, OSError) as error:
        raise TextError(f"phonemizer cannot start espeak-ng: {error}") from error


def _reads_data(library: str, data: str) -> bool:
    """Whether espeak starts; tried on a copy, because the library may be in use elsewhere."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = shutil.copy(library, folder)
        probe = ctypes.CDLL(copy)
        return bool(
            probe.espeak_Initialize(_AUDIO_OUTPUT_RETRIEVAL, 0, data.encode(), _DONT_EXIT) > 0
        )


def language(locale: str) -> str:
    """Return espeak's language for a BCP 47 tag.

    Raises:
        TextError: espeak does not know the language; the message names those it knows.

    >>> language("en-US"), language("fr-FR"), language("de-AT"), language("pt-BR")
    ('en-us', 'fr-fr', 'de', 'pt-br')
    """
    with _lock:
        known = _start()
    tag = locale.replace("_", "-").lower()
    base = tag.split("-")[0]
    for name in (_NAMES.get(tag), tag, _NAMES.get(base), base):
        if name and name in known:
            return name
    near = sorted({k for k in known if len(k.split("-")[0]) <= 3})  # noqa: PLR2004 - ISO 639
    raise TextError(f"No phonemes for locale {locale!r}. espeak-ng knows: {', '.join(near)}.")


def phonemise(texts: Sequence[str], language_name: str) -> list[list[str]]:
    """Return the IPA of texts, one list of espeak's words per text.

    espeak joins some words ("of the") and splits others; `alignment` finds out which.

    Args:
        texts: Words without punctuation.
        language_name: As `language` returns it.

    Raises:
        TextError: espeak failed.
    """
    from phonemizer.separator import Separator

    separator = Separator(phone="", syllable="", word=" ")
    with _lock:
        _start()
        backend = _backend(language_name)
        try:
            lines = backend.phonemize(list(texts), separator=separator, strip=True, njobs=1)
        except (RuntimeError, ValueError, OSError) as error:
            raise TextError(f"espeak-ng failed: {error}") from error
    if len(lines) != len(texts):
        raise TextError(f"espeak-ng gave {len(lines)} answers to {len(texts)} texts.")
    return [_clean(line) for line in lines]


def _backend(language_name: str) -> Any:  # noqa: ANN401 - phonemizer has no types
    if language_name not in _backends:
        from phonemizer.backend import EspeakBackend

        quiet = logging.getLogger("barkline.phonemizer")
        quiet.setLevel(logging.ERROR)
        _backends[language_name] = EspeakBackend(
            language_name, with_stress=True, language_switch="remove-flags", logger=quiet
        )
    return _backends[language_name]


def _clean(line: str) -> list[str]:
    """Cut a line at spaces; liaison hyphens and joiners are no phonemes."""
    bare = line.replace("-", "").replace("\u200d", "").replace("͡", "")
    return bare.split()
