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
from renderer.errors import BarklineError, SynthesisError
from renderer.ports import Speech, SpeechRequest, Synthesiser, Transcriber
from renderer.training.corpus import Speaker
from renderer.training.teacher import Lesson, merged, transcribe

_INTENSITIES = (0.4, 0.7, 1.0)
_SHOUTED = 5


class DirectedTeacher:
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
        self._voice = voice
        self._transcriber = transcriber
        self._locale = locale
        self._speaker = speaker
        self._voice_speaker = voice_speaker
        self._profiles = profiles

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is."""
        return self._speaker

    @property
    def language(self) -> str:
        """The language it speaks."""
        return self._locale.split("-")[0].lower()

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts, each in its emotion."""
        lines = transcribe(self._transcriber, texts, self._locale)
        good = [line for line in lines if isinstance(line, Transcript)]
        asked = [self._asked(line) for line in good]
        answers = self._voice.speak([request for request, _ in asked])
        lessons = [
            _directed(line, answer, controls)
            for line, answer, (_, controls) in zip(good, answers, asked, strict=True)
        ]
        return merged(lines, lessons)

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


def _directed(
    line: Transcript, answer: Speech | SynthesisError, controls: SignalControls
) -> Lesson | BarklineError:
    if not isinstance(answer, Speech):
        return answer
    try:
        waveform, phones = direct(answer.waveform, answer.phones, controls)
    except BarklineError as error:
        return error
    return Lesson(waveform, line, phones)
