"""Lets a voice say a line once more, plainly, and holds the take against that."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from renderer.audio.activity import speaking_s
from renderer.audio.hearing import Hearing
from renderer.audio.mastering import frame
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Delivery
from renderer.domain.render_key import digest
from renderer.domain.transcript import Transcript
from renderer.domain.voice import RECORDING, VoiceRef
from renderer.errors import JudgeError, UnhearableError
from renderer.ports import Speech, SpeechRequest, VoiceBook
from renderer.ports.judge import PhoneReader
from renderer.quality.limits import Limits
from renderer.quality.measure import strongest_click
from renderer.quality.metrics import Metrics, Score, Scores, Unsure, Value
from renderer.quality.phone_path import (
    Pattern,
    PhoneScores,
    pattern,
    tell,
    tell_beside,
    times_beside,
)
from renderer.quality.phone_slip import AGAIN, BESIDE, CUT, LEFT_OUT, OTHER, Slip, Told
from renderer.quality.phone_times import lack_at_ends
from renderer.quality.plain_line import (
    AskedManner,
    Departure,
    Rendition,
    departure,
    rate_ratio,
    rendition,
)
from renderer.quality.take import GateInput
from renderer.services.hear import has_directed_words
from renderer.services.in_place import in_place
from renderer.services.voice_norm import Key, Once, VoiceNorms

OF_PITCH = ("line_pitch_off_st", "line_range_ratio")
OF_SOUND = (*OF_PITCH, "line_timbre_db")
RATE = "line_rate_ratio"
LACK = "line_lack_s"
CLICK = "line_click_db"
OF_TIME = (RATE, LACK)
LINE_METRICS = (*OF_SOUND, *OF_TIME, CLICK)
TEXT_METRICS = ("slip_nats", "line_text_nats")
_OF_TEXT = ("most_slip_nats", "most_line_text_nats")
_OF_MANNER = (
    "most_line_pitch_off_st",
    "least_line_range_ratio",
    "least_line_rate_ratio",
    "most_line_rate_ratio",
    "most_line_timbre_db",
    "most_line_lack_s",
    "most_line_click_db",
)
MOST_MISHEARD = 30.0  # nats in a voice's passages; of the tuning side kristin has 17 (ca)
AROUND_S = 0.05  # of silence around what is read
MOST_NAMED = 3  # slips of one line that are told
MOST_KEPT = 64  # lines: the attempts of one batch
_LITTLE = Unsure("Too little voice to hold it against the line said plainly.")
_SHORT = Unsure("Take or plain line are too short for the sounds of the text: listen.")
_RECORDED = Unsure("A recording has no voice of its own to hold it against.")
_WORDS = Unsure("Words of it are directed on their own: listen.")
_UNREAD = Unsure("Nobody can read the sounds of a whisper: listen.")
_WHISPER = Unsure("A whisper has no pitch and another sound: listen.")


class _Heard:
    """A take as a judge of phones hears it, once for all that is asked of it."""

    def __init__(self, take: GateInput, reader: PhoneReader) -> None:
        self.reader = reader
        self._take = take

    @cached_property
    def delivered(self) -> PhoneScores:
        """What the judge hears of the delivered file."""
        return _scores_of(self.reader, self._take.delivered, self._take.transcript)

    @cached_property
    def raw(self) -> PhoneScores:
        """What the judge hears of the raw take."""
        return _scores_of(self.reader, self._take.raw, self._take.transcript)


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
        self._corners: Once[float] = Once(MOST_KEPT, keeps_failures=False)
        self._patterns: Once[Pattern] = Once(MOST_KEPT, keeps_failures=False)

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
        heard = _Heard(take, self._reader) if self._reader else None
        if heard and limits.holds_any(_OF_TEXT):
            scores |= in_place(TEXT_METRICS, lambda: self._read(take, heard))
        if limits.holds_any(_OF_MANNER):
            scores |= in_place(OF_SOUND, lambda: self._depart(take, asked, hearing))
            scores |= in_place(OF_TIME, lambda: self._time(take, heard, metrics, asked))
            scores |= in_place((CLICK,), lambda: self._crack(take, metrics))
        return scores

    def _depart(self, take: GateInput, asked: AskedManner, hearing: Hearing) -> Scores:
        """Return pitch and sound beyond those of the plain line."""
        if take.voice == RECORDING:
            return dict.fromkeys(OF_SOUND, _RECORDED)
        return _scores(take, departure(rendition(hearing), self._rendition(take), asked))

    def _time(
        self, take: GateInput, heard: _Heard | None, metrics: Metrics, asked: AskedManner
    ) -> Scores:
        """Return the rate over that of the plain line and of what was asked, and what ends lack."""
        if take.voice == RECORDING:
            return dict.fromkeys(OF_TIME, _RECORDED)
        if has_directed_words(take.direction):
            return dict.fromkeys(OF_TIME, _WORDS)
        seconds, lack = self._heard_times(take, heard, asked)
        if seconds is None:
            seconds = metrics.needed("speaking_s"), speaking_s(self._plain(take))
        rate = rate_ratio(*seconds, asked)
        return {RATE: _LITTLE if rate is None else rate, LACK: lack}

    def _crack(self, take: GateInput, metrics: Metrics) -> Scores:
        """Return how far the take's sharpest corner stands out beyond that of the plain line.

        A voice's own bursts, which are as sharp as a click in some, are in both.
        """
        if take.voice == RECORDING:
            return {CLICK: _RECORDED}
        if take.direction.delivery is Delivery.WHISPER:
            return {CLICK: _WHISPER}
        own, usual = metrics.needed("click_db"), self._corner(take)
        return {CLICK: Score(own - usual, metrics.places.get("click_db"))}

    def _heard_times(
        self, take: GateInput, heard: _Heard | None, asked: AskedManner
    ) -> tuple[tuple[float, float] | None, Value]:
        """Return how long the phones of take and plain line take, and what the take's ends lack.

        None, and why not, where nobody reads them.
        """
        if take.direction.delivery is Delivery.WHISPER:
            return None, _UNREAD
        if heard is None:
            return None, JudgeError("there is no judge of phones")
        try:
            raw = heard.raw  # nobody says a line plainly for what cannot be read
            said = self._pattern(take, heard.reader)
        except UnhearableError as error:
            return None, Unsure(f"{error}: listen.")
        own, plain = times_beside(raw, said), said.times
        found = lack_at_ends(own, plain, asked.rate)
        if found is None:
            return None, _SHORT
        at_s = max(0.0, found.at_s + take.shift_s)
        lack = Score(found.seconds, at_s, "end" if found.is_end else "start")
        return (own.total_s, plain.total_s), lack

    def _read(self, take: GateInput, heard: _Heard) -> Scores:
        """Return how the take sounds beside its text, and beyond the plain line."""
        if take.direction.delivery is Delivery.WHISPER:
            return dict.fromkeys(TEXT_METRICS, _UNREAD)
        if take.voice == RECORDING:
            return {
                "slip_nats": slip_score(tell(heard.delivered), take.transcript),
                "line_text_nats": _RECORDED,
            }
        usual = self._misheard(take, heard.reader)
        if usual > MOST_MISHEARD:
            badly = Unsure(f"The judge of phones does not hear {take.voice} well: listen.")
            return dict.fromkeys(TEXT_METRICS, badly)
        told, said = tell(heard.delivered), self._pattern(take, heard.reader)
        beside = tell_beside(heard.delivered, said)
        can_tell = bool(said.times.seconds)
        return {
            "slip_nats": slip_score(told.beyond(usual), take.transcript),
            "line_text_nats": slip_score(beside, take.transcript) if can_tell else _SHORT,
        }

    def _misheard(self, take: GateInput, reader: PhoneReader) -> float:
        """What the judge takes for a slip in whatever the voice says, nats."""
        if self._norms is None:
            return 0.0
        return self._norms.misheard(take.voice, take.locale, reader)

    def _rendition(self, take: GateInput) -> Rendition:
        def measure() -> Rendition:
            return rendition(Hearing(self._plain(take)))

        return self._renditions.get(self._key(take), measure)

    def _corner(self, take: GateInput) -> float:
        def look() -> float:
            return strongest_click(self._plain(take)).value

        return self._corners.get(self._key(take), look)

    def _pattern(self, take: GateInput, reader: PhoneReader) -> Pattern:
        def listen() -> Pattern:
            return pattern(_scores_of(reader, self._plain(take), take.transcript))

        return self._patterns.get(self._key(take), listen)

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


def _scores_of(reader: PhoneReader, waveform: Waveform, transcript: Transcript) -> PhoneScores:
    """Let a sound be read with as much silence around it as any other.

    What a judge does not hear at an end lasts as long as the silence there: framed alike, takes and
    plain lines have the same of it.
    """
    framed, start_s = frame(waveform, AROUND_S)
    return replace(reader.read(framed, transcript), start_s=start_s)


def slip_score(told: Told, transcript: Transcript) -> Score:
    """Return the evidence of the worst slip, where it is, and the surest ones in words."""
    surest = sorted(told.slips, key=lambda slip: -slip.nats)
    named = [_named(slip, transcript) for slip in surest[:MOST_NAMED]]
    more = len(surest) - len(named)
    note = "; ".join([*named, *([f"and {more} more"] if more else [])])
    return Score(told.worst, surest[0].start_s if surest else None, note)


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
    values = (found.pitch_st, found.range_ratio, found.timbre_db)
    scores: dict[str, Value] = {
        name: _LITTLE if value is None else value
        for name, value in zip(OF_SOUND, values, strict=True)
    }
    if has_directed_words(take.direction):
        scores |= dict.fromkeys(OF_PITCH, _WORDS)
    if take.direction.delivery is Delivery.WHISPER:
        scores |= dict.fromkeys((*OF_PITCH, "line_timbre_db"), _WHISPER)
    return scores
