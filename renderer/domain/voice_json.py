"""Reading and writing `voice.json`; what is read is not trusted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from renderer.domain.speaker import VECTOR_SIZE, Speaker
from renderer.domain.voice import VoiceRef
from renderer.domain.voice_model import (
    FORMAT,
    GRAPHS,
    REVISION,
    Base,
    Blend,
    VoiceModel,
    wrong,
)

MOST_BYTES = 4 << 20
_MOST_SPEAKERS, _MOST_SYMBOLS, _MOST_LANGUAGES = 4_096, 1_024, 64
_MOST_PARTS = 8
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_NORM_WITHIN = 1e-3
# What each number of a speaker may be; beyond it a file is damaged or hostile.
_BOUNDS = {
    "mean_pitch_st": (-24.0, 48.0),
    "mean_energy_db": (-120.0, 120.0),
    "rate": (0.5, 2.0),
    "pitch_st": (-24.0, 24.0),
}
_DEFAULTS = {"rate": 1.0, "pitch_st": 0.0}


# -- writing ---------------------------------------------------------------------------------------


def voice_model_text(model: VoiceModel) -> str:
    """Return the text of `voice.json`: the same for the same voice.

    Raises:
        ModelRefusedError: `read_voice_model` would refuse it.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "revision": REVISION,
        "variation": model.variation,
        "speakers": {name: _speaker_document(s) for name, s in sorted(model.speakers.items())},
    }
    document["speakers"] |= {name: _blend_document(b) for name, b in sorted(model.blends.items())}
    if model.base is not None:
        document["base"] = {"voice": model.base.voice, "sha256": model.base.sha256}
    else:
        document["mel"] = {
            "sample_rate": model.sample_rate,
            "hop_length": model.hop_length,
            "n_mels": model.n_mels,
        }
        document["languages"] = list(model.languages)
        document["emotions"] = list(model.emotions)
        document["inventory"] = {"revision": model.inventory, "symbols": list(model.symbols)}
        document["files"] = dict(sorted(model.files.items()))
    try:
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise wrong("a number is not finite") from error
    read_voice_model(text.encode())
    return text


def _speaker_document(speaker: Speaker) -> dict[str, Any]:
    # Eight digits are more than float32 has.
    return {
        "vector": [round(x, 8) for x in speaker.vector],
        "mean_pitch_st": round(speaker.mean_pitch_st, 4),
        "mean_energy_db": round(speaker.mean_energy_db, 4),
        "rate": speaker.rate,
        "pitch_st": speaker.pitch_st,
    }


def _blend_document(mix: Blend) -> dict[str, Any]:
    return {"parts": dict(sorted(mix.parts.items())), "rate": mix.rate, "pitch_st": mix.pitch_st}


# -- reading ---------------------------------------------------------------------------------------


def read_voice_model(data: bytes) -> VoiceModel:
    """Read `voice.json`.

    Raises:
        ModelRefusedError: It is no such file, of a newer revision, or holds what cannot be.
    """
    values = _parse(data)
    if values.get("format") != FORMAT:
        raise wrong(f"it is no {FORMAT}")
    if values.get("revision") != REVISION:
        raise wrong(
            f"it has revision {values.get('revision')!r} and this Barkline reads {REVISION}; "
            "install the Barkline that wrote it"
        )
    speakers, blends = _speakers(_mapping(values, "speakers"))
    variation = _number(values, "variation", 0.0, 2.0, default=0.0)
    if "base" in values:
        return VoiceModel(speakers, blends, _base(values), variation=variation)
    if not speakers:
        raise wrong("it has no speaker with a vector")
    mel, inventory = _mapping(values, "mel"), _mapping(values, "inventory")
    revision = inventory.get("revision")
    if not isinstance(revision, str):
        raise wrong("`inventory.revision` is no text")
    return VoiceModel(
        speakers,
        blends,
        files=_files(_mapping(values, "files")),
        symbols=_names(inventory, "symbols", _MOST_SYMBOLS),
        languages=_languages(values),
        emotions=_names(values, "emotions", _MOST_LANGUAGES),
        inventory=revision,
        sample_rate=_whole(mel, "sample_rate", 8_000, 96_000),
        hop_length=_whole(mel, "hop_length", 16, 4_096),
        n_mels=_whole(mel, "n_mels", 16, 512),
        variation=variation,
    )


def _parse(data: bytes) -> Mapping[str, Any]:
    if len(data) > MOST_BYTES:
        raise wrong(f"it is bigger than {MOST_BYTES >> 20} MiB")
    try:
        values = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise wrong(f"it is no JSON ({str(error)[:80]})") from error
    if not isinstance(values, dict):
        raise wrong("it is no mapping")
    return values


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    if not isinstance(section, dict):
        raise wrong(f"`{name}` is no mapping")
    return section


def _number(
    values: Mapping[str, Any], name: str, low: float, high: float, default: float | None = None
) -> float:
    value = values.get(name, default)
    if type(value) not in (int, float) or not low <= value <= high:
        raise wrong(f"`{name}` has to be a number from {low:g} to {high:g}")
    return float(value)


def _whole(values: Mapping[str, Any], name: str, low: int, high: int) -> int:
    if type(values.get(name)) is not int:
        raise wrong(f"`{name}` has to be a whole number")
    return int(_number(values, name, low, high))


def _names(values: Mapping[str, Any], name: str, most: int) -> tuple[str, ...]:
    names = values.get(name)
    if not isinstance(names, list) or not 0 < len(names) <= most:
        raise wrong(f"`{name}` has to be a list of 1 to {most}")
    if not all(isinstance(n, str) and 0 < len(n) <= 16 for n in names):  # noqa: PLR2004
        raise wrong(f"`{name}` has an entry that is no short text")
    if len(set(names)) != len(names):
        raise wrong(f"`{name}` has an entry twice")
    return tuple(names)


def _languages(values: Mapping[str, Any]) -> tuple[str, ...]:
    codes = _names(values, "languages", _MOST_LANGUAGES)
    if not all(_LANGUAGE.fullmatch(code) for code in codes):
        raise wrong("`languages` has an entry that is no language code")
    return codes


def _files(files: Mapping[str, Any]) -> dict[str, str]:
    if set(files) != set(GRAPHS):
        raise wrong(f"`files` has to name {', '.join(GRAPHS)}")
    if not all(isinstance(h, str) and _SHA256.fullmatch(h) for h in files.values()):
        raise wrong("`files` has a value that is no SHA-256")
    return dict(files)


def _base(values: Mapping[str, Any]) -> Base:
    base = _mapping(values, "base")
    voice, sha256 = base.get("voice"), base.get("sha256")
    if not isinstance(voice, str) or not _is_name(voice):
        raise wrong("`base.voice` is no name of a voice")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise wrong("`base.sha256` is no SHA-256")
    return Base(voice, sha256)


def _is_name(name: str) -> bool:
    try:
        return VoiceRef.parse(name) == (name, "")
    except ValueError:
        return False


def _speakers(raw: Mapping[str, Any]) -> tuple[dict[str, Speaker], dict[str, Blend]]:
    if not 0 < len(raw) <= _MOST_SPEAKERS:
        raise wrong(f"`speakers` has {len(raw)} entries; 1 to {_MOST_SPEAKERS} are allowed")
    speakers: dict[str, Speaker] = {}
    blends: dict[str, Blend] = {}
    for name, values in raw.items():
        if not _is_name(name) or not isinstance(values, dict):
            raise wrong(f"the speaker {name[:20]!r} has no usable name or is no mapping")
        if "parts" in values:
            blends[name] = _blend(name, values)
        else:
            speakers[name] = _speaker(name, values)
    return speakers, blends


def _speaker(name: str, values: Mapping[str, Any]) -> Speaker:
    vector = values.get("vector")
    if not isinstance(vector, list) or len(vector) != VECTOR_SIZE:
        raise wrong(f"the vector of {name!r} has not {VECTOR_SIZE} numbers")
    if not all(type(x) in (int, float) and abs(x) <= 1.0 + _NORM_WITHIN for x in vector):
        raise wrong(f"the vector of {name!r} has an entry that is no number from −1 to 1")
    if abs(math.hypot(*vector) - 1.0) > _NORM_WITHIN:
        raise wrong(f"the vector of {name!r} is not of length 1")
    numbers = {
        key: _number(values, key, *bounds, default=_DEFAULTS.get(key))
        for key, bounds in _BOUNDS.items()
    }
    return Speaker(tuple(float(x) for x in vector), **numbers)


def _blend(name: str, values: Mapping[str, Any]) -> Blend:
    parts = values["parts"]
    if "vector" in values or not isinstance(parts, dict) or not 0 < len(parts) <= _MOST_PARTS:
        raise wrong(f"{name!r} needs either a vector or 1 to {_MOST_PARTS} parts")
    weights = {str(part): _number(parts, part, 1e-6, 1e6) for part in parts}
    rate, shift = (
        _number(values, key, *_BOUNDS[key], default=_DEFAULTS[key]) for key in ("rate", "pitch_st")
    )
    return Blend(weights, rate, shift)
