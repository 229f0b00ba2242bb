"""Holds a take against its text, and against its line, said once more, plainly, by its voice."""

from __future__ import annotations

from functools import cached_property

from renderer.audio.activity import speaking_s
from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Delivery
from renderer.domain.transcript import Transcript
from renderer.domain.voice import RECORDING
from renderer.errors import JudgeError, UnhearableError
from renderer.ports import VoiceBook
from renderer.ports.judge import PhoneReader
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Score, Scores, Unsure, Value
from renderer.quality.phone_path import (
    PhoneScores,
    tell,
    tell_beside,
    times_beside,
)
from renderer.quality.phone_slip import AGAIN, BESIDE, CUT, LEFT_OUT, OTHER, Slip, Told
from renderer.quality.phone_times import drawn_word, lack_at_ends
from renderer.quality.plain_line import (
    AskedManner,
    Departure,
    departure,
    rate_ratio,
    rendition,
)
from renderer.quality.take import GateInput
from renderer.quality.text_fit import text_fit
from renderer.services.hear import has_directed_words
from renderer.services.in_place import in_place
from renderer.services.said_plainly import SaidPlainly, phone_scores
from renderer.services.voice_norm import MOST_MISHEARD, Misheard, VoiceNorms

OF_PITCH = ("line_pitch_off_st", "line_range_ratio")
OF_SOUND = (*OF_PITCH, "line_timbre_db")
RATE = "line_rate_ratio"
LACK = "line_lack_s"
DRAWN = "line_drawn_s"
CLICK = "line_click_db"
OF_TIME = (RATE, LACK, DRAWN)
LINE_METRICS = (*OF_SOUND, *OF_TIME, CLICK)
TEXT_METRICS = ("slip_nats", "line_text_nats")
FIT = "text_fit_nats"
_OF_TEXT = ("most_slip_nats", "most_line_text_nats")
_OF_MANNER = (
    "most_line_pitch_off_st",
    "least_line_range_ratio",
    "least_line_rate_ratio",
    "most_line_rate_ratio",
    "most_line_timbre_db",
    "most_line_lack_s",
    "most_line_drawn_s",
    "most_line_click_db",
)
MOST_NAMED = 3  # slips of one line that are told
_LITTLE = Unsure("Too little voice to hold it against the line said plainly.")
_SHORT = Unsure("Take or plain line are too short for the sounds of the text: listen.")
_RECORDED = Unsure("A recording has no voice of its own to hold it against.")
_WORDS = Unsure("Words of it are directed on their own: listen.")
_UNREAD = Unsure("Nobody can read the sounds of a whisper: listen.")
_FEW = Unsure("Too few sounds to tell whether it is this line: listen.")
_WHISPER = Unsure("A whisper has no pitch and another sound: listen.")


class _Heard:
    """A take as a judge of phones hears it, once for all that is asked of it."""

    def __init__(self, take: GateInput, reader: PhoneReader, norms: VoiceNorms | None) -> None:
        self.reader = reader
        self._take = take
        self._norms = norms

    @cached_property
    def misheard(self) -> Misheard:
        """How badly the judge hears the voice, and at which size it is played."""
        if self._norms is None or self._take.voice == RECORDING:
            return Misheard()
        return self._norms.misheard(self._take.voice, self._take.locale, self.reader)

    @cached_property
    def delivered(self) -> PhoneScores:
        """What the judge hears of the delivered file."""
        return self._of(self._take.delivered)

    @cached_property
    def raw(self) -> PhoneScores:
        """What the judge hears of the raw take."""
        return self._of(self._take.raw)

    def _of(self, waveform: Waveform) -> PhoneScores:
        return phone_scores(self.reader, waveform, self._take.transcript, self.misheard.size)


class PlainLines:
    """Holds takes against their texts and their own lines, said plainly by their own voice.

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
        self._plain = SaidPlainly(voices)
        self._reader = reader
        self._norms = norms

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
        heard = _Heard(take, self._reader, self._norms) if self._reader else None
        if heard and limits.holds_any(_OF_TEXT):
            scores |= in_place(TEXT_METRICS, lambda: self._read(take, heard))
        if heard and limits.least_text_fit_nats is not None:
            scores |= in_place((FIT,), lambda: self._fit(take, heard))
        if limits.holds_any(_OF_MANNER):
            scores |= in_place(OF_SOUND, lambda: self._depart(take, asked, hearing))
            scores |= in_place(OF_TIME, lambda: self._time(take, heard, metrics, asked))
            scores |= in_place((CLICK,), lambda: self._crack(take, metrics))
        return scores

    def _depart(self, take: GateInput, asked: AskedManner, hearing: Hearing) -> Scores:
        """Return pitch and sound beyond those of the plain line."""
        if take.voice == RECORDING:
            return dict.fromkeys(OF_SOUND, _RECORDED)
        return _scores(take, departure(rendition(hearing), self._plain.rendition(take), asked))

    def _time(
        self, take: GateInput, heard: _Heard | None, metrics: Metrics, asked: AskedManner
    ) -> Scores:
        """Return the rate beyond that of the plain line, what ends lack, what a word lasts."""
        if take.voice == RECORDING:
            return dict.fromkeys(OF_TIME, _RECORDED)
        if has_directed_words(take.direction):
            return dict.fromkeys(OF_TIME, _WORDS)
        seconds, ends = self._heard_times(take, heard, asked)
        if seconds is None:
            seconds = metrics.needed("speaking_s"), speaking_s(self._plain.waveform(take))
        rate = rate_ratio(*seconds, asked)
        return {RATE: _LITTLE if rate is None else rate, **ends}

    def _crack(self, take: GateInput, metrics: Metrics) -> Scores:
        """Return how far the take's sharpest corner stands out beyond that of the plain line.

        A voice's own bursts, which are as sharp as a click in some, are in both.
        """
        if take.voice == RECORDING:
            return {CLICK: _RECORDED}
        if take.direction.delivery is Delivery.WHISPER:
            return {CLICK: _WHISPER}
        own, usual = metrics.needed("click_db"), self._plain.corner_db(take)
        return {CLICK: Score(own - usual, metrics.places.get("click_db"))}

    def _heard_times(
        self, take: GateInput, heard: _Heard | None, asked: AskedManner
    ) -> tuple[tuple[float, float] | None, Scores]:
        """Return how long the phones of take and plain line take; what ends lack, a word lasts.

        None, and why not, where nobody reads them.
        """
        if take.direction.delivery is Delivery.WHISPER:
            return None, _no_times(_UNREAD)
        if heard is None:
            return None, _no_times(JudgeError("there is no judge of phones"))
        try:
            raw = heard.raw  # nobody says a line plainly for what cannot be read
            said = self._plain.pattern(take, heard.reader, heard.misheard.size)
        except UnhearableError as error:
            return None, _no_times(Unsure(f"{error}: listen."))
        own, plain = times_beside(raw, said), said.times
        lack, drawn = lack_at_ends(own, plain, asked.rate), drawn_word(own, plain, asked.rate)
        if lack is None or drawn is None:
            return None, _no_times(_SHORT)

        def placed(seconds: float, at_s: float, note: str) -> Score:
            return Score(seconds, max(0.0, at_s + take.shift_s), note)

        word = take.transcript.words[drawn.word].text
        return (own.total_s, plain.total_s), {
            LACK: placed(lack.seconds, lack.at_s, "end" if lack.is_end else "start"),
            DRAWN: placed(drawn.seconds, drawn.at_s, f"“{word}”"),
        }

    def _read(self, take: GateInput, heard: _Heard) -> Scores:
        """Return how the take sounds beside its text, and beyond the plain line."""
        if take.direction.delivery is Delivery.WHISPER:
            return dict.fromkeys(TEXT_METRICS, _UNREAD)
        if take.voice == RECORDING:
            return {
                "slip_nats": slip_score(tell(heard.delivered), take.transcript),
                "line_text_nats": _RECORDED,
            }
        misheard = heard.misheard
        if misheard.nats > MOST_MISHEARD:
            badly = Unsure(f"The judge of phones does not hear {take.voice} well: listen.")
            return dict.fromkeys(TEXT_METRICS, badly)
        told = tell(heard.delivered)
        said = self._plain.pattern(take, heard.reader, misheard.size)
        beside = tell_beside(heard.delivered, said)
        can_tell = bool(said.times.seconds)
        return {
            "slip_nats": slip_score(told.beyond(misheard.nats), take.transcript),
            "line_text_nats": slip_score(beside, take.transcript) if can_tell else _SHORT,
        }

    def _fit(self, take: GateInput, heard: _Heard) -> Scores:
        """Return how well the take fits its text, whoever says it."""
        if take.direction.delivery is Delivery.WHISPER:
            return {FIT: _UNREAD}
        found = text_fit(heard.delivered)
        return {FIT: _FEW if found is None else found}


def _no_times(why: Value) -> Scores:
    """Return that nobody can say how long phones take."""
    return dict.fromkeys((LACK, DRAWN), why)


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
