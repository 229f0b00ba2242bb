"""Hear which emotion lines sound like, each against its own voice said neutrally."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from renderer.audio.mastering import master
from renderer.audio.waveform import Waveform
from renderer.domain.take import Take
from renderer.domain.voice import VoiceRef
from renderer.errors import BarklineError, DatabaseError, JudgeError
from renderer.ports import EmotionHeard, EmotionRecogniser, VoiceBook
from renderer.quality.emotion_check import emotion_scores
from renderer.quality.metrics import Scores
from renderer.services.level import VoiceLevel

Baseline = npt.NDArray[np.float64]


class EmotionListener:
    """Hears lines; what a voice sounds like neutrally is measured once per process.

    Args:
        voices: The installed voices.
        level: Gains of voices, and their neutral passages.
        judge: Who hears.
    """

    def __init__(self, voices: VoiceBook, level: VoiceLevel, judge: EmotionRecogniser) -> None:
        self._voices = voices
        self._level = level
        self._judge = judge
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str, str, float], Baseline | None] = {}

    def hear(self, takes: Mapping[int, Take], sounds: Mapping[int, Waveform]) -> dict[int, Scores]:
        """Hear lines; what could not be heard is an error in its place.

        Args:
            takes: By row id.
            sounds: The delivery of each, decoded.
        """
        try:
            baselines = [self._baseline(take) for take in takes.values()]
            heard = self._judge.hear([sounds[pk] for pk in takes], baselines)
        except JudgeError as error:
            return {pk: emotion_scores(error) for pk in takes}
        return {
            pk: emotion_scores(one.probabilities if isinstance(one, EmotionHeard) else one)
            for pk, one in zip(takes, heard, strict=True)
        }

    def _baseline(self, take: Take) -> Baseline | None:
        """Return the voice's baseline; None for a recording and for what has none."""
        said, target = take.request.utterance, take.request.mastering
        if take.request.recording_key:
            return None
        language = said.locale.split("-", maxsplit=1)[0].casefold()
        key = (
            said.voice,
            self._voices.card(VoiceRef.parse(said.voice).name).model_sha256,
            language,
            target.loudness_lufs,
        )
        with self._lock:
            if key not in self._known:
                self._known[key] = self._measure(take)
            return self._known[key]

    def _measure(self, take: Take) -> Baseline | None:
        said, target = take.request.utterance, take.request.mastering
        try:
            voice = self._voices.open(VoiceRef.parse(said.voice).name)
            gain_db = self._level.gain_db(voice, said.voice, said.locale, target)
            spoken = self._level.neutral(voice, said.voice, said.locale)
            return self._judge.baseline([master(w, target, gain_db).waveform for w in spoken])
        except DatabaseError:  # the world's fault, and no voice's
            raise
        except BarklineError:
            return None  # heard without a baseline, and told so by the judge
