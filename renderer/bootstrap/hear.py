"""Hears the emotions of approved takes, each character beside its neutral voice."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from renderer import config
from renderer.errors import AudioError, JudgeError, StorageError

if TYPE_CHECKING:
    from renderer.analysis.emotion_table import Heard
    from renderer.audio.waveform import Waveform
    from renderer.ports import ObjectStore
    from renderer.services.survey import LineTakes

NO_EMOTION = "No classifier of emotion is installed, so nobody listened for it."
NOTHING_HEARD = "The classifier could not tell any line's emotion."
NEUTRAL = "neutral"
_LEAST_NEUTRAL, _MOST_NEUTRAL = 3, 16


class Listened(Protocol):
    """What was heard on one clip."""

    @property
    def probabilities(self) -> Mapping[Any, float]:
        """Emotion to 0–1."""
        ...


class EmotionListener(Protocol):
    """Says which emotion clips sound like."""

    def baseline(self, neutral: Sequence[Waveform]) -> Any:  # noqa: ANN401 - its own matter
        """Return what a speaker's neutral clips have in common.

        Raises:
            JudgeError: None of them can be measured.
        """
        ...

    def hear(
        self,
        waveforms: Sequence[Waveform],
        baselines: Sequence[Any],
    ) -> Sequence[Listened | JudgeError]:
        """Hear clips, each with its speaker's baseline or None.

        Raises:
            JudgeError: The model is not installed.
        """
        ...


def emotion_judge() -> EmotionListener | None:
    """Return the classifier of emotion, or None where this version or this machine has none."""
    path = config.assets_dir() / "judges" / "emotion.json"
    try:
        module = importlib.import_module("renderer.judges.emotion")
    except ModuleNotFoundError:
        return None
    if not path.is_file():
        return None
    judge: EmotionListener = module.EmotionJudge(path)
    return judge


def listen(
    store: ObjectStore, lines: Sequence[LineTakes], judge: EmotionListener | None
) -> tuple[list[Heard] | None, str]:
    """Hear every line; returns what was heard, or why nothing was.

    Args:
        store: Where the sounds are; lines whose sound is lost are left out.
        lines: Approved lines.
        judge: The classifier, or None.
    """
    if judge is None:
        return None, NO_EMOTION
    by_character: dict[str, list[LineTakes]] = {}
    for line in lines:
        by_character.setdefault(line.utterance.character, []).append(line)
    try:
        heard = [found for some in by_character.values() for found in _hear(store, some, judge)]
    except JudgeError as error:
        return None, str(error)
    return (heard, "") if heard else (None, NOTHING_HEARD)


def _hear(store: ObjectStore, lines: Sequence[LineTakes], judge: EmotionListener) -> list[Heard]:
    """Hear the lines of one character."""
    from renderer.analysis.emotion_table import Heard, most_likely

    found = [(line, sound) for line in lines if (sound := _sound(store, line)) is not None]
    baseline = _baseline(found, judge)
    answers = judge.hear([sound for _, sound in found], [baseline] * len(found))
    return [
        Heard(
            line.utterance.character,
            line.utterance.direction.emotion.value,
            most_likely({str(name): p for name, p in answer.probabilities.items()}),
        )
        for (line, _), answer in zip(found, answers, strict=True)
        if not isinstance(answer, JudgeError)
    ]


def _baseline(found: Sequence[tuple[LineTakes, Waveform]], judge: EmotionListener) -> Any:  # noqa: ANN401 - the judge's own matter
    neutral = [s for line, s in found if line.utterance.direction.emotion.value == NEUTRAL]
    if len(neutral) < _LEAST_NEUTRAL:
        return None
    try:
        return judge.baseline(neutral[:_MOST_NEUTRAL])
    except JudgeError:
        return None


def _sound(store: ObjectStore, line: LineTakes) -> Waveform | None:
    from renderer.audio.codec import decode
    from renderer.services.survey import sound_of

    sound = sound_of(line.take)
    try:
        return decode(store.get(sound.key)) if sound else None
    except (StorageError, AudioError):
        return None
