"""Installing a voice from a catalogue: pinned addresses, sizes and hashes.

A catalogue is a YAML or JSON file:

    voices:
      - name: example            # the name manifests will use
        model:  {url: "https://…/voice.onnx",      sha256: <64 hex digits>, size: 63201294}
        config: {url: "https://…/voice.onnx.json", sha256: <64 hex digits>, size: 4885}
        licence: CC-BY-4.0       # "" when unknown
        may_publish: true
        source: where the voice and its training data come from
        attribution: what has to be shipped with it
"""

from __future__ import annotations

import difflib
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.errors import Fault, InputError, UnknownVoiceError
from renderer.speech.add import Rights, add_voice
from renderer.speech.download import Progress, fetch
from renderer.speech.onnx_file import MOST_BYTES
from renderer.speech.piper_config import MOST_BYTES as MOST_CONFIG_BYTES

_MOST_CATALOGUE = 8 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("licence", "source", "attribution")
_KEYS = {"name", "model", "config", "may_publish", *_TEXTS}


@dataclass(frozen=True, slots=True)
class Remote:
    """One file somewhere else.

    Attributes:
        url: https address.
        sha256: 64 hex digits.
        size: Bytes.
    """

    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One voice of a catalogue.

    Attributes:
        name: The name manifests will use.
        model: The `.onnx`.
        config: The `.onnx.json`.
        rights: What the catalogue says about licence and source.
    """

    name: str
    model: Remote
    config: Remote
    rights: Rights


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []

    def fault(self, field: str, problem: str, fix: str) -> None:
        self.faults.append(Fault(self.path.as_posix(), 0, field, problem, fix, "catalogue"))

    def entry(self, raw: Any, at: str) -> Entry | None:  # noqa: ANN401 - whatever YAML holds
        before = len(self.faults)
        if not isinstance(raw, dict):
            self.fault(at, "An entry is no mapping.", "Write `name: …` and so on.")
            return None
        for key in sorted(set(map(str, raw)) - _KEYS):
            self.fault(f"{at}.{key}", "Unknown field.", f"Known are {', '.join(sorted(_KEYS))}.")
        name = raw.get("name")
        if not isinstance(name, str) or not _is_name(name):
            self.fault(f"{at}.name", "No valid name.", "Use letters, digits, `_`, `.` and `-`.")
        model = self.remote(raw.get("model"), f"{at}.model", MOST_BYTES)
        config = self.remote(raw.get("config"), f"{at}.config", MOST_CONFIG_BYTES)
        rights = self.rights(raw, at)
        if len(self.faults) > before or model is None or config is None:
            return None
        return Entry(str(name), model, config, rights)

    def remote(self, raw: Any, at: str, most: int) -> Remote | None:  # noqa: ANN401
        if not isinstance(raw, dict) or set(raw) != {"url", "sha256", "size"}:
            self.fault(at, "No file.", "Give exactly `url`, `sha256` and `size`.")
            return None
        url, sha256, size = raw["url"], raw["sha256"], raw["size"]
        if not isinstance(url, str) or not url.startswith("https://"):
            self.fault(f"{at}.url", "No https address.", "Voices are fetched over HTTPS alone.")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            self.fault(f"{at}.sha256", "No SHA-256.", "Give 64 lower-case hex digits, in quotes.")
        if type(size) is not int or not 0 < size <= most:
            self.fault(f"{at}.size", "No valid size.", f"Give the bytes, at most {most}.")
            return None
        return Remote(str(url), str(sha256), size)

    def rights(self, raw: Mapping[str, Any], at: str) -> Rights:
        texts = {key: raw.get(key, "") for key in _TEXTS}
        for key, value in texts.items():
            if not isinstance(value, str):
                self.fault(f"{at}.{key}", "No text.", "Put it in quotes.")
        may_publish = raw.get("may_publish", False)
        if type(may_publish) is not bool or (may_publish and not texts["licence"]):
            self.fault(f"{at}.may_publish", "Not allowed.", "Only true with a `licence`.")
        licence, source, attribution = (str(texts[key]) for key in _TEXTS)
        return Rights(licence, may_publish is True, source, attribution)


def _is_name(name: str) -> bool:
    try:
        return VoiceRef.parse(name) == (name, "")
    except ValueError:
        return False


def read_catalogues(paths: Sequence[Path]) -> dict[str, Entry]:
    """Read catalogues; of two voices of one name the first file's counts.

    Raises:
        InputError: A catalogue is wrong; all faults of all of them.
    """
    entries: dict[str, Entry] = {}
    faults: list[Fault] = []
    for path in paths:
        reader = _Reader(path)
        for number, raw in enumerate(_load(reader)):
            entry = reader.entry(raw, f"voices[{number}]")
            if entry is not None:
                entries.setdefault(entry.name, entry)
        faults += reader.faults
    if faults:
        raise InputError(f"{len(faults)} faults in voice catalogues.", faults)
    return entries


def _load(reader: _Reader) -> list[Any]:
    try:
        if reader.path.stat().st_size > _MOST_CATALOGUE:
            raise ValueError("it is too big")
        values = yaml.safe_load(reader.path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reader.fault("", f"The catalogue cannot be read: {str(error)[:200]}.", "Correct the file.")
        return []
    voices = values.get("voices") if isinstance(values, dict) else None
    if not isinstance(voices, list):
        reader.fault("voices", "There is no list of voices.", "Write `voices: []` or entries.")
        return []
    return voices


def install_voice(
    name: str,
    catalogue: Mapping[str, Entry],
    into: Path,
    *,
    progress: Progress = lambda _have, _size: None,
    timeout_s: float = 30.0,
    context: ssl.SSLContext | None = None,
) -> VoiceCard:
    """Fetch a catalogue's voice and add it.

    An interrupted download is kept in `into` and resumed by the next call.

    Args:
        name: Of the voice.
        catalogue: From `read_catalogues`.
        into: Folder of voices; made when missing.
        progress: Called with (bytes so far, bytes in all) of the file that is coming.
        timeout_s: Longest silence of the server.
        context: Trusted certificates, the system's by default.

    Raises:
        UnknownVoiceError: The catalogue has no such voice.
        VoiceError: The server fails, or the name is taken.
        ModelRefusedError: The files are not what the catalogue promises, or are hostile.
    """
    if name not in catalogue:
        near = difflib.get_close_matches(name, catalogue, 3) or sorted(catalogue)[:5]
        raise UnknownVoiceError(
            f"No catalogue has a voice {name!r}; there are: {', '.join(near) or 'none'}. Give "
            "another catalogue, or add local files with `barkline voices add`."
        )
    entry = catalogue[name]
    downloads = into / ".downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    files = []
    for remote in (entry.config, entry.model):
        part = downloads / f"{remote.sha256}.part"
        files.append(
            fetch(
                remote.url,
                part,
                sha256=remote.sha256,
                size=remote.size,
                progress=progress,
                timeout_s=timeout_s,
                context=context,
            )
        )
    config, model = files
    card = add_voice(model, config, into, name, entry.rights, entry.model.sha256)
    for part in files:
        part.unlink(missing_ok=True)
    return card
