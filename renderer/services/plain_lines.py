"""Lets a voice say a line once more, plainly, and holds the take against that."""

from __future__ import annotations

from renderer.audio.activity import speaking_s
from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Delivery
from renderer.domain.render_key import digest
from renderer.domain.transcript import Transcript
from renderer.domain.voice import VoiceRef
from renderer.errors import JudgeError
from renderer.ports import Speech, SpeechRequest, VoiceBook
from renderer.ports.judge import PhoneReader
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Score, Scores, Unsure, Value
from renderer.quality.phone_path import (
    AGAIN,
    BESIDE,
    CUT,
    LEFT_OUT,
    OTHER,
    Slip,
    Told,
    tell,
)
from renderer.quality.plain_line import AskedManner, Departure, Rendition, departure, rendition
from renderer.quality.take import GateInput
from renderer.services.hear import RECORDING, has_directed_words
from renderer.services.in_place import in_place
from renderer.services.voice_norm import Key, Once, VoiceNorms

OF_PITCH = ("line_pitch_off_st", "line_range_ratio")
LINE_METRICS = (*OF_PITCH, "line_rate_ratio", "line_timbre_db")
TEXT_METRICS = ("slip_nats", "line_slip_nats")
_OF_TEXT = ("most_slip_nats", "most_line_slip_nats")
_OF_MANNER = (
    "most_line_pitch_off_st",
    "least_line_range_ratio",
    "least_line_rate_ratio",
    "most_line_rate_ratio",
    "most_line_timbre_db",
)
MOST_MISHEARD = 3.0  # nats per second of a voice's passages; of the tuning side grom has 2.3 (fr)
MOST_NAMED = 3  # slips of one line that are told
MOST_KEPT = 64  # lines: the attempts of one batch
_LITTLE = Unsure("Too little voice to hold it against the line said plainly.")
_RECORDED = Unsure("A recording has no voice of its own to hold it against.")
_WORDS = Unsure("Words of it are directed on their own: listen.")
_UNREAD = Unsure("Nobody can read the sounds of a whisper: listen.")
_WHISPER = Unsure("A whisper has no pitch and another sound: listen.")


class PlainLines:
    """Holds takes against their own lines, said plainly by their own voice.

    A line is said once for all its attempts. Nothing of it is stored, and it is no part of any
    render key.

    Args:
        voices: The installed voices.
        reader: Hears sounds, or None: nobody does.
        norms: What voices are like, or None: then every voice counts as heard well.
    """

    def __init__(
        self,
        voices: VoiceBook,
        reader: PhoneReader | None = None,
        norms: VoiceNorms | None = None,
    ) -> None:
        self._voices = voices
        self._reader = reader
        self._norms = norms
        # A GPU that had no room for a line may have it for the next attempt.
        self._said: Once[Waveform] = Once(MOST_KEPT, keeps_failures=False)
        self._renditions: Once[Rendition] = Once(MOST_KEPT, keeps_failures=False)
        self._slips: Once[float] = Once(MOST_KEPT, keeps_failures=False)

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
        scores: dict[str, Value] = {}
        reader = self._reader
        if reader and limits.holds_any(_OF_TEXT):
            scores |= in_place(TEXT_METRICS, lambda: self._read(take, reader, limits))
        if limits.holds_any(_OF_MANNER):
            scores |= in_place(LINE_METRICS, lambda: self._depart(take, metrics, asked, hearing))
        return scores

    def _depart(
        self, take: GateInput, metrics: Metrics, asked: AskedManner, hearing: Hearing
    ) -> Scores:
        """Return pitch, pace and sound beyond those of the plain line."""
        if take.voice == RECORDING:
            return dict.fromkeys(LINE_METRICS, _RECORDED)
        plain = self._rendition(take)
        own = rendition(hearing, metrics.needed("speaking_s"))
        return _scores(take, departure(own, plain, asked))

    def _read(self, take: GateInput, reader: PhoneReader, limits: Limits) -> Scores:
        """Return how the take sounds beside its text, and beyond the plain line."""
        if take.direction.delivery is Delivery.WHISPER:
            return dict.fromkeys(TEXT_METRICS, _UNREAD)
        told = tell(reader.read(take.delivered, take.transcript))
        slips: Value = slip_score(told, take.transcript)
        if take.voice == RECORDING:
            return {"slip_nats": slips, "line_slip_nats": _RECORDED}
        beyond = told.evidence - self._plain_slips(take, reader)
        most = limits.most_slip_nats
        if most is not None and told.evidence > most and self._is_misheard(take, reader):
            slips = Unsure(f"The judge of phones does not hear {take.voice} well: listen.")
        return {"slip_nats": slips, "line_slip_nats": beyond}

    def _is_misheard(self, take: GateInput, reader: PhoneReader) -> bool:
        """Whether the judge hears slips in whatever the voice says."""
        if self._norms is None:
            return False
        return self._norms.misheard(take.voice, take.locale, reader) > MOST_MISHEARD

    def _rendition(self, take: GateInput) -> Rendition:
        def measure() -> Rendition:
            sound = self._plain(take)
            return rendition(Hearing(sound), speaking_s(sound))

        return self._renditions.get(self._key(take), measure)

    def _plain_slips(self, take: GateInput, reader: PhoneReader) -> float:
        def listen() -> float:
            return tell(reader.read(self._plain(take), take.transcript)).evidence

        return self._slips.get(self._key(take), listen)

    def _plain(self, take: GateInput) -> Waveform:
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


def slip_score(told: Told, transcript: Transcript) -> Score:
    """Return the evidence of slips, where the first one is, and what they are in words."""
    named = [_named(slip, transcript) for slip in told.slips[:MOST_NAMED]]
    more = len(told.slips) - len(named)
    note = "; ".join([*named, *([f"and {more} more"] if more else [])])
    start_s = told.slips[0].start_s if told.slips else None
    return Score(told.evidence, start_s, note)


def _named(slip: Slip, transcript: Transcript) -> str:
    word = transcript.words[slip.word].text
    return {
        LEFT_OUT: f"“{word}” left out",
        AGAIN: f"“{word}” said again",
        OTHER: f"something else for “{word}”",
        BESIDE: f"something beside “{word}”",
        CUT: f"“{word}” cut",
    }[slip.kind]


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
