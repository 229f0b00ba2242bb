"""Lets a voice say a line once more, plainly, and holds the take against that."""

from __future__ import annotations

from renderer.audio.activity import speaking_s
from renderer.audio.hearing import Hearing
from renderer.domain.direction import Delivery
from renderer.domain.render_key import digest
from renderer.domain.transcript import Transcript
from renderer.domain.voice import VoiceRef
from renderer.errors import BarklineError, JudgeError
from renderer.ports import Speech, SpeechRequest, VoiceBook
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Scores, Unsure, Value
from renderer.quality.obtained import AskedManner
from renderer.quality.plain_line import Departure, Rendition, departure, rendition
from renderer.quality.take import GateInput
from renderer.services.hear import RECORDING, has_directed_words
from renderer.services.voice_norm import Once

OF_PITCH = ("line_pitch_off_st", "line_range_ratio")
LINE_METRICS = (*OF_PITCH, "line_rate_ratio", "line_timbre_db")
MOST_KEPT = 64  # lines: the attempts of one batch
_LITTLE = Unsure("Too little voice to hold it against the line said plainly.")
_RECORDED = Unsure("A recording has no voice of its own to hold it against.")
_WORDS = Unsure("Words of it are directed on their own: listen.")
_WHISPER = Unsure("A whisper has no pitch and another sound: listen.")


class PlainLines:
    """Holds takes against their own lines, said plainly by their own voice.

    A line is said once for all its attempts. Nothing of it is stored, and it is no part of any
    render key.

    Args:
        voices: The installed voices.
    """

    def __init__(self, voices: VoiceBook) -> None:
        self._voices = voices
        self._said: Once[Rendition] = Once(MOST_KEPT)

    def compare(
        self,
        take: GateInput,
        metrics: Metrics,
        limits: Limits,
        asked: AskedManner,
        hearing: Hearing,
    ) -> Scores:
        """Return what limits ask for; a failure is an error in its place.

        Args:
            take: The take.
            metrics: What was measured of it; it sounds.
            limits: Those that hold for it.
            asked: All that was asked of its pitch and rate.
            hearing: Of the take, before mastering.
        """
        wanted = (
            limits.most_line_pitch_off_st,
            limits.least_line_range_ratio,
            limits.least_line_rate_ratio,
            limits.most_line_rate_ratio,
            limits.most_line_timbre_db,
        )
        if all(limit is None for limit in wanted):
            return {}
        if take.voice == RECORDING:
            return dict.fromkeys(LINE_METRICS, _RECORDED)
        try:
            plain = self._plain(take.voice, take.transcript)
            own = rendition(hearing, metrics.needed("speaking_s"))
        except BarklineError as error:
            return dict.fromkeys(LINE_METRICS, JudgeError(str(error)))
        except Exception as error:  # whatever it is: an error in its place, never a pass
            return dict.fromkeys(LINE_METRICS, JudgeError(f"{type(error).__name__}: {error}"))
        return _scores(take, departure(own, plain, asked))

    def _plain(self, voice: str, transcript: Transcript) -> Rendition:
        ref = VoiceRef.parse(voice)
        said = digest([[w.phonemes, w.punctuation] for w in transcript.words])
        key = voice, transcript.locale, f"{self._voices.card(ref.name).model_sha256} {said}"

        def speak() -> Rendition:
            request = SpeechRequest(transcript, speaker=ref.speaker)
            answer = self._voices.open(ref.name).speak([request])[0]
            if not isinstance(answer, Speech):
                raise JudgeError(f"the line could not be said plainly: {answer}")
            sound = answer.waveform
            return rendition(Hearing(sound), speaking_s(sound))

        return self._said.get(key, speak)


def _scores(take: GateInput, found: Departure) -> Scores:
    values = (found.pitch_st, found.range_ratio, found.rate_ratio, found.timbre_db)
    scores: dict[str, Value] = {
        name: _LITTLE if value is None else value
        for name, value in zip(LINE_METRICS, values, strict=True)
    }
    if has_directed_words(take.direction):
        scores |= dict.fromkeys((*OF_PITCH, "line_rate_ratio"), _WORDS)
    if take.direction.delivery is Delivery.WHISPER:
        scores |= dict.fromkeys((*OF_PITCH, "line_timbre_db"), _WHISPER)
    return scores
