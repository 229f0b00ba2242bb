"""Step 5b, second half: a performance to a mastered, encoded, measured and judged attempt."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from renderer.audio.codec import decode, encode
from renderer.audio.hearing import Hearing
from renderer.audio.mastering import Mastered, master, voice_gain_db
from renderer.audio.waveform import Waveform
from renderer.domain.take import Take
from renderer.domain.verdict import Verdict
from renderer.domain.voice import RECORDING, VoiceRef
from renderer.errors import BarklineError, DatabaseError, JudgeError
from renderer.ports import SILENT, Judge, Meter, VoiceBook
from renderer.quality.gate import decide, limits_of, measure, needs_emotion, needs_learned
from renderer.quality.limits import GateLimits
from renderer.quality.metrics import Metrics, Scores
from renderer.quality.plain_line import AskedManner
from renderer.quality.take import LEARNED, GateInput
from renderer.services.hear import Ear
from renderer.services.hear_emotion import EmotionListener
from renderer.services.level import VoiceLevel
from renderer.services.own_score import OwnScores
from renderer.services.perform import Asked, Performance, Performed
from renderer.services.plain_lines import PlainLines
from renderer.services.stage import STAGE
from renderer.services.voice_norm import VoiceNorms


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """One attempt, ready to be kept.

    Attributes:
        number: Which automatic attempt, from 1.
        performance: Before mastering.
        master: The master.
        delivery: The encoded bytes.
        decoded: Decoded from those bytes.
        verdict: The gate's decision.
        metrics: What it rests on; None before anything was measured.
    """

    number: int
    performance: Performance
    master: Mastered
    delivery: bytes
    decoded: Waveform
    verdict: Verdict
    metrics: Metrics | None = None


class Finisher:
    """Masters, encodes and judges.

    Args:
        voices: The installed voices.
        level: Gains of voices.
        judges: Learned metrics.
        limits: What the gate holds the takes of a project against.
        plain: Holds takes against their lines, said plainly; by default without hearing their text.
        ear: Hears the text, the voice and the direction; None: nobody does.
        emotions: Hears emotions where the limits ask for it.
        norms: What voices are like; None: measured for this alone.

    Attributes:
        meter: Told how long stages take.
    """

    def __init__(
        self,
        voices: VoiceBook,
        level: VoiceLevel,
        judges: Sequence[Judge],
        limits: Callable[[str], GateLimits],
        plain: PlainLines | None = None,
        ear: Ear | None = None,
        emotions: EmotionListener | None = None,
        norms: VoiceNorms | None = None,
    ) -> None:
        self._ear = ear
        self._own = OwnScores(norms or VoiceNorms(voices, level))
        self._plain = plain or PlainLines(voices)
        self._voices = voices
        self._level = level
        self._judges = judges
        self._limits = limits
        self._emotions = emotions
        self.meter: Meter = SILENT

    def finish(
        self, takes: Sequence[Take], performed: Performed, number: int
    ) -> dict[int, Finished | BarklineError]:
        """Finish one attempt of some takes; an error stands in the place of one that failed.

        Args:
            takes: The takes.
            performed: What was spoken of each, by row id.
            number: Which automatic attempt, from 1.
        """
        made: dict[int, Finished | BarklineError] = {}
        inputs: dict[int, GateInput] = {}
        of_project = {name: self._limits(name) for name in {take.asked_by for take in takes}}
        limits = {take.id: of_project[take.asked_by] for take in takes}
        rough: dict[int, Finished] = {}
        for take in takes:
            performance = performed[take.id]
            if isinstance(performance, BarklineError):
                made[take.id] = performance
                continue
            try:
                rough[take.id] = self._master(take, performance, number)
            except DatabaseError:  # the world's fault, and no line's
                raise
            except BarklineError as error:
                made[take.id] = error
                continue
            inputs[take.id] = self._gate_input(take, rough[take.id])
        for pk, metrics in self._measure(takes, inputs, rough, limits).items():
            verdict = decide(metrics, limits[pk])
            made[pk] = replace(rough[pk], verdict=verdict, metrics=metrics)
        return made

    def _measure(
        self,
        takes: Sequence[Take],
        inputs: dict[int, GateInput],
        rough: dict[int, Finished],
        limits: dict[int, GateLimits],
    ) -> dict[int, Metrics]:
        """Measure everything that limits ask for, what judges take in batches together."""
        measured: dict[int, Metrics] = {}
        for pk, take_input in inputs.items():
            hearing = Hearing(take_input.raw)
            with self.meter.time(STAGE, stage="measure"):
                metrics = measure(take_input, hearing)
            asked = rough[pk].performance.asked
            held = self._held(take_input, metrics, limits[pk], asked, hearing)
            measured[pk] = metrics.with_scores(held)
        emotions = self._emotions_heard(takes, inputs, measured, limits)
        for pk, scores in self._learned(takes, inputs, measured, limits).items():
            asked = rough[pk].performance.asked
            heard = self._heard(inputs[pk], measured[pk], limits[pk], asked)
            measured[pk] = measured[pk].with_scores({**scores, **heard, **emotions.get(pk, {})})
        return measured

    def _heard(self, take: GateInput, metrics: Metrics, limits: GateLimits, asked: Asked) -> Scores:
        """Hear what limits ask for, in a take that sounds."""
        if self._ear is None or metrics.non_finite != 0 or not metrics.sound_s:
            return {}
        with self.meter.time(STAGE, stage="hear"):
            return self._ear.hear(take, metrics, limits_of(metrics, limits))

    def _held(
        self,
        take: GateInput,
        metrics: Metrics,
        limits: GateLimits,
        asked: Asked,
        hearing: Hearing,
    ) -> Scores:
        """Hold a take that sounds against its line, said plainly."""
        if metrics.non_finite != 0 or not metrics.sound_s:
            return {}
        with self.meter.time(STAGE, stage="hear"):
            held = limits_of(metrics, limits)
            return self._plain.compare(take, metrics, held, _manner(asked), hearing)

    def _master(self, take: Take, performance: Performance, number: int) -> Finished:
        request, asked = take.request, performance.asked
        target = replace(
            request.mastering,
            head_s=request.mastering.head_s + asked.lead_s,
            tail_s=request.mastering.tail_s + asked.trail_s,
        )
        with self.meter.time(STAGE, stage="master"):
            mastered = master(performance.waveform, target, self._gain(take, performance))
        with self.meter.time(STAGE, stage="encode"):
            data = encode(mastered.waveform, request.delivery.codec, request.delivery.quality)
            decoded = decode(data)
        return Finished(number, performance, mastered, data, decoded, Verdict.of(()))

    def _gain(self, take: Take, performance: Performance) -> float:
        """One gain per voice; a recording is its own voice."""
        request = take.request
        if request.recording_key:
            return voice_gain_db([performance.waveform], request.mastering)
        said = request.utterance
        synthesiser = self._voices.open(VoiceRef.parse(said.voice).name)
        return self._level.gain_db(synthesiser, said.voice, said.locale, request.mastering)

    def _gate_input(self, take: Take, made: Finished) -> GateInput:
        request, performance = take.request, made.performance
        said = request.utterance
        asked = performance.asked
        is_recorded = bool(request.recording_key)
        name = VoiceRef.parse(said.voice).name
        target = request.mastering
        return GateInput(
            delivered=made.decoded,
            master=made.master.waveform,
            raw=performance.waveform,
            transcript=performance.transcript,
            direction=said.direction,
            voice=RECORDING if is_recorded else said.voice,
            engine=RECORDING if is_recorded else self._voices.card(name).engine,
            locale=said.locale,
            shift_s=made.master.shift_s,
            rate=asked.rate,
            ceiling_dbtp=target.true_peak_dbtp,
            expected_lufs=None if is_recorded else target.loudness_lufs + asked.energy_db,
            limited_db=made.master.limited_db,
        )

    def _emotions_heard(
        self,
        takes: Sequence[Take],
        inputs: dict[int, GateInput],
        measured: dict[int, Metrics],
        limits: dict[int, GateLimits],
    ) -> dict[int, Scores]:
        """Hear the emotion of lines whose limits ask for it."""
        if self._emotions is None:
            return {}
        worth = {t.id: t for t in takes if t.id in measured}
        worth = {pk: t for pk, t in worth.items() if needs_emotion(measured[pk], limits[pk])}
        if not worth:
            return {}
        with self.meter.time(STAGE, stage="judge"):
            return self._emotions.hear(worth, {pk: inputs[pk].delivered for pk in worth})

    def _learned(
        self,
        takes: Sequence[Take],
        inputs: dict[int, GateInput],
        measured: dict[int, Metrics],
        limits: dict[int, GateLimits],
    ) -> dict[int, Scores]:
        """Score what learned metrics are valid for, in one batch per judge."""
        learned: dict[int, Scores] = {pk: {} for pk in inputs}
        asked = [take for take in takes if take.id in inputs and limits[take.id].holds_learned]
        worth = [take for take in asked if needs_learned(measured[take.id])]
        for judge in self._judges:
            with self.meter.time(STAGE, stage="judge"):
                scores = judge.score([inputs[take.id].delivered for take in worth])
                for take, score in zip(worth, scores, strict=True):
                    held = limits_of(measured[take.id], limits[take.id])
                    own = self._own.below(take, held, judge, score)
                    learned[take.id] = {**learned[take.id], **_scores(score), **own}
        return learned


def _manner(asked: Asked) -> AskedManner:
    return AskedManner(asked.pitch_st, asked.pitch_range, asked.rate)


def _scores(score: Mapping[str, float] | JudgeError) -> Scores:
    if isinstance(score, JudgeError):
        return dict.fromkeys(LEARNED, score)
    return {name: _number(name, value) for name, value in score.items()}


def _number(name: str, value: float) -> float | JudgeError:
    """Hold a judge to its promise: what is no number is an error, and no reason to try again."""
    return value if math.isfinite(value) else JudgeError(f"{name} is {value}")
