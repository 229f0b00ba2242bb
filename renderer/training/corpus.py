"""A corpus on disk: clips with their words, phones and speakers, in one folder.

In the folder:

    corpus.json     what it is: sampling rate, hop, speakers and their licences
    clips.jsonl     one clip per line, sorted by id
    audio/*.flac    mono, 16 bit, at the corpus's rate
    features/*.npz  made on demand (`features`)
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from renderer.audio.spectrum import MelSpec
from renderer.errors import Fault, InputError

MEL = MelSpec(sample_rate=22_050, n_fft=1024, hop_length=256, n_mels=80, f_min=0.0, f_max=11_025.0)
"""How every model of ours cuts sound into mel frames."""

CORPUS_FILE, CLIPS_FILE = "corpus.json", "clips.jsonl"
TRAIN, VALID = "train", "valid"


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of a corpus.

    Attributes:
        name: Unique within the corpus; what a manifest may say after `#`.
        licence: SPDX expression or short name of the terms its sound may be used under.
        may_publish: Whether a model trained on it may be shipped.
        source: Where the sound comes from, in a sentence.
        attribution: Text that has to be shipped, or "".
        f0_floor_hz: Lowest F0 looked for in its clips.
        f0_ceiling_hz: Highest F0 looked for.
    """

    name: str
    licence: str = ""
    may_publish: bool = False
    source: str = ""
    attribution: str = ""
    f0_floor_hz: float = 60.0
    f0_ceiling_hz: float = 600.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance of a corpus.

    Attributes:
        id: Unique within the corpus; the name of its files.
        speaker: Name of a speaker.
        language: Language code, such as `en`.
        text: What is said.
        audio: Path below the corpus's folder.
        frames: Mel frames: samples / hop_length; the audio is padded to whole frames. Frame i
            covers samples [i × hop, (i + 1) × hop) and is centred in them.
        emotion: One of the manifest's emotions.
        phones: N phone symbols (`text.inventory`), pauses included.
        stresses: N stresses: 0 none, 1 primary, 2 secondary.
        words: N word numbers, −1 in pauses.
        durations: N lengths in frames that add up to `frames`; () where they are not known.
        trusted: N flags; False where a phone's sound must not be learnt; () means all are.
        split: `train` or `valid`.
        faults: Why it must not be trained on; () for a clip that passed.
        checks: Measured values by name of the check.
    """

    id: str
    speaker: str
    language: str
    text: str
    audio: str
    frames: int
    emotion: str = "neutral"
    phones: tuple[str, ...] = ()
    stresses: tuple[int, ...] = ()
    words: tuple[int, ...] = ()
    durations: tuple[int, ...] = ()
    trusted: tuple[bool, ...] = ()
    split: str = TRAIN
    faults: tuple[str, ...] = ()
    checks: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold the lengths that everything else relies on."""
        count = len(self.phones)
        if len(self.stresses) != count or len(self.words) != count:
            raise ValueError(f"clip {self.id}: phones, stresses and words differ in number")
        if self.durations and (len(self.durations) != count or sum(self.durations) != self.frames):
            raise ValueError(f"clip {self.id}: durations do not cover its {self.frames} frames")
        if self.trusted and len(self.trusted) != count:
            raise ValueError(f"clip {self.id}: one `trusted` flag per phone is needed")

    @property
    def passed(self) -> bool:
        """Whether it may be trained on."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Corpus:
    """Clips and speakers.

    Attributes:
        folder: Where it lies.
        speakers: By name.
        clips: Sorted by id.
        spec: How its sound is cut into frames.
    """

    folder: Path
    speakers: Mapping[str, Speaker]
    clips: tuple[Clip, ...]
    spec: MelSpec = MEL

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages of its clips, sorted."""
        return tuple(sorted({clip.language for clip in self.clips}))

    @property
    def is_aligned(self) -> bool:
        """Whether every clip that passed has durations."""
        return all(clip.durations for clip in self.clips if clip.passed)

    def usable(self, split: str) -> tuple[Clip, ...]:
        """Return the clips of a split that passed."""
        return tuple(clip for clip in self.clips if clip.split == split and clip.passed)

    def save(self) -> None:
        """Write `corpus.json` and `clips.jsonl`, each at once or not at all.

        Raises:
            OSError: They cannot be written; what was there is untouched.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        about = {
            "spec": asdict(self.spec),
            "speakers": [asdict(self.speakers[name]) for name in sorted(self.speakers)],
        }
        lines = (
            json.dumps(asdict(clip), ensure_ascii=False)
            for clip in sorted(self.clips, key=lambda clip: clip.id)
        )
        _write(self.folder / CLIPS_FILE, "".join(line + "\n" for line in lines))
        _write(self.folder / CORPUS_FILE, json.dumps(about, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Corpus:
        """Read a corpus.

        Raises:
            InputError: Its files are missing or wrong; all faults of all lines.
        """
        try:
            about = json.loads((folder / CORPUS_FILE).read_text("utf-8"))
            spec = MelSpec(**about["spec"])
            speakers = {s["name"]: Speaker(**s) for s in about["speakers"]}
            _check_speakers(speakers.values())
            # by "\n" alone: texts may hold other separators, such as U+2028
            lines = (folder / CLIPS_FILE).read_text("utf-8").removesuffix("\n").split("\n")
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(
                f"{folder} is no corpus ({type(error).__name__}: {error}). "
                "Make one with `barkline train prepare` or `barkline train distil`."
            ) from error
        clips = _read_clips(folder / CLIPS_FILE, lines, speakers)
        return cls(folder, speakers, tuple(sorted(clips, key=lambda clip: clip.id)), spec)


_TUPLES: Mapping[str, type] = {
    "phones": str,
    "stresses": int,
    "words": int,
    "durations": int,
    "trusted": bool,
    "faults": str,
}
_TEXTS = frozenset(("id", "speaker", "language", "text", "audio", "emotion", "split"))
_KEYS = frozenset(f.name for f in fields(Clip))


def _read_clips(path: Path, lines: Iterable[str], speakers: Mapping[str, Speaker]) -> list[Clip]:
    clips: list[Clip] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            clip = _clip(json.loads(line))
            if clip.speaker not in speakers:
                raise ValueError(f"there is no speaker {clip.speaker!r}")
            if clip.id in seen:
                raise ValueError(f"clip {clip.id!r} is there twice")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            fix = "Make the corpus again."
            faults.append(Fault(path.as_posix(), number, "", f"{error}.", fix, "bad-clip"))
            continue
        seen.add(clip.id)
        clips.append(clip)
    if faults:
        raise InputError(f"{len(faults)} faults in {path.name}.", faults)
    return clips


def _clip(values: Any) -> Clip:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(values, dict) or not set(values) <= _KEYS:
        raise ValueError("this is no clip")
    for key, kind in _TUPLES.items():
        found = values.get(key, [])
        if not isinstance(found, list) or not all(type(one) is kind for one in found):
            raise ValueError(f"{key} is no list of {kind.__name__}")
    for key in _TEXTS & values.keys():
        if not isinstance(values[key], str):
            raise ValueError(f"{key} is no text")
    clip = Clip(**{**values, **{key: tuple(values[key]) for key in _TUPLES if key in values}})
    _check_numbers(clip)
    audio = Path(clip.audio)
    if audio.is_absolute() or ".." in audio.parts:
        raise ValueError(f"the audio of {clip.id!r} lies outside the corpus")
    return clip


def _check_numbers(clip: Clip) -> None:
    if type(clip.frames) is not int or clip.frames < 1 or min(clip.durations, default=0) < 0:
        raise ValueError(f"the lengths of {clip.id!r} are no counts of frames")
    if not set(clip.stresses) <= {0, 1, 2}:
        raise ValueError(f"a stress of {clip.id!r} is not 0, 1 or 2")


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        temporary.write_text(text, "utf-8", newline="\n")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _check_speakers(speakers: Iterable[Speaker]) -> None:
    for one in speakers:
        low, high = float(one.f0_floor_hz), float(one.f0_ceiling_hz)
        if not (0 < low < high and math.isfinite(high)):
            raise ValueError(f"the F0 range of speaker {one.name!r} is {low:g}–{high:g} Hz")
