"""Hears the emotions of approved takes, each beside the neutral lines of its own voice.

One sound is in memory at a time: a character may have thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
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

    Floats = npt.NDArray[np.float64]

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
        lines: Approved lines. Those of one character, locale and voice have a baseline together:
            the median of up to 16 neutral ones. A neutral line is never part of what it is held
            against; with fewer than three others it is heard without.
        judge: Hears them.
    """
    by_voice: dict[tuple[str, str, str], list[LineTakes]] = {}
    for line in lines:
        by_voice.setdefault(_whose(line), []).append(line)
    try:
        heard = [found for some in by_voice.values() for found in _hear(store, some, judge)]
    except JudgeError as error:
        return None, str(error)
    return (heard, "") if heard else (None, NOTHING_HEARD)


def _whose(line: LineTakes) -> tuple[str, str, str]:
    """Return character, locale and voice of a take; what people recorded is no voice's."""
    said, request = line.utterance, line.take.request
    return said.character, said.locale, "" if request.recording_key else request.utterance.voice


def _hear(
    store: ObjectStore, lines: Sequence[LineTakes], judge: EmotionRecogniser
) -> Iterator[Heard]:
    """Hear the lines of one voice."""
    from renderer.analysis.emotion_table import Heard

    neutral = _neutral(store, lines, judge)
    for line in lines:
        sound = _sound(store, line)
        if sound is None:
            continue
        answer = judge.hear([sound], [_baseline(neutral, line)])[0]
        if not isinstance(answer, JudgeError):
            said = line.utterance
            yield Heard(said.character, said.direction.emotion.value, answer.top.value)


def _neutral(
    store: ObjectStore, lines: Sequence[LineTakes], judge: EmotionRecogniser
) -> dict[int, Floats]:
    """Return what neutral lines measure, by the take's row id: as many as a baseline takes."""
    found: dict[int, Floats] = {}
    for line in lines:
        if len(found) == _MOST_NEUTRAL:
            break
        is_neutral = line.utterance.direction.emotion.value == NEUTRAL
        sound = _sound(store, line) if is_neutral and line.take.id not in found else None
        if sound is not None:
            with suppress(JudgeError):  # too short, hardly any voice
                found[line.take.id] = judge.baseline([sound])
    return found


def _baseline(neutral: Mapping[int, Floats], line: LineTakes) -> Floats | None:
    import numpy as np

    from renderer.quality.emotion_features import baseline_of

    others = [row for take, row in neutral.items() if take != line.take.id]
    return baseline_of(np.stack(others)) if len(others) >= _LEAST_NEUTRAL else None


def _sound(store: ObjectStore, line: LineTakes) -> Waveform | None:
    from renderer.audio.codec import decode
    from renderer.services.survey import sound_of

    sound = sound_of(line.take)
    try:
        return decode(store.get(sound.key)) if sound else None
    except (StorageError, AudioError):
        return None
