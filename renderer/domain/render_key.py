"""The render key: a hash of every input of a request, and which input changed.

A key is built from named parts, each a digest of one input. Two keys with the same parts are the
same request, whoever asks, and the stored bytes are the answer. Parts that differ are the reason
why a line is stale. Attempts are no part: they follow from the key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any


class Part(StrEnum):
    """One input of a request."""

    TEXT = "text"
    LOCALE = "locale"
    DIRECTION = "direction"
    LEXICON = "lexicon"
    EMOTION_PROFILE = "emotion_profile"
    VOICE = "voice"
    SEED = "seed"
    RECORDING = "recording"
    MASTERING = "mastering"
    CODEC = "codec"
    VOICE_WEIGHTS = "voice_weights"
    ENGINE = "engine"
    TEXT_RULES = "text_rules"
    DIRECTION_STAGE = "direction_stage"
    MASTERING_STAGE = "mastering_stage"
    ENCODER = "encoder"


# What a person commits: computed from the manifests alone, with no engine installed.
INPUT_PARTS = frozenset(
    {
        Part.TEXT,
        Part.LOCALE,
        Part.DIRECTION,
        Part.LEXICON,
        Part.EMOTION_PROFILE,
        Part.VOICE,
        Part.SEED,
        Part.RECORDING,
        Part.MASTERING,
        Part.CODEC,
    }
)
# What the line itself says. A frozen line keeps its take whatever changes around it; a change of
# these lapses the freeze, for nobody ships an old text without knowing it.
OWN_PARTS = frozenset(
    {Part.TEXT, Part.LOCALE, Part.DIRECTION, Part.VOICE, Part.SEED, Part.RECORDING}
)
# What comes after the raw take: when only these change, the stored raw take is mastered again.
FINISHING_PARTS = frozenset({Part.MASTERING, Part.CODEC, Part.MASTERING_STAGE, Part.ENCODER})


def digest(value: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    """Return 16 hex digits of the SHA-256 of a value's canonical JSON.

    >>> digest({"b": 1, "a": "é"}) == digest({"a": "é", "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _hash(parts: Mapping[Part, str]) -> str:
    return hashlib.sha256(
        "\n".join(f"{part.value}={parts[part]}" for part in sorted(parts)).encode()
    ).hexdigest()


@dataclass(frozen=True)  # no slots: the digests below are computed once
class RenderKey:
    """Named digests of every input of one request.

    Attributes:
        parts: Part to its digest; a part that does not bear on the request is absent.
    """

    parts: Mapping[Part, str]

    @cached_property
    def hex(self) -> str:
        """The render key: 64 hex digits over all parts."""
        return _hash(self.parts)

    @cached_property
    def synthesis_hex(self) -> str:
        """64 hex digits over what the raw take depends on."""
        return _hash({p: d for p, d in self.parts.items() if p not in FINISHING_PARTS})

    @cached_property
    def input_digest(self) -> str:
        """64 hex digits over what people commit; needs no engine."""
        return _hash({p: d for p, d in self.parts.items() if p in INPUT_PARTS})

    def changed(self, old: Mapping[str, str]) -> tuple[Part, ...]:
        """Return the parts that differ from an older key's, in the order of `Part`.

        Args:
            old: Part name to digest, as stored.
        """
        return tuple(p for p in Part if self.parts.get(p, "") != old.get(p.value, ""))

    def plain(self) -> dict[str, str]:
        """Return part name to digest, for storage."""
        return {part.value: self.parts[part] for part in Part if part in self.parts}

    @classmethod
    def from_plain(cls, stored: Mapping[str, str]) -> RenderKey:
        """Rebuild a key from storage."""
        return cls({Part(name): value for name, value in stored.items()})


def attempt_seed(render_key: str, seed: int, attempt: int) -> int:
    """Return the random seed (32 bits) of one automatic attempt of a key.

    Args:
        render_key: The synthesis key in hex, so that a new mastering keeps the performance.
        seed: The writer's retake number.
        attempt: 1-based.
    """
    text = f"{render_key}:{seed}:{attempt}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big")
