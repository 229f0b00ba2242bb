"""A game project: its languages, its cast and what the game build wants to receive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from renderer.domain.direction import Direction
from renderer.domain.render_key import digest

CODECS = ("ogg", "opus", "flac", "wav16", "wav24")
EXTENSIONS: Mapping[str, str] = {
    "ogg": ".ogg",
    "opus": ".opus",
    "flac": ".flac",
    "wav16": ".wav",
    "wav24": ".wav",
}


@dataclass(frozen=True, slots=True)
class MasteringTarget:
    """What a finished line must measure.

    Attributes:
        loudness_lufs: Dialogue level of a normal delivery, LUFS (ITU-R BS.1770).
        true_peak_dbtp: Ceiling, dBTP.
        head_s: Silence before the first sound, seconds.
        tail_s: Silence after the last sound, seconds.
        sample_rate: Hz.
    """

    loudness_lufs: float = -23.0
    true_peak_dbtp: float = -1.0
    head_s: float = 0.05
    tail_s: float = 0.12
    sample_rate: int = 48_000


@dataclass(frozen=True, slots=True)
class DeliveryTarget:
    """The file the game build receives.

    Attributes:
        codec: One of `CODECS`.
        quality: Encoder quality 0–1 (Ogg Vorbis and Opus).
    """

    codec: str = "ogg"
    quality: float = 0.5

    @property
    def extension(self) -> str:
        """The file name's ending, with its dot."""
        return EXTENSIONS[self.codec]


@dataclass(frozen=True, slots=True)
class Character:
    """One member of the cast.

    Attributes:
        id: Stable id.
        name: As shown to people.
        voice: Voice reference (`name` or `name#speaker`) for every locale without its own.
        voices: Locale to voice reference.
        direction: Base direction; its prosody is added to every line's.
        notes: For people.
    """

    id: str
    name: str
    voice: str
    voices: Mapping[str, str] = field(default_factory=dict)
    direction: Direction = field(default_factory=Direction)
    notes: str = ""

    def voice_for(self, locale: str) -> str:
        """Return the voice reference for a locale."""
        return self.voices.get(locale, self.voice)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when any field does."""
        direction = asdict(self.direction)
        return digest([self.id, self.name, self.voice, dict(self.voices), direction, self.notes])


@dataclass(frozen=True, slots=True)
class Project:
    """A project file, read.

    Attributes:
        name: Id of the project; also the default build folder's name.
        root: Folder of the project file.
        path: The project file.
        source_locale: The locale lines are written in first.
        locales: Every locale, the source locale first.
        characters: Character id to character.
        scenes: Glob patterns of scene files, relative to `root`.
        lexicons: Glob patterns of lexicon files, relative to `root`.
        required: Locale to whether every line must be there for `verify` to pass.
        mastering: What a finished line must measure.
        delivery: The file the game build receives.
        max_attempts: Automatic attempts before a take stays rejected.
    """

    name: str
    root: Path
    path: Path
    source_locale: str
    locales: tuple[str, ...]
    characters: Mapping[str, Character]
    scenes: tuple[str, ...] = ("scenes/**/*",)
    lexicons: tuple[str, ...] = ("lexicon/*.yaml",)
    required: Mapping[str, bool] = field(default_factory=dict)
    mastering: MasteringTarget = field(default_factory=MasteringTarget)
    delivery: DeliveryTarget = field(default_factory=DeliveryTarget)
    max_attempts: int = 3
