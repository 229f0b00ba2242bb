"""What a voice is like when nothing is asked of it: pitch, pace, sound, and how it is heard.

Measured on the passages its level is measured on, and kept in memory: a worker lives for hours,
and a norm is a few seconds of work. What every line is held against (scores, how it is misheard) is
kept in the database too, so that one changed line does not wait for it. A norm that failed is not
tried again by this process. It is no part of any render key.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from renderer.audio.mastering import master
from renderer.audio.revision import LIMITER_REVISION, MASTERING_REVISION
from renderer.audio.waveform import Waveform
from renderer.domain.project import MasteringTarget
from renderer.domain.render_key import digest
from renderer.domain.transcript import Transcript
from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.errors import JudgeError, SynthesisError, UnhearableError
from renderer.ports import UnitOfWork, VoiceBook
from renderer.ports.judge import Judge, PhoneReader, Recogniser, SpeakerEncoder
from renderer.quality.audibility import SIZES, Audibility
from renderer.quality.likeness import Vector, centroid
from renderer.quality.phone_path import tell
from renderer.services.level import VoiceLevel
from renderer.services.listen import measure_audibility, played_at

MOST_OTHERS = 32  # speakers of a model that a voice is told from; each has to say the passages
NORM_REVISION = "norm/2"  # of what is kept: raise it when `phone_path.tell` tells otherwise
MOST_MISHEARD = 30.0  # nats in a voice's passages; of the tuning side kristin has 22 (fr)
MOST_KEPT = 48  # voices whose passages are kept, a megabyte and a half each

_SLIP, _SIZE = "worst_slip_nats", "size"

Key = tuple[str, str, str]
"""Voice, locale, SHA-256 of the model."""
Spoken = Sequence[tuple[Waveform, Transcript]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Misheard:
    """How badly a judge of phones hears a voice.

    Attributes:
        nats: What it takes for a slip in whatever the voice says, ≥ 0.
        size: How much faster the voice is played to it, pitch and formants with it, ×; not 1 for a
            voice that is heard too badly at its own size, and better so.
    """

    nats: float = 0.0
    size: float = 1.0


@dataclass(slots=True)
class _Cell(Generic[T]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: T | JudgeError | None = None


class Once(Generic[T]):
    """What is made once per key, also by threads that ask at the same time.

    Args:
        most: How many are kept, the newest; None: all.
        keeps_failures: Whether what failed is not tried again.
    """

    def __init__(self, most: int | None = None, *, keeps_failures: bool = True) -> None:
        self._most = most
        self._keeps_failures = keeps_failures
        self._lock = threading.Lock()
        self._cells: dict[Key, _Cell[T]] = {}

    def get(self, key: Key, make: Callable[[], T]) -> T:
        """Return what a key has, made now where nobody has made it yet.

        Raises:
            JudgeError: It could not be made, now or before.
        """
        cell = self._cell(key)
        with cell.lock:
            answer = cell.answer
            if answer is None:
                answer = _made(make)
                if self._keeps_failures or not isinstance(answer, JudgeError):
                    cell.answer = answer
        if isinstance(answer, JudgeError):
            raise type(answer)(str(answer))  # each asker gets an error with a trace of its own
        return answer

    def _cell(self, key: Key) -> _Cell[T]:
        with self._lock:
            if key not in self._cells and self._most and len(self._cells) >= self._most:
                del self._cells[next(iter(self._cells))]
            return self._cells.setdefault(key, _Cell())


def _made(make: Callable[[], T]) -> T | JudgeError:
    try:
        return make()
    except UnhearableError as error:
        return UnhearableError(str(error))
    except (SynthesisError, JudgeError) as error:  # others may pass by themselves
        return JudgeError(str(error))


class VoiceNorms:
    """Norms of voices, each measured on first use.

    Args:
        voices: The installed voices.
        level: Lets voices say their neutral passages.
        unit: Begins a transaction; None: nothing is kept beyond this process.
        reading: Begins a transaction for reading; None: `unit` does.
    """

    def __init__(
        self,
        voices: VoiceBook,
        level: VoiceLevel,
        unit: Callable[[], UnitOfWork] | None = None,
        reading: Callable[[], UnitOfWork] | None = None,
    ) -> None:
        self._voices = voices
        self._level = level
        self._unit = unit
        self._reading = reading or unit
        self._spoken: Once[Spoken] = Once(MOST_KEPT)
        self._audible: Once[Audibility] = Once()
        self._centroids: Once[Vector] = Once()
        self._misheard: Once[Misheard] = Once()
        self._scores: Once[Mapping[str, float]] = Once()

    def audibility(self, voice: str, locale: str, recogniser: Recogniser) -> Audibility:
        """Return how well a voice is heard, and at which size.

        Raises:
            JudgeError: It says none of the passages, or the recogniser failed.
        """
        key = self._key(voice, locale)
        return self._audible.get(key, lambda: measure_audibility(recogniser, self._passages(key)))

    def scores(
        self, voice: str, locale: str, judge: Judge, target: MasteringTarget
    ) -> Mapping[str, float]:
        """Return what a judge makes of a voice's undirected passages, mastered as its lines are.

        Args:
            voice: Voice reference.
            locale: Whose passages.
            judge: A learned metric.
            target: The level its lines are brought to.

        Raises:
            JudgeError: It says none of the passages, or the judge failed on all of them.
        """
        _, _, sha256 = key = self._key(voice, locale)
        stages = f"{MASTERING_REVISION} {LIMITER_REVISION}"
        level = f"{target.loudness_lufs} {target.true_peak_dbtp} {stages}"
        heard = f"{sha256} {judge.revision} {level}"

        def measure() -> Mapping[str, float]:
            spoken = self._passages(key)
            synthesiser = self._voices.open(VoiceRef.parse(voice).name)
            gain_db = self._level.gain_db(synthesiser, voice, locale, target)
            made = judge.score([master(w, target, gain_db).waveform for w, _ in spoken])
            return _mean(voice, [s for s in made if not isinstance(s, JudgeError)])

        return self._scores.get((voice, locale, heard), lambda: self._kept(heard, key, measure))

    def misheard(self, voice: str, locale: str, reader: PhoneReader) -> Misheard:
        """Return the worst slip a reader hears when the voice says its passages, and at which size.

        Small and large voices are heard better at another size, as by people of that size: one
        whose own is heard too badly is tried at others. Passages with sounds the reader does not
        know are left out.

        Raises:
            JudgeError: It says none of the passages, or the reader failed.
        """
        key = self._key(voice, locale)

        def listen() -> Mapping[str, float]:
            spoken = self._passages(key)
            found = Misheard(_worst(reader, spoken, 1.0))
            if found.nats > MOST_MISHEARD:
                others = [Misheard(_worst(reader, spoken, s), s) for s in SIZES if s != found.size]
                found = min([found, *others], key=lambda misheard: misheard.nats)
            return {_SLIP: found.nats, _SIZE: found.size}

        def known() -> Misheard:
            kept = self._kept(f"{_SLIP} {reader.revision}", key, listen)
            return Misheard(kept[_SLIP], kept[_SIZE])

        return self._misheard.get(key, known)

    def centroids(self, voice: str, locale: str, encoder: SpeakerEncoder) -> Mapping[str, Vector]:
        """Return the centroids of a voice and of other speakers of its model.

        A model that mixes its speakers up gives one of these; characters of other models are
        told apart by the cast map, not by the gate. Another speaker that cannot be measured is
        left out; of a model with more than `MOST_OTHERS`, that many are taken, evenly by number.

        Raises:
            JudgeError: The voice itself says none of the passages, or the encoder failed.
        """
        found = {voice: self._centroid(voice, locale, encoder)}
        for other in other_speakers(voice, self._voices.card(VoiceRef.parse(voice).name)):
            try:
                found[other] = self._centroid(other, locale, encoder)
            except JudgeError:
                continue  # there is nothing to take the voice for
        return found

    def _centroid(self, voice: str, locale: str, encoder: SpeakerEncoder) -> Vector:
        key = self._key(voice, locale)

        def measure() -> Vector:
            vectors = encoder.embed([waveform for waveform, _ in self._passages(key)])
            good = [v for v in vectors if not isinstance(v, JudgeError)]
            if not good:
                raise JudgeError(f"no sentence of {voice} could be told by its voice")
            return centroid(good)

        return self._centroids.get(key, measure)

    def _kept(
        self, what: str, key: Key, measure: Callable[[], Mapping[str, float]]
    ) -> Mapping[str, float]:
        """Return what the database has of a voice, measured now where it has nothing."""
        if self._unit is None or self._reading is None:
            return measure()
        voice, locale, _ = key
        card = self._voices.card(VoiceRef.parse(voice).name)
        stored_as = digest([NORM_REVISION, what, *self._level.identity(card), voice, locale])
        with self._reading() as unit:
            stored = unit.scores.get(stored_as)
        if stored is not None:
            return stored
        made = measure()
        with self._unit() as unit:
            unit.scores.put(stored_as, voice, locale, made)
            stored = unit.scores.get(stored_as)
            unit.commit()
        return made if stored is None else stored

    def _passages(self, key: Key) -> Spoken:
        """Return the passages as a voice says them, with their text."""
        voice, locale, _ = key

        def speak() -> Spoken:
            return self._level.passages(
                self._voices.open(VoiceRef.parse(voice).name), voice, locale
            )

        return self._spoken.get(key, speak)

    def _key(self, voice: str, locale: str) -> Key:
        return voice, locale, self._voices.card(VoiceRef.parse(voice).name).model_sha256


def _worst(reader: PhoneReader, spoken: Spoken, size: float) -> float:
    """Return the worst slip that is heard in passages at a size, nats."""
    worst = 0.0
    for waveform, transcript in spoken:
        try:
            told = tell(reader.read(played_at(waveform, size), transcript))
        except UnhearableError:
            continue
        worst = max(worst, told.worst)
    return worst


def _mean(voice: str, scored: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    if not scored:
        raise JudgeError(f"no passage of {voice} could be scored")
    mean = {name: sum(s[name] for s in scored) / len(scored) for name in scored[0]}
    if not all(math.isfinite(value) for value in mean.values()):
        raise JudgeError(f"the passages of {voice} gave no number")
    return mean


def other_speakers(voice: str, card: VoiceCard) -> list[str]:
    """Return the voices of a model that one of its voices is told from, at most `MOST_OTHERS`.

    Args:
        voice: Voice reference; without a speaker it is spoken by the one of the lowest number, as
            engines have it, who is nobody else then.
        card: Of its model.
    """
    numbered = sorted(card.speakers, key=lambda speaker: (card.speakers[speaker], speaker))
    own = VoiceRef.parse(voice).speaker or next(iter(numbered), "")
    most = min(len(numbered), MOST_OTHERS + 1)
    few = [numbered[i * len(numbered) // most] for i in range(most)]
    return [f"{card.name}#{speaker}" for speaker in few if speaker != own][:MOST_OTHERS]
