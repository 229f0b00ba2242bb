"""Step 5b, first half: text to a directed performance, before mastering."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.direction.controls import AttemptChange, SignalControls, attempt_change, plan_controls
from renderer.direction.intonation import hand_over
from renderer.direction.profile import EmotionShape
from renderer.direction.stage import direct
from renderer.domain.render_key import attempt_seed
from renderer.domain.take import Take, TakeStatus
from renderer.domain.transcript import PhoneSpan, Transcript, shift
from renderer.domain.voice import VoiceRef
from renderer.errors import (
    AudioError,
    BarklineError,
    ObjectCorruptError,
    ObjectMissingError,
    SynthesisError,
    TextError,
)
from renderer.ports import (
    SILENT,
    Meter,
    ObjectStore,
    Speech,
    SpeechRequest,
    Synthesiser,
    Transcriber,
    UnitOfWork,
    VoiceBook,
)
from renderer.services.estimate import spread
from renderer.services.stage import STAGE
from renderer.text.phone_place import by_symbol, find_phones

TranscriberFor = Callable[[Sequence[Mapping[str, str | bool]]], Transcriber]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a direction means for mastering and gate.

    Attributes:
        rate: Speaking rate asked of the engine, ×.
        pitch_st: F0 shift asked of engine and signal stage together, semitones.
        pitch_range: F0 excursion asked of both, ×.
        energy_db: Level change asked of the signal stage, dB.
        lead_s: Silence asked for before the line, seconds.
        trail_s: Silence asked for after it, seconds.
    """

    rate: float = 1.0
    energy_db: float = 0.0
    lead_s: float = 0.0
    trail_s: float = 0.0
    pitch_st: float = 0.0
    pitch_range: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """A line as spoken and directed.

    Attributes:
        waveform: At the voice's own rate.
        phones: Phonemes in time.
        transcript: The words.
        alignment_source: `engine` or `estimated`.
        change: What this attempt did differently, in words.
        asked: What mastering and gate have to know of the direction.
        may_retry: Whether another attempt could sound different.
        raw_attempt: Which attempt of an earlier render it was spoken at; 0 when spoken now.
    """

    waveform: Waveform
    phones: tuple[PhoneSpan, ...]
    transcript: Transcript
    alignment_source: str
    change: str
    asked: Asked = Asked()
    may_retry: bool = True
    raw_attempt: int = 0


GUESSED = "phones were edited where they are estimated to be; the voice does not time them"
Performed = dict[int, Performance | BarklineError]


class Planned(NamedTuple):
    """What an attempt asks of the engine and of the signal stage."""

    request: SpeechRequest
    controls: SignalControls
    change: AttemptChange


class Performer:
    """Speaks takes.

    Args:
        reading: Begins a transaction for reading.
        store: Where raw takes and recordings are.
        voices: The installed voices.
        transcriber: Makes a transcriber for some lexicon entries.

    Attributes:
        meter: Told how long stages take, and which raw takes were found.
    """

    def __init__(
        self,
        reading: Callable[[], UnitOfWork],
        store: ObjectStore,
        voices: VoiceBook,
        transcriber: TranscriberFor,
    ) -> None:
        self._reading = reading
        self._store = store
        self._voices = voices
        self._transcriber = transcriber
        self.meter: Meter = SILENT

    def perform(self, takes: Sequence[Take], attempt: int) -> Performed:
        """Speak some takes; an error stands in the place of a take that failed.

        Args:
            takes: Of any voices.
            attempt: Which automatic attempt, from 1.
        """
        made: Performed = {}
        ready: dict[int, tuple[Take, Transcript]] = {}
        with self.meter.time(STAGE, stage="transcribe"):
            transcribed = self._transcribe(takes)
        for take, transcript in transcribed:
            if isinstance(transcript, TextError):
                made[take.id] = transcript
            else:
                ready[take.id] = take, transcript
        for take, transcript in ready.values():
            known = self._recorded(take, transcript) or self._stored(take, transcript, attempt)
            if known is not None:
                made[take.id] = known
        by_voice: dict[str, list[tuple[Take, Transcript]]] = {}
        for take, transcript in ready.values():
            if take.id not in made:
                voice = VoiceRef.parse(take.request.utterance.voice).name
                by_voice.setdefault(voice, []).append((take, transcript))
        for voice, lines in by_voice.items():
            made |= self._speak(voice, lines, attempt)
        return made

    def _transcribe(self, takes: Sequence[Take]) -> list[tuple[Take, Transcript | TextError]]:
        """Transcribe takes, those with equal lexicon entries together."""
        groups: dict[tuple[tuple[tuple[str, str | bool], ...], ...], list[Take]] = {}
        for take in takes:
            key = tuple(tuple(sorted(entry.items())) for entry in take.request.lexicon)
            groups.setdefault(key, []).append(take)
        made: list[tuple[Take, Transcript | TextError]] = []
        for same in groups.values():
            transcriber = self._transcriber(same[0].request.lexicon)
            answers = transcriber.transcribe([t.request.utterance for t in same])
            made += zip(same, answers, strict=True)
        return made

    def _recorded(self, take: Take, transcript: Transcript) -> Performance | BarklineError | None:
        """Return the human recording that replaces a take, or None."""
        key = take.request.recording_key
        if not key:
            return None
        try:
            waveform = decode(self._store.get(key))
        except BarklineError as error:
            return error
        phones = spread(transcript, waveform)
        return Performance(
            waveform, phones, transcript, "estimated", "human recording", may_retry=False
        )

    def _stored(self, take: Take, transcript: Transcript, attempt: int) -> Performance | None:
        """Return the raw take of an earlier render that differed in mastering or codec alone.

        When the gate rejects it as mastered now, the attempts that are left speak it anew. So is a
        take that was rejected and is asked for again: the same raw take would only be rejected
        again.
        """
        was_rejected = take.result is not None and take.result.status is TakeStatus.REJECTED
        if attempt > 1 or was_rejected:
            return None
        known = self._kept(take, transcript)
        name = "barkline_cache_hits_total" if known else "barkline_cache_misses_total"
        self.meter.count(name, kind="raw")
        return known

    def _kept(self, take: Take, transcript: Transcript) -> Performance | None:
        """Return the raw take under the same synthesis key, when its sound is there."""
        with self._reading() as unit:
            known = unit.takes.raw_of(take.render_key.synthesis_hex)
        if known is None or known.raw is None:
            return None
        try:
            waveform = decode(self._store.get(known.raw.key))
        except (ObjectMissingError, ObjectCorruptError, AudioError):
            return None  # it is spoken again
        phones = shift(known.alignment.phones, -known.shift_s, waveform.duration_s)
        try:
            request, controls, _ = _plan(take, transcript, known.spoken_attempt)
        except TextError:
            return None  # it is spoken again, and says why it cannot be
        return Performance(
            waveform,
            phones,
            transcript,
            known.alignment.source,
            "raw take kept, mastered again",
            _asked(request, controls),
            raw_attempt=known.spoken_attempt,
        )

    def _speak(
        self, voice: str, lines: Sequence[tuple[Take, Transcript]], attempt: int
    ) -> Performed:
        """Speak lines of one voice in one call to its engine."""
        try:
            synthesiser = self._voices.open(voice)
        except BarklineError as error:
            return {take.id: error for take, _ in lines}
        made: Performed = {}
        planned: dict[int, Planned] = {}
        for take, text in lines:
            try:
                plan = _plan(take, text, attempt)
            except TextError as error:
                made[take.id] = error
                continue
            planned[take.id] = _intoned(plan) if synthesiser.has_intonation else plan
        with self.meter.time(STAGE, stage="speak"):
            answers = self._answers(synthesiser, [plan.request for plan in planned.values()])
        for (pk, plan), said in zip(planned.items(), answers, strict=True):
            with self.meter.time(STAGE, stage="direct"):
                made[pk] = _direct(said, plan) if isinstance(said, Speech) else said
        return made

    @staticmethod
    def _answers(
        synthesiser: Synthesiser, requests: Sequence[SpeechRequest]
    ) -> list[Speech | SynthesisError]:
        """Hold an engine to its promise: one answer per request."""
        answers = synthesiser.speak(requests)
        if len(answers) != len(requests):
            raise SynthesisError(
                f"{synthesiser.card.name} gave {len(answers)} answers to {len(requests)} lines"
            )
        return answers


def _plan(take: Take, transcript: Transcript, number: int) -> Planned:
    """Split a direction into what the engine does and what the signal stage does.

    Raises:
        TextError: A phone is edited that its word is not spoken with.
    """
    said = take.request.utterance
    change = attempt_change(number)
    shape = EmotionShape.from_plain(take.request.shape)
    places = find_phones(said.direction, transcript)
    engine, signal = plan_controls(said.direction, transcript, shape, change, places)
    request = SpeechRequest(
        transcript,
        speaker=VoiceRef.parse(said.voice).speaker,
        rate=engine.rate,
        noise_scale=engine.noise_scale,
        noise_w=engine.noise_w,
        seed=attempt_seed(take.render_key.synthesis_hex, said.seed, number),
        pause_scale=engine.pause_scale,
    )
    return Planned(request, signal, change)


def _intoned(planned: Planned) -> Planned:
    """Leave melody and timing of words to an engine that realises them itself."""
    intonation, left = hand_over(planned.controls)
    return Planned(replace(planned.request, intonation=intonation), left, planned.change)


def _asked(request: SpeechRequest, controls: SignalControls) -> Asked:
    inside = request.intonation  # what the engine does and the signal stage does not
    pitch_st = inside.pitch_st + controls.pitch_st
    pitch_range = inside.pitch_range * controls.pitch_range
    energy_db, lead_s, trail_s = controls.energy_db, controls.lead_s, controls.trail_s
    return Asked(request.rate, energy_db, lead_s, trail_s, pitch_st, pitch_range)


def _direct(said: Speech, planned: Planned) -> Performance | SynthesisError:
    """Realise the signal half of a direction; a failure is that line's alone."""
    request, controls, change = planned
    transcript = request.transcript
    try:
        phones = by_symbol(said.phones, transcript, {one.word for one in controls.phones})
        waveform, phones = direct(said.waveform, phones, controls)
    except (ValueError, ArithmeticError, BarklineError) as error:
        return SynthesisError(f"the direction could not be realised: {error}")
    guessed = controls.phones and said.alignment_source == "estimated"
    notes = (*controls.clamps, *([GUESSED] if guessed else []))
    return Performance(
        waveform,
        phones,
        transcript,
        said.alignment_source,
        "; ".join((change.label or "as asked", *notes)),
        _asked(request, controls),
    )
