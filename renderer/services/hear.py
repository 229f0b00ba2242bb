"""Scores that need more than the take: its text, its voice's norm, the other speakers."""

from __future__ import annotations

from collections.abc import Mapping

from renderer.domain.voice import VoiceRef
from renderer.errors import BarklineError, JudgeError
from renderer.ports.judge import Recogniser, SpeakerEncoder
from renderer.quality.hearing import Hearing
from renderer.quality.likeness import LEAST_SOUND_S, resemble
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Score, Scores, Unsure
from renderer.quality.obtained import AskedManner, obtained
from renderer.quality.take import GateInput
from renderer.services.listen import Listener, is_asked
from renderer.services.voice_norm import VoiceNorms

RECORDING = "recording"
LIKENESS_METRICS = ("likeness", "likeness_margin")
MANNER_METRICS = ("pitch_off_st", "range_ratio", "rate_ratio")


class Ear:
    """Hears takes: the text, the voice, the direction. Only what a limit asks for is heard.

    Args:
        norms: What voices are like.
        recogniser: Hears words, or None: nobody does.
        hearing: How shipped voices are heard; others are measured on first use.
        encoder: Tells voices, or None: nobody does.
    """

    def __init__(
        self,
        norms: VoiceNorms,
        recogniser: Recogniser | None,
        hearing: Mapping[str, Hearing],
        encoder: SpeakerEncoder | None = None,
    ) -> None:
        self._norms = norms
        self._recogniser = recogniser
        self._known = hearing
        self._encoder = encoder
        self._listener = Listener(recogniser, self._hearing) if recogniser else None

    def hear(self, take: GateInput, metrics: Metrics, limits: Limits, asked: AskedManner) -> Scores:
        """Return what limits ask for and the take allows; a failure is an error in its place.

        Args:
            take: The take.
            metrics: What was measured of it; it sounds.
            limits: Those that hold for it.
            asked: All that was asked of its pitch and rate.
        """
        scores: dict[str, float | Score | Unsure | JudgeError] = {}
        if self._listener and is_asked(limits):
            scores |= self._listener.listen(take)
        if self._encoder and _any(limits.least_likeness, limits.least_likeness_margin):
            scores |= self._likeness(take, metrics, self._encoder)
        if _any(limits.most_pitch_off_st, limits.least_rate_ratio, limits.most_rate_ratio):
            scores |= self._manner(take, asked)
        return scores

    def _hearing(self, take: GateInput) -> Hearing | None:
        known = self._known.get(take.voice) or self._known.get(VoiceRef.parse(take.voice).name)
        if known or take.voice == RECORDING or self._recogniser is None:
            return known
        return self._norms.hearing(take.voice, take.locale, self._recogniser)

    def _likeness(self, take: GateInput, metrics: Metrics, encoder: SpeakerEncoder) -> Scores:
        if why := _not_told(take, metrics):
            return dict.fromkeys(LIKENESS_METRICS, Unsure(why))
        try:
            centroids = self._norms.centroids(take.voice, take.locale, encoder)
            vector = encoder.embed([take.delivered])[0]
        except BarklineError as error:
            return dict.fromkeys(LIKENESS_METRICS, JudgeError(str(error)))
        if isinstance(vector, JudgeError):
            return dict.fromkeys(LIKENESS_METRICS, vector)
        found = resemble(vector, take.voice, centroids)
        if found.margin is None:
            alone = Unsure("The voice has no other speaker.")
            return {"likeness": found.cosine, "likeness_margin": alone}
        margin = Score(found.margin, note=f"nearest: {found.nearest}")
        return {"likeness": found.cosine, "likeness_margin": margin}

    def _manner(self, take: GateInput, asked: AskedManner) -> Scores:
        if take.voice == RECORDING:
            why = Unsure("A recording has no voice of its own to hold it against.")
            return dict.fromkeys(MANNER_METRICS, why)
        try:
            own = self._norms.manner(take.voice, take.locale)
        except BarklineError as error:
            return dict.fromkeys(MANNER_METRICS, JudgeError(str(error)))
        found = obtained(self._norms.manner_of(take.delivered, take.transcript), own, asked)
        values = (found.pitch_off_st, found.range_ratio, found.rate_ratio)
        few = Unsure("Too little voice or too few phones to hear how it is said.")
        return {n: few if v is None else v for n, v in zip(MANNER_METRICS, values, strict=True)}


def _any(*limits: float | None) -> bool:
    return any(limit is not None for limit in limits)


def _not_told(take: GateInput, metrics: Metrics) -> str:
    """Return why a take's voice says nothing, or ""."""
    if take.voice == RECORDING:
        return "A recording has no voice of its own to hold it against."
    if take.direction.delivery.value == "whisper":
        return "A whisper has no voice to tell: listen."
    if (metrics.speaking_s or 0.0) < LEAST_SOUND_S:
        return f"Less than {LEAST_SOUND_S:g} s of sound is too little to tell a voice: listen."
    return ""
