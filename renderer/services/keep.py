"""Step 5c: objects into the store, before anything names them; and the result that names them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeGuard

from renderer.audio.codec import encode, encode_raw, media_type
from renderer.domain.metadata import MEDIA_TYPE, SUFFIX, Provenance, build, canonical
from renderer.domain.object_key import content_hash
from renderer.domain.take import (
    STATUS_OF,
    Alignment,
    Attempt,
    RenderResult,
    SoundObject,
    Take,
    TakeStatus,
    failure,
    line_of,
)
from renderer.domain.transcript import cover, shift
from renderer.domain.verdict import Decision
from renderer.domain.voice import VoiceRef
from renderer.errors import (
    BarklineError,
    ObjectCorruptError,
    ObjectMissingError,
    StorageError,
)
from renderer.ports import SILENT, Meter, ObjectStore, VoiceBook
from renderer.services.failpoint import Failpoint, nothing
from renderer.services.finish import Finished
from renderer.services.stage import STAGE
from renderer.text.viseme import cues, visemes, words

_RANK = {Decision.APPROVED: 0, Decision.REJECTED: 1, Decision.ERROR: 2}


def best(tried: list[Finished]) -> Finished:
    """Return the attempt a listener should hear: the best verdict, the fewest failures, the first.

    Args:
        tried: At least one attempt.
    """
    return min(tried, key=lambda f: (_RANK[f.verdict.decision], len(f.verdict.failed), f.number))


class Keeper:
    """Stores what came out of a take.

    Args:
        store: The object store.
        voices: The installed voices, for provenance.
        versions: Codec to name and version of what takes part, for provenance.
        dump: A result as bytes, for the document under its render key.

    Attributes:
        failpoint: Called around each object that is stored, for fault tests.
        meter: Told how long encoding takes.
    """

    def __init__(
        self,
        store: ObjectStore,
        voices: VoiceBook,
        versions: Callable[[str], Mapping[str, str]],
        dump: Callable[[RenderResult], bytes],
    ) -> None:
        self._store = store
        self._voices = voices
        self._versions = versions
        self._dump = dump
        self.failpoint: Failpoint = nothing
        self.meter: Meter = SILENT

    def keep(
        self, take: Take, made: list[Finished] | BarklineError, spent_s: float
    ) -> RenderResult:
        """Store the objects of a take and return its result.

        Args:
            take: The take.
            made: Its attempts, or why there are none.
            spent_s: Seconds of work.

        Raises:
            StorageError: The store failed; nothing names what was stored.
        """
        if isinstance(made, BarklineError):
            return failed(str(made), spent_s)
        kept = best(made)
        spoken, mastered = kept.performance.waveform, kept.master.waveform
        with self.meter.time(STAGE, stage="encode"):
            raw_bytes, master_bytes = encode_raw(spoken), encode(mastered, "wav24")
        raw = self._sound(raw_bytes, "wav24", spoken.duration_s, ".wav")
        delivery = replace(
            self._attempt_sound(take, kept),
            duration_s=round(kept.decoded.duration_s, 4),
        )
        master = self._sound(master_bytes, "wav24", mastered.duration_s, ".wav")
        result = RenderResult(
            status=STATUS_OF[kept.verdict.decision],
            verdict=kept.verdict,
            attempt=kept.number,
            delivery=delivery,
            master=master,
            raw=raw,
            raw_attempt=kept.performance.raw_attempt,
            alignment=_alignment(kept),
            shift_s=kept.master.shift_s,
            loudness_lufs=_finite(kept.master.loudness_lufs),
            true_peak_dbtp=_finite(kept.master.true_peak_dbtp),
            tried=tuple(self._tried(take, a, kept, delivery) for a in made),
        )
        result = replace(
            result,
            metadata_key=self._metadata(take, kept, result),
            metadata_line=line_of(take.request.utterance),
        )
        if result.status in (TakeStatus.APPROVED, TakeStatus.REJECTED):
            self._store.point(take.render_key.hex, self._dump(result))
        return replace(result, spent_s=round(spent_s, 4))

    def _tried(
        self, take: Take, attempt: Finished, kept: Finished, delivery: SoundObject
    ) -> Attempt:
        sound = delivery if attempt is kept else self._attempt_sound(take, attempt)
        return Attempt(
            attempt.number,
            attempt.performance.change,
            attempt.verdict,
            sound.key,
            attempt.metrics.plain() if attempt.metrics else {},
        )

    def _attempt_sound(self, take: Take, attempt: Finished) -> SoundObject:
        target = take.request.delivery
        return self._sound(
            attempt.delivery, target.codec, attempt.decoded.duration_s, target.extension
        )

    def _sound(self, data: bytes, codec: str, duration_s: float, suffix: str) -> SoundObject:
        kind = media_type(codec)
        key = self._put(data, suffix, kind)
        return SoundObject(key, content_hash(key), len(data), round(duration_s, 4), kind)

    def _metadata(self, take: Take, kept: Finished, result: RenderResult) -> str:
        said = take.request.utterance
        is_recorded = bool(take.request.recording_key)
        name = VoiceRef.parse(said.voice).name
        provenance = Provenance(
            card=None if is_recorded else self._voices.card(name),
            engine_revision="" if is_recorded else self._voices.engine_revision(name),
            recording_sha256=content_hash(take.request.recording_key) if is_recorded else "",
            versions=self._versions(take.request.delivery.codec),
        )
        document = build(said, take.render_key, result, provenance, kept.performance.transcript)
        return self._put(canonical(document), SUFFIX, MEDIA_TYPE)

    def _put(self, data: bytes, suffix: str, kind: str) -> str:
        self.failpoint("storing")
        key = self._store.put(data, suffix, kind)
        self.failpoint("stored")
        return key


def failed(why: str, spent_s: float = 0.0) -> RenderResult:
    """Return the result of a take nothing could be made of: an error, never a verdict on sound."""
    return failure(why, spent_s=spent_s)


def _alignment(kept: Finished) -> Alignment:
    limit_s = kept.decoded.duration_s
    phones = cover(shift(kept.performance.phones, kept.master.shift_s, limit_s), limit_s)
    return Alignment(
        phones=phones,
        words=words(phones, kept.performance.transcript),
        visemes=visemes(phones),
        cues=cues(phones),
        source=kept.performance.alignment_source,
    )


def _finite(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None


def is_outage(error: object) -> TypeGuard[StorageError]:
    """Whether a store is away, as opposed to having lost or damaged an object."""
    is_lasting = isinstance(error, ObjectMissingError | ObjectCorruptError)
    return isinstance(error, StorageError) and not is_lasting
