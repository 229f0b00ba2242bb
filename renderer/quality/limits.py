"""The gate's limits: a data file, with rules of their own for engines, locales, voices and barks.

The more specific wins: defaults < engines < locales < voices < deliveries < short < engines of
short < deliveries of short. Among voices: `name` < `name#speaker` < `name@language` <
`name@locale` < `name#speaker@language` < `name#speaker@locale`. A project's own `gate.yaml` has the
same form and is laid over the shipped file key by key. `null` switches a limit off. With
`metrics: full` the `full` row of a file lies over its `defaults`; a project's lie over both of the
shipped file's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

FULL, EXACT = "full", "exact"
NO_LINE = -1.0  # as the most words or seconds of a short line: none is short by it


@dataclass(frozen=True, slots=True)
class Limits:
    """What one take is held against; None is not held.

    Attributes:
        least_peak_dbfs: Below it a take is silent.
        most_flat_permille: Share of samples on a flat top (clipping).
        most_dc_dbfs: Mean of the delivered samples.
        most_peak_over_db: Master's true peak over the target's ceiling.
        most_delivered_peak_dbtp: True peak of the decoded delivery.
        most_limiting_db: Reduction by the limiter.
        most_level_off_lu: Distance to the expected loudness, either way.
        most_level_over_lu: The same where the line is too loud, also with `most_level_off_lu` off;
            off: `most_level_off_lu` holds there.
        least_duration_s: Of the delivery.
        most_duration_s: Of the delivery.
        most_codec_drift_s: Difference in length between master and delivery.
        most_codec_level_db: Difference in level between master and delivery.
        most_codec_distance_db: Log-spectral distance of delivery and master.
        most_codec_band_loss_db: Loss of the band that lost most.
        most_codec_lost_s: Time in which the delivery lost its master.
        least_s_per_phoneme: Sounding seconds per phoneme, at rate 1.
        most_s_per_phoneme: Sounding seconds per phoneme, at rate 1.
        most_gap_s: Silence inside a phrase, beyond the asked pauses.
        most_gap_at_punctuation_s: The same where the line has inner punctuation.
        most_dead_s: Digital silence inside the raw take, beyond the asked pauses.
        most_head_db: First 5 ms of the raw take, against its loudest.
        most_tail_db: Last 5 ms of the raw take, against its loudest.
        most_release_db: Last 10 ms of sound in the raw take, against its loudest.
        most_click_db: A corner's height over its surroundings.
        most_torn_db: The largest step into or out of digital silence below the loudest sample.
        least_snr_db: Speech against the noise under it.
        most_hum_db: Mains hum against speech.
        least_bandwidth_hz: Up to where the voice reaches.
        least_hnr_db: Harmonics against noise in voiced frames.
        most_jitter: Unsteadiness of the periods' lengths, share.
        least_cpps_db: Smoothed cepstral peak prominence.
        most_comb_db: Lines at a vocoder's frame rate over their surroundings.
        least_repeat_ratio: Distance of the two stretches most alike.
        least_dnsmos_ovrl: DNSMOS P.835, overall.
        least_dnsmos_sig: DNSMOS P.835, speech.
        least_dnsmos_bak: DNSMOS P.835, background.
        least_dnsmos_p808: DNSMOS P.808.
        most_dnsmos_ovrl_below: The voice's own DNSMOS P.835, overall, less that of the take.
        most_dnsmos_sig_below: The same of the speech.
        most_dnsmos_bak_below: The same of the background.
        most_dnsmos_p808_below: The same of DNSMOS P.808.
        most_missing_phones: Longest stretch of expected phones that was not heard.
        most_extra_phones: Most phones heard in one place beyond those expected.
        most_heard_error_rate: Divergent phones per expected phone.
        most_slip_nats: How much likelier the sound is with its surest slip than without.
        most_line_text_nats: The same, beside the line said plainly.
        least_text_fit_nats: How much better the text fits than other orders of its phones.
        least_likeness: Cosine to the voice's centroid.
        least_likeness_margin: That less the cosine to the nearest other speaker.
        most_line_pitch_off_st: Median F0 against the line said plainly and direction, either way.
        least_line_range_ratio: F0 range against the line said plainly and direction, ×.
        least_line_rate_ratio: Rate against the line said plainly and direction, ×; slow side.
        most_line_rate_ratio: The same; fast side.
        most_line_timbre_db: Difference of the spectrum to that of the line said plainly.
        most_line_lack_s: By which the first or last phones are shorter than in the line said
            plainly.
        most_line_drawn_s: By which one word takes longer than in the line said plainly.
        most_line_click_db: A corner's height over the sharpest one of the line said plainly.
        least_emotion_share: How likely the asked emotion is heard; also switches the judge on.
    """

    least_peak_dbfs: float | None = None
    most_flat_permille: float | None = None
    most_dc_dbfs: float | None = None
    most_peak_over_db: float | None = None
    most_delivered_peak_dbtp: float | None = None
    most_limiting_db: float | None = None
    most_level_off_lu: float | None = None
    most_level_over_lu: float | None = None
    least_duration_s: float | None = None
    most_duration_s: float | None = None
    most_codec_drift_s: float | None = None
    most_codec_level_db: float | None = None
    most_codec_distance_db: float | None = None
    most_codec_band_loss_db: float | None = None
    most_codec_lost_s: float | None = None
    least_s_per_phoneme: float | None = None
    most_s_per_phoneme: float | None = None
    most_gap_s: float | None = None
    most_gap_at_punctuation_s: float | None = None
    most_dead_s: float | None = None
    most_head_db: float | None = None
    most_tail_db: float | None = None
    most_release_db: float | None = None
    most_click_db: float | None = None
    most_torn_db: float | None = None
    least_snr_db: float | None = None
    most_hum_db: float | None = None
    least_bandwidth_hz: float | None = None
    least_hnr_db: float | None = None
    most_jitter: float | None = None
    least_cpps_db: float | None = None
    most_comb_db: float | None = None
    least_repeat_ratio: float | None = None
    least_dnsmos_ovrl: float | None = None
    least_dnsmos_sig: float | None = None
    least_dnsmos_bak: float | None = None
    least_dnsmos_p808: float | None = None
    most_dnsmos_ovrl_below: float | None = None
    most_dnsmos_sig_below: float | None = None
    most_dnsmos_bak_below: float | None = None
    most_dnsmos_p808_below: float | None = None
    most_missing_phones: float | None = None
    most_extra_phones: float | None = None
    most_heard_error_rate: float | None = None
    most_slip_nats: float | None = None
    most_line_text_nats: float | None = None
    least_text_fit_nats: float | None = None
    least_likeness: float | None = None
    least_likeness_margin: float | None = None
    most_line_pitch_off_st: float | None = None
    least_line_range_ratio: float | None = None
    least_line_rate_ratio: float | None = None
    most_line_rate_ratio: float | None = None
    most_line_timbre_db: float | None = None
    most_line_lack_s: float | None = None
    most_line_drawn_s: float | None = None
    most_line_click_db: float | None = None
    least_emotion_share: float | None = None

    def holds_any(self, names: Iterable[str]) -> bool:
        """Whether any of these limits is held, so that what it reads has to be measured."""
        return any(getattr(self, name) is not None for name in names)


NAMES = tuple(f.name for f in fields(Limits))
# Held against what a model hears; `metrics: exact` holds none of them.
LEARNED_LIMITS = (
    *(name for name in NAMES if "dnsmos" in name),
    *("most_slip_nats", "most_line_text_nats", "most_line_lack_s", "most_line_drawn_s"),
    "least_text_fit_nats",
    *("most_missing_phones", "most_extra_phones", "most_heard_error_rate"),
    *("least_likeness", "least_likeness_margin", "least_emotion_share"),
)
TABLES = ("engines", "locales", "voices", "deliveries")
TABLES_OF_SHORT = ("short.engines", "short.deliveries")
Row = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class GateLimits:
    """All limits of a project.

    Attributes:
        defaults: Limit to value.
        tables: `engines`, `locales`, `voices`, `deliveries`, `short.engines` or
            `short.deliveries` → name → limit → value.
        short: Limit to value for short lines.
        short_words: Lines of at most this many words are short; `NO_LINE`: none is.
        short_s: Lines that sound for less than this are short, seconds; `NO_LINE`: none is.
        full: Limit to value, laid over the defaults where `metrics` is `full`. In merged limits the
            upper file's defaults are among them.
        metrics: `default`, `full` (costly metrics too), `exact` (without learned scores and judges
            of the text), or "" where nobody said.
    """

    defaults: Row = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    short: Row = field(default_factory=dict)
    short_words: float | None = None
    short_s: float | None = None
    full: Row = field(default_factory=dict)
    metrics: str = ""

    @property
    def holds_learned(self) -> bool:
        """Whether takes are held against learned scores and their text, or without them."""
        return self.metrics != EXACT

    def is_short(self, word_count: int, sound_s: float) -> bool:
        """Whether the rules of short lines apply."""
        return word_count <= (self.short_words or 0) or sound_s < (self.short_s or 0.0)

    def limits_for(
        self, *, engine: str, locale: str, voice: str, delivery: str, is_short: bool
    ) -> Limits:
        """Return the limits of one take.

        Args:
            engine: The voice's engine (`formant`, `piper`), or `recording`.
            locale: BCP 47 tag; its language alone is looked up first.
            voice: Voice reference; its name without the speaker is looked up first, then both
                with `@language` and `@locale` behind.
            delivery: `normal`, `whisper` or `shout`.
            is_short: Whether the rules of short lines come on top.
        """
        merged = {**self.defaults, **(self.full if self.metrics == FULL else {})}
        for table, name in rows_of(engine, locale, voice, delivery):
            merged |= self.tables.get(table, {}).get(name, {})
        if is_short:
            merged |= self.short
            for table, name in zip(TABLES_OF_SHORT, (engine, delivery), strict=True):
                merged |= self.tables.get(table, {}).get(name, {})
        if not self.holds_learned:
            merged |= dict.fromkeys(LEARNED_LIMITS)
        return Limits(**merged)


def rows_of(engine: str, locale: str, voice: str, delivery: str) -> list[tuple[str, str]]:
    """Return table and name of every row a take may have limits in, the more specific the later.

    Args:
        engine: The voice's engine.
        locale: BCP 47 tag.
        voice: Voice reference.
        delivery: `normal`, `whisper` or `shout`.
    """
    language, name = locale.split("-", maxsplit=1)[0], voice.split("#", maxsplit=1)[0]
    spoken = [f"{v}@{tag}" for v in (name, voice) for tag in (language, locale)]
    asked = (
        ("engines", (engine,)),
        ("locales", (language, locale)),
        ("voices", (name, voice, *spoken)),
        ("deliveries", (delivery,)),
    )
    return list(dict.fromkeys((table, name) for table, names in asked for name in names))


def merge(base: GateLimits, over: GateLimits) -> GateLimits:
    """Lay a project's limits over the shipped ones, key by key."""
    tables = {
        table: {
            name: {**base.tables.get(table, {}).get(name, {}), **rows.get(name, {})}
            for name in {**base.tables.get(table, {}), **rows}
        }
        for table in (*TABLES, *TABLES_OF_SHORT)
        for rows in [over.tables.get(table, {})]
    }
    return GateLimits(
        {**base.defaults, **over.defaults},
        tables,
        {**base.short, **over.short},
        base.short_words if over.short_words is None else over.short_words,
        base.short_s if over.short_s is None else over.short_s,
        {**base.full, **over.defaults, **over.full},
        over.metrics or base.metrics,
    )
