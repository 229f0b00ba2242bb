"""Holds learned scores of a take against what the same judge makes of its voice, undirected."""

from __future__ import annotations

from collections.abc import Mapping

from renderer.domain.direction import Delivery
from renderer.domain.take import Take
from renderer.errors import JudgeError
from renderer.ports import Judge
from renderer.quality.learned_checks import BELOW, below_own
from renderer.quality.limits import Limits
from renderer.quality.metrics import Scores, Unsure
from renderer.services.in_place import in_place
from renderer.services.voice_norm import VoiceNorms


class OwnScores:
    """Says how far scores lie below those of the voice itself.

    Args:
        norms: What voices are like.
    """

    def __init__(self, norms: VoiceNorms) -> None:
        self._norms = norms

    def below(
        self, take: Take, limits: Limits, judge: Judge, score: Mapping[str, float] | JudgeError
    ) -> Scores:
        """Return what limits ask for; a failure is an error in its place.

        Args:
            take: The take.
            limits: Those that hold for it.
            judge: Who scored it.
            score: How.
        """
        wanted = [name for name in BELOW if limits.holds_any([f"most_{name}"])]
        if not wanted:
            return {}
        if why := _not_held(take):
            return dict.fromkeys(wanted, Unsure(why))
        if isinstance(score, JudgeError):
            return dict.fromkeys(wanted, score)
        found = in_place(wanted, lambda: self._found(take, judge, score))
        return {name: value for name, value in found.items() if name in wanted}

    def _found(self, take: Take, judge: Judge, score: Mapping[str, float]) -> Scores:
        said = take.request.utterance
        own = self._norms.scores(said.voice, said.locale, judge, take.request.mastering)
        return below_own(score, own)


def _not_held(take: Take) -> str:
    """Return why a take's scores cannot be held against its voice's own, or ""."""
    if take.request.recording_key:
        return "A recording has no voice of its own to hold it against."
    if take.request.utterance.direction.delivery is Delivery.WHISPER:
        return "A whisper is no speech to a model that hears voices: listen."
    return ""
