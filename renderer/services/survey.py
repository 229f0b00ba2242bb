"""Measures what approved takes sound like, and keeps it: a sound does not change.

What is measured is told from outside (`voice`, `measure`); this finds the sounds, one after the
other, and remembers by their hash what was measured.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.domain.render_key import Part
from renderer.domain.take import SoundObject, Take, TakeStatus
from renderer.domain.utterance import Utterance
from renderer.errors import AudioError, JudgeError, StorageError
from renderer.ports import ObjectStore, SpeakerEncoder, StoredLine, UnitOfWork
from renderer.services.scope import Scope
from renderer.whole_file import write_whole

Vector = npt.NDArray[np.float32]
PIECE = 500
SAVED_EVERY = 100
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """What one sound was measured to be.

    Attributes:
        embedding: Unit vector of who speaks, float32 (D,); empty where it cannot be told.
        measured: What the measure given to `Survey` returned, float32 (M,).
        why: Why there is no embedding, or "".
    """

    embedding: Vector
    measured: Vector
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LineTakes:
    """A line whose take in force is approved, with every approved take it ever had.

    Attributes:
        utterance: As last imported.
        take: The take in force.
        history: All approved takes, from the oldest; the one in force is among them.
    """

    utterance: Utterance
    take: Take
    history: tuple[Take, ...]


def read_takes(unit: UnitOfWork, scope: Scope) -> Iterator[LineTakes]:
    """Yield the approved lines in scope with their takes, in manifest order."""
    piece: list[StoredLine] = []
    for line in unit.lines.iterate([TakeStatus.APPROVED]):
        if scope.holds(line.utterance):
            piece.append(line)
        if len(piece) == PIECE:
            yield from _with_takes(unit, piece)
            piece = []
    yield from _with_takes(unit, piece)


def _with_takes(unit: UnitOfWork, lines: Sequence[StoredLine]) -> Iterator[LineTakes]:
    past = unit.lines.takes_of([line.pk for line in lines])
    wanted = {line.take_id for line in lines} | {pk for ids in past.values() for pk in ids}
    takes = {take.id: take for take in unit.takes.get(sorted(wanted))}
    for line in lines:
        ids = past.get(line.pk, (line.take_id,))
        history = tuple(takes[pk] for pk in ids if _is_heard(takes[pk]))
        if _is_heard(takes[line.take_id]):
            yield LineTakes(line.utterance, takes[line.take_id], history)


def _is_heard(take: Take) -> bool:
    return take.status is TakeStatus.APPROVED and sound_of(take) is not None


def sound_of(take: Take) -> SoundObject | None:
    """Return the best sound that is kept of a take: its master, else what is delivered."""
    return (take.result.master or take.result.delivery) if take.result else None


def version_of(take: Take) -> tuple[str, str, str]:
    """Return what a voice is made of: its reference, digest of its model, digest of its engine."""
    parts = take.render_key.plain()
    said = take.request.utterance
    return said.voice, parts.get(Part.VOICE_WEIGHTS, ""), parts.get(Part.ENGINE, "")


class Survey:
    """Measures sounds.

    Args:
        store: Where they are.
        voice: Tells who speaks.
        measure: Measures anything else, float32 (M,).
        cache: File that remembers; its name has to change when `voice` or `measure` does.
    """

    def __init__(
        self,
        store: ObjectStore,
        voice: SpeakerEncoder,
        measure: Callable[[Waveform], Vector],
        cache: Path,
    ) -> None:
        self._store = store
        self._voice = voice
        self._measure = measure
        self._cache = cache
        self.lost: list[str] = []

    def run(
        self, sounds: Sequence[SoundObject], progress: Progress | None = None
    ) -> Mapping[str, Sounding]:
        """Measure sounds; returns what is known by sha256. Lost ones are left out, see `lost`.

        Raises:
            JudgeError: The judge of voices is not installed.
        """
        known = load_soundings(self._cache)
        wanted = {sound.sha256: sound for sound in sounds}
        open_ = [sound for sha, sound in wanted.items() if sha not in known]
        for done, sound in enumerate(open_, 1):
            found = self._sounding(sound)
            if found is not None:
                known[sound.sha256] = found
            if done % SAVED_EVERY == 0 or done == len(open_):
                save_soundings(self._cache, known)
            if progress:
                progress(len(wanted) - len(open_) + done, len(wanted))
        return {sha: known[sha] for sha in wanted if sha in known}

    def _sounding(self, sound: SoundObject) -> Sounding | None:
        try:
            waveform = decode(self._store.get(sound.key))
        except (StorageError, AudioError):
            self.lost.append(sound.key)
            return None
        return self.measure(waveform)

    def measure(self, waveform: Waveform) -> Sounding:
        """Measure one sound that is in no store."""
        voice = self._voice.embed([waveform])[0]
        measured = self._measure(waveform)
        if isinstance(voice, JudgeError):
            return Sounding(np.zeros(0, np.float32), measured, str(voice))
        return Sounding(voice, measured)


def load_soundings(path: Path) -> dict[str, Sounding]:
    """Read what was measured; a file that is missing or damaged is measured anew."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            shas, why = kept["sha256"].tolist(), kept["why"].tolist()
            voices, measured = kept["embedding"], kept["measured"]
    except Exception:  # whatever a damaged archive raises: it is only a memory
        return {}
    if not len(shas) == len(why) == len(voices) == len(measured):
        return {}
    return {
        sha: Sounding(np.zeros(0, np.float32) if told else voice, number, told)
        for sha, told, voice, number in zip(shas, why, voices, measured, strict=True)
    }


def save_soundings(path: Path, known: Mapping[str, Sounding]) -> None:
    """Write what was measured, whole or not at all."""
    if not known:
        return
    width = max(s.embedding.size for s in known.values())
    voices = np.stack([_padded(s.embedding, width) for s in known.values()])
    made = io.BytesIO()
    np.savez_compressed(
        made,
        sha256=np.array(list(known)),
        why=np.array([s.why for s in known.values()]),
        embedding=voices,
        measured=np.stack([s.measured for s in known.values()]),
    )
    write_whole(path, made.getvalue())


def _padded(vector: Vector, width: int) -> Vector:
    return vector if vector.size else np.zeros(width, np.float32)
