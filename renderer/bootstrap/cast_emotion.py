"""Hears the emotions of approved takes, each character beside its neutral voice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from renderer import config
from renderer.errors import AudioError, JudgeError, StorageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from renderer.analysis.emotion_table import Heard
    from renderer.audio.waveform import Waveform
    from renderer.ports import EmotionRecogniser, ObjectStore
    from renderer.services.survey import LineTakes

NOTHING_HEARD = "The classifier could not tell any line's emotion."
NEUTRAL = "neutral"
_LEAST_NEUTRAL, _MOST_NEUTRAL = 3, 16


def emotion_judge() -> EmotionRecogniser:
    """Return the judge of emotions that is shipped; its file is read when it first listens."""
    from renderer.judges.emotion import EmotionJudge

    return EmotionJudge(config.assets_dir() / "judges" / "emotion.json")


def listen(
    store: ObjectStore, lines: Sequence[LineTakes], judge: EmotionRecogniser
) -> tuple[list[Heard] | None, str]:
    """Hear every line; returns what was heard, or why nothing was.

    Args:
        store: Where the sounds are; lines whose sound is lost are left out.
        lines: Approved lines.
        judge: Hears them.
    """
    by_character: dict[str, list[LineTakes]] = {}
    for line in lines:
        by_character.setdefault(line.utterance.character, []).append(line)
    try:
        heard = [found for some in by_character.values() for found in _hear(store, some, judge)]
    except JudgeError as error:
        return None, str(error)
    return (heard, "") if heard else (None, NOTHING_HEARD)


def _hear(store: ObjectStore, lines: Sequence[LineTakes], judge: EmotionRecogniser) -> list[Heard]:
    """Hear the lines of one character."""
    from renderer.analysis.emotion_table import Heard

    found = [(line, sound) for line in lines if (sound := _sound(store, line)) is not None]
    baseline = _baseline(found, judge)
    answers = judge.hear([sound for _, sound in found], [baseline] * len(found))
    return [
        Heard(
            line.utterance.character,
            line.utterance.direction.emotion.value,
            answer.top.value,
        )
        for (line, _), answer in zip(found, answers, strict=True)
        if not isinstance(answer, JudgeError)
    ]


def _baseline(
    found: Sequence[tuple[LineTakes, Waveform]], judge: EmotionRecogniser
) -> npt.NDArray[np.float64] | None:
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
