"""What was measured of one attempt: plain values that a verdict can be made of without any sound.

A metric is one field of `Metrics` (a number or None), one line in `take.MEASURES` or a score that
comes in from outside (`with_scores`), and one check that reads it. A metric whose meaning changes
gets a new name: a stored value is then not measured, and never taken for what it is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from renderer.errors import JudgeError
from renderer.quality.circumstances import Circumstances, NotMeasuredError

NOTE_LENGTH = 300


class Score(NamedTuple):
    """A measured value, where it was found, and words about it.

    Attributes:
        value: In the metric's own unit.
        start_s: Where in the delivered file, seconds, or None.
        note: What a number cannot say (the word that was heard), or "".
    """

    value: float
    start_s: float | None = None
    note: str = ""


class Unsure(NamedTuple):
    """A metric that cannot tell on this line, in words: inconclusive, neither pass nor fail."""

    why: str


Value = float | Score | Unsure | JudgeError
Scores = Mapping[str, Value]


class UnsureError(Exception):
    """A check needs a metric that cannot tell on this line."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Everything the checks read of one attempt. None is "not measured", which never passes.

    Attributes:
        line: What was asked.
        places: Metric → where in the delivered file, seconds.
        notes: Metric → words about it.
        doubts: Metric → why it cannot tell on this line.
        errors: Metric → why it could not be measured.
        non_finite: Samples of raw take, master and delivery that are no number.
        peak_dbfs: Sample peak of the delivery, −120 or more.
        duration_s: Length of the delivery.
        sound_s: Seconds from the first sound to the last, 0 when nothing sounds.
        speaking_s: The same without pauses of 150 ms or more.
        flat_permille: Share of the raw take's samples on a flat top.
        dc_dbfs: Mean of the delivery's samples, −120 or more.
        master_peak_dbtp: True peak of the master, −120 or more.
        delivered_peak_dbtp: True peak of the delivery, −120 or more.
        limited_db: What the limiter took away.
        loudness_lufs: Integrated loudness of the delivery's sounding part; −inf when gated away.
        codec_drift_s: Difference in length between master and delivery.
        codec_level_db: Difference in level between master and delivery, at most 120.
        codec_distance_db: Log-spectral distance of delivery and master.
        codec_band_loss_db: What the delivery lost of its master in the band that lost most.
        codec_lost_s: Time in which next to nothing of the master is left in the delivery.
        gap_s: Longest silence inside the delivery.
        dead_s: Longest digital silence inside the raw take.
        head_db: First 5 ms of the raw take against its loudest 5 ms.
        tail_db: Last 5 ms of the raw take against its loudest 5 ms.
        release_db: Last 10 ms of sound in the raw take against its loudest 5 ms.
        torn_db: The raw take's largest step into or out of digital silence, dB below its peak.
        click_db: The raw take's sharpest lone corner over its surroundings.
        snr_db: Speech of the raw take against the noise in its pauses, 3–100.
        noise_dbfs: Level of the raw take's pauses.
        floor_snr_db: Speech of the raw take against the floor under all of it, at most 100.
        steady_hum_db: Mains hum all through the raw take against its speech; −120 for none.
        hum_db: Mains hum in the raw take's pauses against its speech; −120 for none.
        bandwidth_hz: Up to where the raw take's voice reaches.
        tilt_db_per_octave: Fall of the raw take's long-term spectrum.
        centroid_hz: Centre of gravity of the raw take's long-term spectrum.
        flatness_db: Likeness of the raw take's speech to noise; 0 is flat.
        voiced_share: Voiced frames per frame of speech in the raw take, 0–1.
        hnr_db: Harmonics against noise in the raw take's voiced frames.
        jitter: Unsteadiness of the raw take's periods in length, share.
        shimmer: Unsteadiness of the raw take's periods in height, share.
        cpps_db: Smoothed cepstral peak prominence of the raw take.
        comb_db: Lines at a vocoder's frame rate over their surroundings in the raw take.
        repeat_ratio: Distance of the raw take's two stretches most alike; 0 is the same.
        dnsmos_ovrl: DNSMOS P.835, overall, 1–5.
        dnsmos_sig: DNSMOS P.835, speech, 1–5.
        dnsmos_bak: DNSMOS P.835, background, 1–5.
        dnsmos_p808: DNSMOS P.808, 1–5.
        dnsmos_ovrl_below: The voice's own `dnsmos_ovrl` less that of the take.
        dnsmos_sig_below: The same of `dnsmos_sig`.
        dnsmos_bak_below: The same of `dnsmos_bak`.
        dnsmos_p808_below: The same of `dnsmos_p808`.
        heard_coverage: Share of the words that were heard in their order, 0–1.
        heard_error_rate: Divergent phones per expected phone, ≥ 0.
        missing_phones: Longest stretch of expected phones that was not heard.
        missing_first_phones: Phones missing before the first word that was heard.
        missing_last_phones: Phones missing after the last word that was heard.
        extra_phones: Most phones heard in one place beyond those expected.
        repeated_phones: Phones of the line's own words heard again or out of order.
        divergent_phones: Longest stretch of phones that are missing or others.
        divergent_s: Length of the sound of that stretch.
        slip_nats: How much likelier the sound is with slips of the text than without, nats.
        line_text_nats: The same, held against the sounds of the line said plainly.
        text_fit_nats: How much better the sound fits its text than the same phones in another
            order, nats per phone.
        likeness: Cosine to the voice's own centroid, −1 to 1.
        likeness_margin: That less the cosine to the nearest other speaker of the voice.
        line_pitch_off_st: Median F0 of the raw take above that of the same voice saying the line
            plainly and what was asked.
        line_range_ratio: F0 range of the raw take over that of the line said plainly and what was
            asked, ×.
        line_rate_ratio: Speaking rate over that of the line said plainly and what was asked, ×.
        line_timbre_db: Difference of the raw take's long-term spectrum to that of the line said
            plainly.
        line_lack_s: By which the first or last phones are shorter than in the line said plainly, at
            its rate, ≥ 0; the note says at which end.
        line_drawn_s: By which one word takes longer than in the line said plainly, at its rate,
            ≥ 0; the note names it.
        line_click_db: The raw take's sharpest lone corner over that of the line said plainly.
        emotion_neutral: How likely the line sounds neutral, 0–1.
        emotion_calm: How likely the line sounds calm, 0–1.
        emotion_happy: How likely the line sounds happy, 0–1.
        emotion_sad: How likely the line sounds sad, 0–1.
        emotion_angry: How likely the line sounds angry, 0–1.
        emotion_fearful: How likely the line sounds fearful, 0–1.
        emotion_disgusted: How likely the line sounds disgusted, 0–1.
        emotion_surprised: How likely the line sounds surprised, 0–1.
    """

    line: Circumstances
    places: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    non_finite: float | None = None
    peak_dbfs: float | None = None
    duration_s: float | None = None
    sound_s: float | None = None
    speaking_s: float | None = None
    flat_permille: float | None = None
    dc_dbfs: float | None = None
    master_peak_dbtp: float | None = None
    delivered_peak_dbtp: float | None = None
    limited_db: float | None = None
    loudness_lufs: float | None = None
    codec_drift_s: float | None = None
    codec_level_db: float | None = None
    codec_distance_db: float | None = None
    codec_band_loss_db: float | None = None
    codec_lost_s: float | None = None
    gap_s: float | None = None
    dead_s: float | None = None
    head_db: float | None = None
    tail_db: float | None = None
    release_db: float | None = None
    torn_db: float | None = None
    click_db: float | None = None
    snr_db: float | None = None
    noise_dbfs: float | None = None
    floor_snr_db: float | None = None
    steady_hum_db: float | None = None
    hum_db: float | None = None
    bandwidth_hz: float | None = None
    tilt_db_per_octave: float | None = None
    centroid_hz: float | None = None
    flatness_db: float | None = None
    voiced_share: float | None = None
    hnr_db: float | None = None
    jitter: float | None = None
    shimmer: float | None = None
    cpps_db: float | None = None
    comb_db: float | None = None
    repeat_ratio: float | None = None
    dnsmos_ovrl: float | None = None
    dnsmos_sig: float | None = None
    dnsmos_bak: float | None = None
    dnsmos_p808: float | None = None
    dnsmos_ovrl_below: float | None = None
    dnsmos_sig_below: float | None = None
    dnsmos_bak_below: float | None = None
    dnsmos_p808_below: float | None = None
    heard_coverage: float | None = None
    heard_error_rate: float | None = None
    missing_phones: float | None = None
    missing_first_phones: float | None = None
    missing_last_phones: float | None = None
    extra_phones: float | None = None
    repeated_phones: float | None = None
    divergent_phones: float | None = None
    divergent_s: float | None = None
    slip_nats: float | None = None
    line_text_nats: float | None = None
    text_fit_nats: float | None = None
    likeness: float | None = None
    likeness_margin: float | None = None
    line_pitch_off_st: float | None = None
    line_range_ratio: float | None = None
    line_rate_ratio: float | None = None
    line_timbre_db: float | None = None
    line_lack_s: float | None = None
    line_drawn_s: float | None = None
    line_click_db: float | None = None
    emotion_neutral: float | None = None
    emotion_calm: float | None = None
    emotion_happy: float | None = None
    emotion_sad: float | None = None
    emotion_angry: float | None = None
    emotion_fearful: float | None = None
    emotion_disgusted: float | None = None
    emotion_surprised: float | None = None

    def value(self, name: str) -> float | None:
        """Return a metric by its name, None when it was not measured."""
        found: float | None = getattr(self, name)
        return found

    def needed(self, name: str) -> float:
        """Return a metric that a check cannot do without.

        Raises:
            NotMeasuredError: It was not or could not be measured; the message says so.
            UnsureError: It cannot tell on this line.
        """
        if name in self.errors:
            raise NotMeasuredError(f"It could not be measured: {self.errors[name]}")
        if name in self.doubts:
            raise UnsureError(self.doubts[name])
        found = self.value(name)
        if found is None:
            raise NotMeasuredError("It was not measured.")
        return found

    def with_scores(self, scores: Scores) -> Metrics:
        """Return these metrics with more of them, which were measured elsewhere.

        Args:
            scores: Metric → its value, or why there is none.

        Raises:
            ValueError: A name is no metric.
        """
        if strange := sorted(set(scores) - set(NAMES)):
            raise ValueError(f"{', '.join(strange)}: no such metric")
        values: dict[str, Any] = {}
        places, notes = dict(self.places), dict(self.notes)
        doubts, errors = dict(self.doubts), dict(self.errors)
        for name, score in scores.items():
            if isinstance(score, JudgeError):
                errors[name] = str(score)
                continue
            if isinstance(score, Unsure):
                doubts[name] = score.why
                continue
            made = score if isinstance(score, Score) else Score(score)
            values[name] = float(made.value)
            if made.start_s is not None:
                places[name] = float(made.start_s)
            if made.note:
                notes[name] = made.note
        return replace(self, places=places, notes=notes, doubts=doubts, errors=errors, **values)

    def plain(self) -> dict[str, object]:
        """Return them as JSON values; what was not measured is left out."""
        values = {name: self.value(name) for name in NAMES}
        made: dict[str, object] = {n: _number(v) for n, v in values.items() if v is not None}
        made["line"] = {f.name: _plain(getattr(self.line, f.name)) for f in fields(Circumstances)}
        for name in WORDS:
            if words := dict(getattr(self, name)):
                made[name] = words
        if self.places:
            made["places"] = {n: _number(v) for n, v in self.places.items()}
        return made


WORDS = ("notes", "doubts", "errors")
NAMES = tuple(f.name for f in fields(Metrics) if f.name not in ("line", "places", *WORDS))


def _number(value: float) -> float | str:
    """Return a number as JSON has it; it has none for infinities and for what is no number."""
    return value if math.isfinite(value) else str(value)


def _plain(value: object) -> object:
    return _number(value) if isinstance(value, float) else value
