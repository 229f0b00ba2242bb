"""Hear which emotion lines sound like, each against its own voice said neutrally."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

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
Key = tuple[str, str, str, float]
"""Voice, SHA-256 of its model, language, loudness of the master in LUFS."""


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
        self._known: dict[Key, Baseline] = {}

    def hear(self, takes: Mapping[int, Take], sounds: Mapping[int, Waveform]) -> dict[int, Scores]:
        """Hear lines; what could not be heard is an error in its place.

        Args:
            takes: By row id.
            sounds: The delivery of each, decoded.
        """
        try:
            heard = self._judge.hear([sounds[pk] for pk in takes], self._baselines(takes.values()))
        except JudgeError as error:
            return {pk: emotion_scores(error) for pk in takes}
        return {pk: _scores(one) for pk, one in zip(takes, heard, strict=True)}

    def _baselines(self, takes: Iterable[Take]) -> list[Baseline | None]:
        """Return the baseline of each take's voice; None for a recording and for what has none.

        A voice that could not be measured is tried again with the next batch.
        """
        batch: dict[Key, Baseline | None] = {}
        found: list[Baseline | None] = []
        for take in takes:
            if take.request.recording_key:
                found.append(None)
                continue
            key = self._key(take)
            if key not in batch:
                batch[key] = self._baseline(key, take)
            found.append(batch[key])
        return found

    def _key(self, take: Take) -> Key:
        said = take.request.utterance
        language = said.locale.split("-", maxsplit=1)[0].casefold()
        card = self._voices.card(VoiceRef.parse(said.voice).name)
        return said.voice, card.model_sha256, language, take.request.mastering.loudness_lufs

    def _baseline(self, key: Key, take: Take) -> Baseline | None:
        with self._lock:
            known = self._known.get(key)
            if known is None and (known := self._measure(take)) is not None:
                self._known[key] = known
            return known

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
            return None  # heard without a baseline, and the finding says so


def _scores(heard: EmotionHeard | JudgeError) -> Scores:
    if isinstance(heard, JudgeError):
        return emotion_scores(heard)
    return emotion_scores(heard.probabilities, has_baseline=heard.has_baseline)
