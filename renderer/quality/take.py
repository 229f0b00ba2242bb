"""What the gate is given about one attempt, and what it measures once for all checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from renderer.audio.activity import (
    Bounds,
    inner_silences,
    sound_bounds,
    speaking_s,
)
from renderer.audio.fidelity import Fidelity, fidelity
from renderer.audio.hearing import Hearing
from renderer.audio.loudness import decibels, integrated_loudness_lufs, true_peak_dbtp
from renderer.audio.waveform import Samples, Waveform
from renderer.domain.direction import Direction
from renderer.domain.transcript import Transcript
from renderer.errors import JudgeError
from renderer.quality.circumstances import Circumstances
from renderer.quality.measure import (
    edge_levels_db,
    flat_top_share,
    hardest_edge,
    longest_dead,
    release_db,
    strongest_click,
)
from renderer.quality.metrics import Metrics, Score, Scores, Unsure, Value
from renderer.quality.signal import SIGNAL_MEASURES, SignalMeasure

LEARNED = ("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak", "dnsmos_p808")
FLOOR_DB = -120.0
REPEAT_PHONEMES = 4  # about a quarter of a second, which is what `nearest_repeat` compares
Found = float | Score | Unsure


@dataclass(frozen=True, slots=True, eq=False)
class GateInput:
    """One attempt at a line.

    Attributes:
        delivered: Decoded from the very bytes the game will receive.
        master: Before the encoder.
        raw: Before mastering; where clipping, clicks and cut ends are looked for.
        transcript: What was to be said.
        direction: How it was to be said.
        voice: Voice reference (`name` or `name#speaker`).
        engine: The voice's engine (`formant`, `piper`), or `recording`.
        locale: BCP 47 tag.
        shift_s: Seconds to add to times in the raw take to get times in the delivered file.
        rate: Speaking rate asked of engine and direction together, emotion included, ×.
        ceiling_dbtp: True-peak ceiling of the master.
        expected_lufs: Loudness the line should have, or None when nobody can say.
        limited_db: What the limiter took away.
        learned: What was measured elsewhere (learned, of the text, of the voice): metric to its
            value, or to why there is none.
    """

    delivered: Waveform
    master: Waveform
    raw: Waveform
    transcript: Transcript
    direction: Direction = field(default_factory=Direction)
    voice: str = ""
    engine: str = ""
    locale: str = "en"
    shift_s: float = 0.0
    rate: float = 1.0
    ceiling_dbtp: float = -1.0
    expected_lufs: float | None = None
    limited_db: float = 0.0
    learned: Scores = field(default_factory=dict)

    @property
    def word_count(self) -> int:
        """Spoken words."""
        return len(self.transcript.words)

    @property
    def has_inner_punctuation(self) -> bool:
        """Whether a mark before the last word may pause."""
        return any(word.punctuation for word in self.transcript.words[:-1])

    @property
    def longest_pause_s(self) -> float:
        """Longest pause a writer asked for inside the line, seconds."""
        asked = [
            edit.prosody.pause_before_s + edit.prosody.pause_after_s
            for edit in self.direction.words
        ]
        return max(asked, default=0.0)

    @property
    def circumstances(self) -> Circumstances:
        """What was asked, as the checks read it."""
        return Circumstances(
            engine=self.engine,
            voice=self.voice,
            locale=self.locale,
            delivery=self.direction.delivery.value,
            word_count=self.word_count,
            rate=self.rate,
            ceiling_dbtp=self.ceiling_dbtp,
            longest_pause_s=self.longest_pause_s,
            has_inner_punctuation=self.has_inner_punctuation,
            expected_lufs=self.expected_lufs,
            emotion=self.direction.emotion.value,
            intensity=self.direction.intensity,
            phone_count=self.transcript.phoneme_count,
        )


class Measured:
    """What several metrics are made from, each part on first use and once."""

    def __init__(self, take: GateInput, hearing: Hearing | None = None) -> None:
        self.take = take
        self._hearing = hearing

    @cached_property
    def bounds(self) -> Bounds:
        """Where the delivery sounds."""
        return sound_bounds(self.take.delivered)

    @cached_property
    def sound_s(self) -> float:
        """Seconds from the first sound to the last."""
        return (self.bounds.end - self.bounds.start) / self.take.delivered.sample_rate

    @cached_property
    def end_s(self) -> float:
        """Where the last sound ends, seconds."""
        return self.bounds.end / self.take.delivered.sample_rate

    @cached_property
    def gaps(self) -> list[tuple[float, float]]:
        """Silences of 60 ms or more inside the delivery, seconds."""
        return inner_silences(self.take.delivered)

    @cached_property
    def edges_db(self) -> tuple[float, float]:
        """Level of the raw take's first and last 5 ms."""
        return edge_levels_db(self.take.raw)

    @cached_property
    def hearing(self) -> Hearing:
        """Speech, pauses, spectrum and pitch of the raw take."""
        return self._hearing or Hearing(self.take.raw)

    @cached_property
    def fidelity(self) -> Fidelity:
        """The delivery against its master."""
        return fidelity(self.take.master, self.take.delivered)

    def of_raw(self, found: Found) -> Found:
        """Return what was measured of the raw take with its place in the delivered file."""
        if not isinstance(found, Score) or found.start_s is None:
            return found
        return found._replace(start_s=max(0.0, found.start_s + self.take.shift_s))


def _non_finite(m: Measured) -> float:
    sounds = (m.take.raw, m.take.master, m.take.delivered)
    return float(sum(int(np.count_nonzero(~np.isfinite(w.samples))) for w in sounds))


def _peak_dbfs(m: Measured) -> float:
    peak = float(np.max(np.abs(m.take.delivered.samples), initial=0.0))
    return max(decibels(peak), FLOOR_DB)


def _flat(m: Measured) -> Found:
    found = flat_top_share(m.take.raw.samples)
    return m.of_raw(Score(found.value, found.start_s / m.take.raw.sample_rate))


def _dc_dbfs(m: Measured) -> float:
    mean = abs(float(np.mean(m.take.delivered.samples, dtype=np.float64)))
    return max(decibels(mean), FLOOR_DB)


def _loudness_lufs(m: Measured) -> float:
    start, end = m.bounds
    part = m.take.delivered.samples[start:end]
    return integrated_loudness_lufs(Waveform(part, m.take.delivered.sample_rate))


def _codec_level_db(m: Measured) -> float:
    ratio = _rms(m.take.delivered.samples) / max(_rms(m.take.master.samples), 1e-9)
    return min(abs(decibels(ratio)), -FLOOR_DB)


def _codec_band_loss(m: Measured) -> Score:
    found = m.fidelity
    return Score(found.band_loss_db, note=f"{found.band_hz:.0f} Hz")


def _gap(m: Measured) -> Score:
    start, end = max(m.gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, 0.0))
    return Score(end - start, start)


def _rms(samples: Samples) -> float:
    if samples.size == 0:
        return 0.0
    return math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))


def _repeat_ratio(m: Measured) -> Found:
    if m.take.transcript.says_again(REPEAT_PHONEMES):
        return Unsure("The text itself says something twice.")
    return m.of_raw(SIGNAL_MEASURES["repeat_ratio"](m.hearing))


Measure = Callable[[Measured], Found]


def _heard(how: SignalMeasure) -> Measure:
    return lambda m: m.of_raw(how(m.hearing))


# In steps: what a step needs to be sound at all is measured in the one before.
FIRST: Mapping[str, Measure] = {"non_finite": _non_finite}
SECOND: Mapping[str, Measure] = {"peak_dbfs": _peak_dbfs, "sound_s": lambda m: m.sound_s}
MEASURES: Mapping[str, Measure] = {
    "flat_permille": _flat,
    "dc_dbfs": _dc_dbfs,
    "master_peak_dbtp": lambda m: max(true_peak_dbtp(m.take.master), FLOOR_DB),
    "delivered_peak_dbtp": lambda m: max(true_peak_dbtp(m.take.delivered), FLOOR_DB),
    "limited_db": lambda m: m.take.limited_db,
    "loudness_lufs": _loudness_lufs,
    "duration_s": lambda m: m.take.delivered.duration_s,
    "codec_drift_s": lambda m: abs(m.take.delivered.duration_s - m.take.master.duration_s),
    "codec_level_db": _codec_level_db,
    "codec_distance_db": lambda m: m.fidelity.distance_db,
    "codec_band_loss_db": _codec_band_loss,
    "codec_lost_s": lambda m: Score(m.fidelity.lost_s, m.fidelity.lost_at_s),
    "speaking_s": lambda m: speaking_s(m.take.delivered),
    "gap_s": _gap,
    "dead_s": lambda m: m.of_raw(Score(*longest_dead(m.hearing))),
    "head_db": lambda m: m.edges_db[0],
    "tail_db": lambda m: Score(m.edges_db[1], m.end_s),
    "release_db": lambda m: Score(release_db(m.take.raw), m.end_s),
    "click_db": lambda m: m.of_raw(Score(*strongest_click(m.take.raw))),
    "torn_db": lambda m: m.of_raw(Score(*hardest_edge(m.take.raw))),
    **{name: _heard(how) for name, how in SIGNAL_MEASURES.items()},
    "repeat_ratio": _repeat_ratio,
}


def measure(take: GateInput, hearing: Hearing | None = None) -> Metrics:
    """Measure one attempt, whether or not a limit is held against it today.

    Broken samples end it at once, and so does silence: nothing else means anything then.

    Args:
        take: The attempt, with what was measured of it elsewhere.
        hearing: Of the raw take, where somebody needs it afterwards.

    Returns:
        The metrics; one that could not be measured has its error in its place.
    """
    measured = Measured(take, hearing)
    metrics = _with(Metrics(take.circumstances), FIRST, measured)
    if metrics.non_finite != 0:
        return metrics
    metrics = _with(metrics, SECOND, measured)
    if not metrics.sound_s:
        return metrics
    return _with(metrics, MEASURES, measured).with_scores(take.learned)


def _with(metrics: Metrics, step: Mapping[str, Measure], measured: Measured) -> Metrics:
    return metrics.with_scores({name: _score(how, measured) for name, how in step.items()})


def _score(how: Measure, measured: Measured) -> Value:
    try:
        return how(measured)
    except Exception as error:  # whatever it is: an error in its place, never a pass
        return JudgeError(f"{type(error).__name__}: {error}")
