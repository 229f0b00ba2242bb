"""The stages of a render, composed for one process or for a worker of the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import config
from renderer.bootstrap.clock import SystemClock
from renderer.config import Settings
from renderer.domain.render_key import Part

if TYPE_CHECKING:
    from renderer.ports import ObjectStore, UnitOfWork, VoiceBook
    from renderer.quality.limits import GateLimits
    from renderer.services.hear import Ear
    from renderer.services.lease import LeaseKeeper
    from renderer.services.render import Render
    from renderer.services.voice_norm import VoiceNorms
    from renderer.text.transcriber import EspeakTranscriber


@dataclass(frozen=True, slots=True)
class Ground:
    """What a render stands on.

    Attributes:
        settings: From the environment.
        unit: Begins a transaction.
        reading: Begins a transaction for reading.
        store: The object store.
        voices: The installed voices.
    """

    settings: Settings
    unit: Callable[[], UnitOfWork]
    reading: Callable[[], UnitOfWork]
    store: ObjectStore
    voices: VoiceBook


def stage_revisions(codec: str) -> Mapping[Part, str]:
    """Return the revision of every stage of the walk, for files of one codec."""
    from renderer.audio.codec import encoder_revision
    from renderer.audio.revision import LEVEL_REVISION, LIMITER_REVISION, MASTERING_REVISION
    from renderer.direction import STAGE_REVISION

    return {
        Part.TEXT_RULES: plain_transcriber().revision,
        Part.DIRECTION_STAGE: STAGE_REVISION,
        Part.MASTERING_STAGE: f"{MASTERING_REVISION} {LIMITER_REVISION} {LEVEL_REVISION}",
        Part.ENCODER: encoder_revision(codec),
    }


def compose_render(
    ground: Ground,
    limits: Callable[[str], GateLimits],
    worker: str,
    leases: LeaseKeeper | None = None,
) -> Render:
    """Compose the service that renders batches.

    Args:
        ground: Database, store and voices.
        limits: The limits of a project.
        worker: Name of this worker.
        leases: Renews leases; with it the worker is one of many, and waits for a store that is
            away. None: it is alone.
    """
    from renderer.db.plain import dump_result
    from renderer.judges.dnsmos import DnsmosJudge
    from renderer.judges.emotion import EmotionJudge
    from renderer.judges.phones import PhoneJudge
    from renderer.services.finish import Finisher
    from renderer.services.hear_emotion import EmotionListener
    from renderer.services.keep import Keeper
    from renderer.services.level import VoiceLevel
    from renderer.services.perform import Performer
    from renderer.services.plain_lines import PlainLines
    from renderer.services.render import Render
    from renderer.services.voice_norm import VoiceNorms

    settings = ground.settings
    # Batches run side by side: their judges share the cores.
    judge = DnsmosJudge(threads=max(1, settings.threads // settings.workers))
    plain = plain_transcriber()
    level = VoiceLevel(ground.unit, plain, ground.voices.engine_revision, ground.reading)
    norms = VoiceNorms(ground.voices, level, ground.unit, ground.reading)
    reader = PhoneJudge(config.assets_dir() / "judges" / "phones.onnx")
    plain_lines = PlainLines(ground.voices, reader, norms)
    emotions = EmotionListener(
        ground.voices, level, EmotionJudge(config.assets_dir() / "judges" / "emotion.json")
    )
    hears = ear(norms, settings.asr_model)
    return Render(
        ground.unit,
        Performer(ground.reading, ground.store, ground.voices, _transcriber_for),
        Finisher(ground.voices, level, [judge], limits, plain_lines, hears, emotions, norms),
        Keeper(ground.store, ground.voices, _versions(judge.revision), dump_result),
        SystemClock(),
        leases,
        worker,
        is_patient=leases is not None,
    )


def ear(norms: VoiceNorms, asr_model: Path | None) -> Ear:
    """Compose what hears text and voice; models are loaded when a limit asks.

    Args:
        norms: What voices are like.
        asr_model: Folder of a Whisper model that hears the text, or None: pocketsphinx does.
    """
    from renderer.judges.recogniser import SphinxRecogniser
    from renderer.judges.speaker import SpeakerJudge
    from renderer.judges.whisper import WhisperRecogniser
    from renderer.quality.audibility import read_audibility
    from renderer.services.hear import Ear

    if asr_model is not None:  # how it hears each voice is measured on first use
        return Ear(norms, WhisperRecogniser(asr_model), {}, SpeakerJudge())
    known = read_audibility(config.assets_dir() / "audibility.yaml")
    return Ear(norms, SphinxRecogniser(), known, SpeakerJudge())


def _versions(judge: str) -> Callable[[str], Mapping[str, str]]:
    """Return what tells the versions that take part, by codec; for provenance."""
    from renderer import __version__

    @cache
    def of(codec: str) -> Mapping[str, str]:
        stages = {part.value: text for part, text in stage_revisions(codec).items()}
        return {**stages, "barkline": __version__, "dnsmos": judge}

    return of


def shipped_limits() -> GateLimits:
    """Return the limits that are shipped."""
    from renderer.quality.limit_file import read_limits

    return read_limits(config.assets_dir() / "gate_limits.yaml")


def plain_transcriber() -> EspeakTranscriber:
    """Return a transcriber that knows no lexicon."""
    return _transcriber_for(())


def _transcriber_for(entries: Sequence[Mapping[str, str | bool]]) -> EspeakTranscriber:
    from renderer.text.lexicon import Lexicon
    from renderer.text.lexicon_entry import LexiconEntry
    from renderer.text.transcriber import EspeakTranscriber

    return EspeakTranscriber(Lexicon([LexiconEntry.from_plain(e) for e in entries]))
