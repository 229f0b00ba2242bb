"""What a teacher is: something that speaks a text and tells when each phone was said.

VoiceTeacher    any voice that is installed (this file)
flite, festival programs of other people (`teacher_flite`, `teacher_festival`)
substitute      a voice of another language, with marks on what it cannot say
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import BarklineError, SynthesisError, TextError, TrainingError
from renderer.ports import SpeechRequest, Synthesiser, Transcriber
from renderer.text.token_time import TimedTokens, time_tokens
from renderer.training.corpus import Speaker

Restore = Callable[[TimedTokens], tuple[TimedTokens, tuple[bool, ...]]]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A sentence as a teacher said it.

    Attributes:
        waveform: Its sound, at the teacher's own rate and level.
        transcript: The line in the phones it was said with.
        phones: Those phones in time.
        restore: Turns the tokens that were said into those that were meant, with a flag for each
            that sounds as it should; None where nothing else was meant.
    """

    waveform: Waveform
    transcript: Transcript
    phones: tuple[PhoneSpan, ...]
    restore: Restore | None = None

    def tokens(self, frames: int, frame_s: float) -> tuple[TimedTokens, tuple[bool, ...]]:
        """Return tokens with durations, and which of them sound as they should; () for all.

        Raises:
            TextError: The phones cannot be matched with the words.
        """
        timed = time_tokens(self.transcript, self.phones, frames, frame_s)
        return self.restore(timed) if self.restore else (timed, ())


class Teacher(Protocol):
    """Something that speaks texts of one language with one voice."""

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is, and under which terms its sound may be used."""
        ...

    @property
    def language(self) -> str:
        """The language it speaks, such as `en`."""
        ...

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts; one answer per text, in order; one bad text never fails the others.

        Safe to call from several threads.

        Raises:
            TrainingError: The teacher is not there at all; says what to install.
        """
        ...


def transcribe(
    transcriber: Transcriber, texts: Sequence[str], locale: str
) -> list[Transcript | TextError]:
    """Return the transcripts of plain texts, as a line without any direction would have them."""
    lines = [
        Utterance(f"text_{number}", locale, "", "", text, text, "")
        for number, text in enumerate(texts)
    ]
    return transcriber.transcribe(lines)


class VoiceTeacher:
    """Any installed voice as a teacher.

    Args:
        voice: The voice, loaded.
        transcriber: Texts to phones.
        locale: BCP 47 tag of the texts.
        speaker: How the corpus is to call it, with its terms.
        voice_speaker: Which of the voice's speakers, or "" for its first or only one.
        rate: Speaking rate asked of the voice, ×.
    """

    def __init__(
        self,
        voice: Synthesiser,
        transcriber: Transcriber,
        locale: str,
        speaker: Speaker,
        voice_speaker: str = "",
        rate: float = 1.0,
    ) -> None:
        self._voice = voice
        self._transcriber = transcriber
        self._locale = locale
        self._speaker = speaker
        self._voice_speaker = voice_speaker
        self._rate = rate

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is."""
        return self._speaker

    @property
    def language(self) -> str:
        """The language it speaks."""
        return self._locale.split("-")[0].lower()

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts.

        Raises:
            TrainingError: The voice gives no exact phone times.
        """
        lines = transcribe(self._transcriber, texts, self._locale)
        good = [line for line in lines if isinstance(line, Transcript)]
        return merged(lines, self.say(good))

    def say(self, lines: Sequence[Transcript]) -> list[Lesson | BarklineError]:
        """Say lines whose phones are known."""
        requests = [
            SpeechRequest(line, speaker=self._voice_speaker, rate=self._rate) for line in lines
        ]
        return self.answers(lines, requests)

    def answers(
        self, lines: Sequence[Transcript], requests: Sequence[SpeechRequest]
    ) -> list[Lesson | BarklineError]:
        """Let the voice answer requests of lines.

        Raises:
            TrainingError: The voice gives no exact phone times.
        """
        answers: list[Lesson | BarklineError] = []
        for line, speech in zip(lines, self._voice.speak(requests), strict=True):
            if isinstance(speech, SynthesisError):
                answers.append(speech)
                continue
            if speech.alignment_source != "engine":
                raise TrainingError(
                    f"Voice {self._voice.card.name!r} does not tell when its phones are said, so "
                    "that nothing exact can be learnt from it. Use another voice, or record what "
                    "it says and run `barkline train prepare`."
                )
            answers.append(Lesson(speech.waveform, line, speech.phones))
        return answers


def merged(
    lines: Sequence[object], answers: Sequence[Lesson | BarklineError]
) -> list[Lesson | BarklineError]:
    """Put the answers for good lines between the errors of bad ones."""
    left = iter(answers)
    return [line if isinstance(line, TextError) else next(left) for line in lines]
