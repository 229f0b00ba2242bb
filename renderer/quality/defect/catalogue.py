"""The list of defects, each at its strengths, and the one way to plant them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from renderer.audio.waveform import Waveform
from renderer.quality.defect import sound as of_sound
from renderer.quality.defect import timing, word
from renderer.quality.defect.material import Defect, Donor, Sound, Stage, Strength
from renderer.quality.defect.vocoder import make_robotic
from renderer.quality.learned_checks import BELOW
from renderer.quality.take import LEARNED

Rng = np.random.Generator
OnSound = Callable[[Waveform, float, Rng], Waveform | None]
OnWords = Callable[[Sound, float, Rng], Waveform]
OnDonor = Callable[[Sound, float, Rng, Sound], Waveform]

CODEC = ("codec_distance", "codec_band", "codec_lost", "codec_level")
DNSMOS = (*LEARNED, *BELOW)
TEXT = ("line_text", "line_drawn", "text", "missing_words", "extra_speech", "wrong_text")
CUT = ("line_cut",)
PACE = ("pace", "line_slow", "line_fast")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of defect: what it does and how much of it there may be.

    Attributes:
        summary: For people.
        unit: Of the amounts.
        amounts: Faint, audible and severe; None where there is no such strength.
        checks: The gate's checks that should notice it.
        on_sound: Does it, when nothing but the sound is needed.
        on_words: Does it, when words are needed.
        on_donor: Does it, when another sound is needed.
        stage: Where it arises.
        donors: Of each strength, what other sound is needed.
        least_words: Words a line must have; 0 when no words are needed.
    """

    summary: str
    unit: str
    amounts: tuple[float | None, float, float | None]
    checks: tuple[str, ...]
    on_sound: OnSound | None = None
    on_words: OnWords | None = None
    on_donor: OnDonor | None = None
    stage: Stage = Stage.RAW
    donors: tuple[Donor, Donor, Donor] = (Donor.NONE, Donor.NONE, Donor.NONE)
    least_words: int = 0


_DELIVERY = Stage.DELIVERY
_LINE = (Donor.LINE,) * 3

KINDS: Mapping[str, Kind] = {
    "clipped": Kind(
        "everything above a share of the peak is cut off",
        "of the peak",
        (0.8, 0.4, 0.15),
        ("clipping", *DNSMOS),
        of_sound.clip,
    ),
    "cut_start": Kind(
        "the first part of the sound is lost; the take begins in it",
        "s",
        (0.04, 0.15, 0.4),
        ("cut_head", *CUT, *PACE, *TEXT),
        timing.cut_start,
    ),
    "cut_end": Kind(
        "the last part of the sound is lost; the take stops in it",
        "s",
        (0.04, 0.15, 0.4),
        ("cut_tail", *CUT, *PACE, *TEXT),
        timing.cut_end,
    ),
    "cut_end_silent": Kind(
        "the last part of the sound is lost; silence follows",
        "s",
        (0.04, 0.15, 0.4),
        ("abrupt_end", "torn", "click", "line_click", *CUT, *PACE, *TEXT),
        timing.drop_end,
    ),
    "dropped_word": Kind(
        "words are missing: the shortest; one of median length or more; half of them",
        "of the words",
        (0.0, 0.01, 0.5),
        (*PACE, *TEXT),
        on_words=word.drop_word,
        least_words=2,
    ),
    "repeated_word": Kind(
        "a word is said again: the shortest once; a longer one once; three times",
        "times",
        (0.5, 1.0, 3.0),
        (*PACE, "repeat", *TEXT),
        on_words=word.repeat_word,
        least_words=1,
    ),
    "wrong_word": Kind(
        "other words of the same voice: for the shortest; for a longer one; for half of them",
        "of the words",
        (0.0, 0.01, 0.5),
        (*PACE, *TEXT),
        on_donor=word.replace_word,
        donors=_LINE,
        least_words=1,
    ),
    "wrong_speaker": Kind(
        "another voice: for the last third; for all of the line; one of another register",
        "of the line",
        (1 / 3, 1.0, 1.0),
        ("likeness_margin", "pitch_off", "line_pitch", "line_timbre"),
        on_donor=word.replace_sound,
        donors=(Donor.SPEAKER, Donor.SPEAKER, Donor.FAR_SPEAKER),
    ),
    "wrong_language": Kind(
        "the line read by another language's rules; a line in another language",
        "of the line",
        (1.0, 1.0, None),
        (*PACE, *TEXT, "other_text"),
        on_donor=word.replace_sound,
        donors=(Donor.ACCENT, Donor.LANGUAGE, Donor.LANGUAGE),
    ),
    "silence_inside": Kind(
        "a hole in the middle half of the sound",
        "s",
        (0.25, 1.0, 2.5),
        ("gap", "dropout"),
        timing.insert_silence,
    ),
    "white_noise": Kind(
        "white noise under the speech",
        "dB SNR",
        (35.0, 20.0, 5.0),
        ("noise", *DNSMOS),
        of_sound.add_white_noise,
    ),
    "pink_noise": Kind(
        "pink noise under the speech",
        "dB SNR",
        (35.0, 20.0, 5.0),
        ("noise", *DNSMOS),
        of_sound.add_pink_noise,
    ),
    "hum": Kind(
        "mains hum with ten harmonics",
        "dB SNR",
        (40.0, 25.0, 10.0),
        ("hum", "noise", *DNSMOS),
        of_sound.add_hum,
    ),
    "clicks": Kind(
        "lone cracks, 1.5 a second",
        "of the peak",
        (0.05, 0.3, 0.9),
        ("click", "line_click"),
        of_sound.add_clicks,
    ),
    "wrong_pitch": Kind(
        "pitch and formants moved, up or down",
        "semitones",
        (1.5, 4.0, 8.0),
        ("line_pitch", "line_timbre", "pitch_off", "likeness_margin", *DNSMOS),
        timing.change_pitch,
    ),
    "wrong_rate": Kind(
        "faster or slower than asked, at the same pitch",
        "×",
        (1.2, 1.6, 2.2),
        (*PACE, "rate_slow", "rate_fast"),
        timing.change_rate,
    ),
    "robotic": Kind(
        "filters and pulses: with its melody; on one pitch; without breath and hiss",
        "flatness",
        (0.0, 1.0, 2.0),
        ("line_monotone", "buzz", "likeness_margin", *DNSMOS),
        make_robotic,
    ),
    "wrong_sample_rate": Kind(
        "played at a multiple of its sampling rate, or a fraction",
        "×",
        (1.08, 1.25, 2.0),
        (
            *PACE,
            "line_pitch",
            "line_timbre",
            "pitch_off",
            "likeness_margin",
            "rate_slow",
            "rate_fast",
            *DNSMOS,
        ),
        timing.change_sample_rate,
    ),
    "narrow_band": Kind(
        "sent through a lower sampling rate",
        "Hz",
        (12_000.0, 6_000.0, 3_000.0),
        ("bandwidth", "line_timbre", *DNSMOS),
        of_sound.limit_band,
    ),
    "offset": Kind(
        "a constant added by the encoder",
        "of full scale",
        (0.002, 0.02, 0.1),
        ("dc",),
        of_sound.add_offset,
        stage=_DELIVERY,
    ),
    "level": Kind(
        "all of the take louder or softer; a recording's level is set by mastering",
        "dB",
        (4.0, 12.0, 20.0),
        ("level", "limiting"),
        of_sound.change_level,
    ),
    "delivered_level": Kind(
        "the encoder changes the level",
        "dB",
        (0.5, 6.0, 15.0),
        ("codec_level", "delivered_peak", "level"),
        of_sound.change_level,
        stage=_DELIVERY,
    ),
    "recoded": Kind(
        "sent through Ogg Vorbis of the lowest quality at a low sampling rate",
        "Hz",
        (22_050.0, 8_000.0, 4_000.0),
        (*CODEC, *DNSMOS),
        of_sound.recode,
        stage=_DELIVERY,
    ),
    "starved_codec": Kind(
        "only the strongest bins of each frame are kept",
        "of the bins",
        (0.2, 0.04, 0.01),
        (*CODEC, *DNSMOS),
        of_sound.starve_codec,
        stage=_DELIVERY,
    ),
    "lost_packets": Kind(
        "packets of 20 ms are zero",
        "of the packets",
        (0.01, 0.08, 0.3),
        (*CODEC, "gap", "click", *DNSMOS),
        of_sound.lose_packets,
        stage=_DELIVERY,
    ),
}


def _defects() -> tuple[Defect, ...]:
    return tuple(
        Defect(
            name,
            strength,
            amount,
            kind.unit,
            kind.summary,
            kind.checks,
            kind.stage,
            donor,
            kind.least_words,
        )
        for name, kind in KINDS.items()
        for strength, amount, donor in zip(Strength, kind.amounts, kind.donors, strict=True)
        if amount is not None
    )


DEFECTS = _defects()


def defects_of(kind: str) -> dict[Strength, Defect]:
    """Return one kind's defects by strength."""
    return {d.strength: d for d in DEFECTS if d.kind == kind}


def plant(sound: Sound, defect: Defect, rng: Rng, donor: Sound | None = None) -> Waveform | None:
    """Plant a defect.

    Args:
        sound: Clean, with its words where the defect needs them.
        defect: Of `DEFECTS`.
        rng: Chooses places, signs and noise; the same generator state gives the same samples.
        donor: The other sound, as `defect.donor` says.

    Returns:
        The spoilt sound, or None where it has no place for the defect: too few words, too little
        sound, no donor.
    """
    kind = KINDS[defect.kind]
    if sound.waveform.samples.size == 0 or len(sound.words) < defect.least_words:
        return None
    if kind.on_sound is not None:
        return kind.on_sound(sound.waveform, defect.amount, rng)
    if kind.on_words is not None:
        return kind.on_words(sound, defect.amount, rng)
    needs_words = defect.donor is Donor.LINE
    if kind.on_donor is None or donor is None or (needs_words and not donor.words):
        return None
    return kind.on_donor(sound, defect.amount, rng, donor)
