"""Scores that need more than the take: its text, its voice's norm, the other speakers."""

from __future__ import annotations

from collections.abc import Mapping

from renderer.domain.direction import Direction, Emphasis, WordEdit
from renderer.domain.voice import RECORDING, VoiceRef
from renderer.errors import JudgeError
from renderer.ports.judge import Recogniser, SpeakerEncoder
from renderer.quality.audibility import Audibility
from renderer.quality.likeness import LEAST_SOUND_S, resemble
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Score, Scores, Unsure, Value
from renderer.quality.take import GateInput
from renderer.services.in_place import in_place
from renderer.services.listen import TEXT_LIMITS, TEXT_METRICS, Listener
from renderer.services.voice_norm import VoiceNorms

LIKENESS_METRICS = ("likeness", "likeness_margin")
LIKENESS_LIMITS = ("least_likeness", "least_likeness_margin")


class Ear:
    """Hears takes: the text, the voice, the direction. Only what a limit asks for is heard.

    Args:
        norms: What voices are like.
        recogniser: Hears words, or None: nobody does.
        audibility: How shipped voices are heard; others are measured on first use.
        encoder: Tells voices, or None: nobody does.
    """

    def __init__(
        self,
        norms: VoiceNorms,
        recogniser: Recogniser | None,
        audibility: Mapping[str, Audibility],
        encoder: SpeakerEncoder | None = None,
    ) -> None:
        self._norms = norms
        self._recogniser = recogniser
        self._known = audibility
        self._encoder = encoder
        self._listener = Listener(recogniser, self._audibility) if recogniser else None

    def hear(self, take: GateInput, metrics: Metrics, limits: Limits) -> Scores:
        """Return what limits ask for and the take allows; a failure is an error in its place.

        Args:
            take: The take.
            metrics: What was measured of it; it sounds.
            limits: Those that hold for it.
        """
        scores: dict[str, Value] = {}
        listener, encoder = self._listener, self._encoder
        if listener and limits.holds_any(TEXT_LIMITS):
            scores |= in_place(TEXT_METRICS, lambda: listener.listen(take))
        if encoder and limits.holds_any(LIKENESS_LIMITS):
            scores |= in_place(LIKENESS_METRICS, lambda: self._likeness(take, metrics, encoder))
        return scores

    def _audibility(self, take: GateInput) -> Audibility | None:
        known = self._known.get(take.voice) or self._known.get(VoiceRef.parse(take.voice).name)
        if known or take.voice == RECORDING or self._recogniser is None:
            return known
        return self._norms.audibility(take.voice, take.locale, self._recogniser)

    def _likeness(self, take: GateInput, metrics: Metrics, encoder: SpeakerEncoder) -> Scores:
        if why := _not_told(take, metrics):
            return dict.fromkeys(LIKENESS_METRICS, Unsure(why))
        vector = encoder.embed([take.delivered])[0]  # a missing package fails before anyone speaks
        if isinstance(vector, JudgeError):
            return dict.fromkeys(LIKENESS_METRICS, vector)
        centroids = self._norms.centroids(take.voice, take.locale, encoder)
        found = resemble(vector, take.voice, centroids)
        if found.margin is None:
            alone = Unsure("The voice has no other speaker.")
            return {"likeness": found.cosine, "likeness_margin": alone}
        margin = Score(found.margin, note=f"nearest: {found.nearest}")
        return {"likeness": found.cosine, "likeness_margin": margin}


def _not_told(take: GateInput, metrics: Metrics) -> str:
    """Return why a take's voice says nothing, or ""."""
    if take.voice == RECORDING:
        return "A recording has no voice of its own to hold it against."
    if take.direction.delivery.value == "whisper":
        return "A whisper has no voice to tell: listen."
    if (metrics.speaking_s or 0.0) < LEAST_SOUND_S:
        return f"Less than {LEAST_SOUND_S:g} s of sound is too little to tell a voice: listen."
    return ""


def has_directed_words(direction: Direction) -> bool:
    """Whether words or phones have a pitch, range or rate of their own."""
    return any(_is_directed(word) for word in direction.words)


def _is_directed(word: WordEdit) -> bool:
    """Whether a word has a pitch, range or rate of its own, or any of its phones has."""
    own = word.prosody
    return (
        (own.pitch_st, own.pitch_range, own.rate) != (0.0, 1.0, 1.0)
        or word.emphasis is not Emphasis.NONE
        or any((phone.pitch_st, phone.rate) != (0.0, 1.0) for phone in word.phones)
    )
