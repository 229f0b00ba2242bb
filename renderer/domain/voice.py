"""What a voice is, apart from what a request asks of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NamedTuple

ENGINES = ("fastpitch", "formant", "piper")
RECORDING = "recording"  # engine and voice of what a person has said
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}")


class VoiceRef(NamedTuple):
    """A voice as a manifest names it: `name` or `name#speaker`."""

    name: str
    speaker: str

    @classmethod
    def parse(cls, text: str) -> VoiceRef:
        """Read `name` or `name#speaker`.

        Raises:
            ValueError: The text is neither.

        >>> VoiceRef.parse("formant#f3")
        VoiceRef(name='formant', speaker='f3')
        """
        name, _, speaker = text.partition("#")
        if not _NAME.fullmatch(name) or ("#" in text and not _NAME.fullmatch(speaker)):
            raise ValueError(f"{text!r} is no voice reference (name or name#speaker)")
        return cls(name, speaker)

    def __str__(self) -> str:
        return f"{self.name}#{self.speaker}" if self.speaker else self.name


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """Everything known about one installed voice.

    Attributes:
        name: The name manifests use.
        engine: `piper`, `formant`, …
        model_sha256: Hash of the weights; for an engine without weights, of its own data.
        languages: BCP 47 tags or bare language codes; empty means every language of the engine.
        speakers: Speaker name to id; empty for one speaker.
        sample_rate: Hz.
        licence: SPDX expression or a short name; "" when unknown.
        may_publish: Whether assets made with it may be shipped.
        source: Where the voice and its training data come from.
        attribution: Text that has to be shipped with it, or "".
        consent_ref: Reference of the speaker's consent, or "".
        consent_expires: Day after which it may not be published, or None.
        batchable: False when the model's output rows are not its input rows.
        has_durations: Whether per-phoneme durations come from the model itself.
        folder: Folder that holds the files, or "" for a built-in voice.
    """

    name: str
    engine: str
    model_sha256: str
    languages: tuple[str, ...] = ()
    speakers: Mapping[str, int] = field(default_factory=dict)
    sample_rate: int = 22_050
    licence: str = ""
    may_publish: bool = False
    source: str = ""
    attribution: str = ""
    consent_ref: str = ""
    consent_expires: date | None = None
    batchable: bool = True
    has_durations: bool = False
    folder: str = ""

    def plain(self) -> dict[str, Any]:
        """Return what a card file holds, in its order: everything but the folder."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "folder"}
        return values | {"languages": list(self.languages), "speakers": dict(self.speakers)}

    def why_unpublishable(self, today: date) -> str:
        """Return why assets of this voice may not be shipped, or "" when they may."""
        if not self.licence:
            return f"voice {self.name!r} has no known licence; complete its card"
        if not self.may_publish:
            return f"voice {self.name!r} ({self.licence}) may not be published"
        if self.consent_expires is not None and self.consent_expires < today:
            return f"the consent for voice {self.name!r} expired on {self.consent_expires}"
        return ""
