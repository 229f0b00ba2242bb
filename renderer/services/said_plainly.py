"""Lets a voice say lines plainly, and keeps what the gate asks of them."""

from __future__ import annotations

from dataclasses import replace

from renderer.audio.hearing import Hearing
from renderer.audio.mastering import frame
from renderer.audio.waveform import Waveform
from renderer.domain.render_key import digest
from renderer.domain.transcript import Transcript
from renderer.domain.voice import VoiceRef
from renderer.errors import JudgeError
from renderer.ports import Speech, SpeechRequest, VoiceBook
from renderer.ports.judge import PhoneReader
from renderer.quality.measure import strongest_click
from renderer.quality.phone_path import Pattern, PhoneScores
from renderer.quality.phone_path import pattern as learn
from renderer.quality.plain_line import Rendition
from renderer.quality.plain_line import rendition as measure_rendition
from renderer.quality.take import GateInput
from renderer.services.listen import played_at
from renderer.services.voice_norm import Key, Once

AROUND_S = 0.05  # of silence around what is read
MOST_KEPT = 64  # lines: the attempts of one batch


class SaidPlainly:
    """What is known of the lines of takes, each said plainly by its own voice.

    A line is said once for all its attempts. Nothing of it is stored, and it is no part of any
    render key. Every method raises `JudgeError` where the voice does not say the line.

    Args:
        voices: The installed voices.
    """

    def __init__(self, voices: VoiceBook) -> None:
        self._voices = voices
        # A GPU that had no room for a line may have it for the next attempt.
        self._said: Once[Waveform] = Once(MOST_KEPT, keeps_failures=False)
        self._renditions: Once[Rendition] = Once(MOST_KEPT, keeps_failures=False)
        self._corners: Once[float] = Once(MOST_KEPT, keeps_failures=False)
        self._patterns: Once[Pattern] = Once(MOST_KEPT, keeps_failures=False)

    def rendition(self, take: GateInput) -> Rendition:
        """Return how it sounds."""

        def measure() -> Rendition:
            return measure_rendition(Hearing(self.waveform(take)))

        return self._renditions.get(self._key(take), measure)

    def corner_db(self, take: GateInput) -> float:
        """Return its sharpest lone corner, dB."""

        def look() -> float:
            return strongest_click(self.waveform(take)).value

        return self._corners.get(self._key(take), look)

    def pattern(self, take: GateInput, reader: PhoneReader, size: float = 1.0) -> Pattern:
        """Return how a judge of phones hears it, at the size its voice is played to it."""

        def listen() -> Pattern:
            return learn(phone_scores(reader, self.waveform(take), take.transcript, size))

        return self._patterns.get(self._key(take), listen)

    def waveform(self, take: GateInput) -> Waveform:
        """Return its sound."""
        ref = VoiceRef.parse(take.voice)

        def speak() -> Waveform:
            request = SpeechRequest(take.transcript, speaker=ref.speaker)
            answer = self._voices.open(ref.name).speak([request])[0]
            if not isinstance(answer, Speech):
                raise JudgeError(f"the line could not be said plainly: {answer}")
            return answer.waveform

        return self._said.get(self._key(take), speak)

    def _key(self, take: GateInput) -> Key:
        ref, transcript = VoiceRef.parse(take.voice), take.transcript
        said = digest([[w.phonemes, w.punctuation] for w in transcript.words])
        model = self._voices.card(ref.name).model_sha256
        return take.voice, transcript.locale, f"{model} {said}"


def phone_scores(
    reader: PhoneReader, waveform: Waveform, transcript: Transcript, size: float = 1.0
) -> PhoneScores:
    """Let a sound be read with as much silence around it as any other.

    What a judge does not hear at an end lasts as long as the silence there: framed alike, takes and
    plain lines have the same of it.

    Args:
        reader: Hears sounds.
        waveform: The sound.
        transcript: What should have been said.
        size: How much faster it is played to the reader, ×; times are those of the sound itself.
    """
    framed, start_s = frame(waveform, AROUND_S)
    heard = reader.read(played_at(framed, size), transcript)
    return replace(heard, start_s=start_s, frame_s=heard.frame_s * size)
