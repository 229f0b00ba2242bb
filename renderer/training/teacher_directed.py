"""A teacher that acts: an installed voice, directed as the lines of a game are.

The emotion of a sentence is drawn by its words, so that the same sentence is acted in the same way
again. A fifth of them is shouted.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

from renderer.direction.controls import SignalControls, plan_controls
from renderer.direction.intonation import hand_over
from renderer.direction.profile import EmotionProfiles
from renderer.direction.stage import direct
from renderer.domain.direction import Delivery, Direction, Emotion
from renderer.domain.transcript import Transcript
from renderer.errors import BarklineError
from renderer.ports import SpeechRequest, Synthesiser, Transcriber
from renderer.training.corpus import Speaker
from renderer.training.teacher import Lesson, VoiceTeacher

_INTENSITIES = (0.4, 0.7, 1.0)
_SHOUTED = 5


class DirectedTeacher(VoiceTeacher):
    """An installed voice that acts.

    Args:
        voice: The voice, loaded.
        transcriber: Texts to phones.
        locale: BCP 47 tag of the texts.
        speaker: How the corpus is to call it, with its terms.
        voice_speaker: Which of the voice's speakers, or "" for its first or only one.
        profiles: The shapes of the emotions.
    """

    def __init__(
        self,
        voice: Synthesiser,
        transcriber: Transcriber,
        locale: str,
        speaker: Speaker,
        voice_speaker: str,
        profiles: EmotionProfiles,
    ) -> None:
        super().__init__(voice, transcriber, locale, speaker, voice_speaker)
        self._profiles = profiles

    def say(self, lines: Sequence[Transcript]) -> list[Lesson | BarklineError]:
        """Say lines, each in its emotion."""
        asked = [self._asked(line) for line in lines]
        lessons = self.answers(lines, [request for request, _ in asked])
        return [
            _directed(lesson, controls)
            for lesson, (_, controls) in zip(lessons, asked, strict=True)
        ]

    def _asked(self, line: Transcript) -> tuple[SpeechRequest, SignalControls]:
        direction = drawn(" ".join(line.written), self._speaker.name)
        shape = self._profiles.shape(direction.emotion, direction.intensity)
        engine, signal = plan_controls(direction, line, shape)
        request = SpeechRequest(
            line, self._voice_speaker, engine.rate, pause_scale=engine.pause_scale
        )
        if not self._voice.has_intonation:
            return request, signal
        intonation, left = hand_over(signal)
        return replace(request, intonation=intonation), left


def drawn(text: str, speaker: str) -> Direction:
    """Return the direction that a sentence is acted with by a speaker."""
    number = zlib.crc32(f"{speaker} {text}".encode())
    emotions = list(Emotion)
    delivery = Delivery.SHOUT if number % _SHOUTED == 0 else Delivery.NORMAL
    number //= _SHOUTED
    emotion = emotions[number % len(emotions)]
    intensity = _INTENSITIES[number // len(emotions) % len(_INTENSITIES)]
    level = 0.0 if emotion is Emotion.NEUTRAL else intensity
    return Direction(emotion, level, delivery=delivery)


def _directed(lesson: Lesson | BarklineError, controls: SignalControls) -> Lesson | BarklineError:
    if not isinstance(lesson, Lesson):
        return lesson
    try:
        waveform, phones = direct(lesson.waveform, lesson.phones, controls)
    except BarklineError as error:
        return error
    return replace(lesson, waveform=waveform, phones=phones)
