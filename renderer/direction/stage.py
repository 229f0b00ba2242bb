"""The signal stage: makes the speech of any engine follow the direction.

One order: pitch and durations → whisper → tilt → level back to the engine's → energy → onsets of a
shout → pauses. Nothing is drawn at random: same speech and controls, same samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform
from renderer.direction import STAGE_REVISION, level, timeline
from renderer.direction.controls import SignalControls, WordControl
from renderer.domain.direction import Delivery
from renderer.domain.transcript import PhoneSpan
from renderer.errors import AudioError

__all__ = ["STAGE_REVISION", "direct"]

Floats = npt.NDArray[np.float64]
Phones = tuple[PhoneSpan, ...]
Bounds = timeline.Bounds
PhoneBounds = timeline.PhoneBounds

_EXCURSION_ST = 14.0  # farther from the line's mean no F0 is sent: beyond are tracking errors
_RAMP_S = 0.05
_PHONE_RAMP_S = 0.02


def direct(waveform: Waveform, phones: Phones, controls: SignalControls) -> tuple[Waveform, Phones]:
    """Apply a direction to speech.

    Args:
        waveform: What the engine said, at its own rate.
        phones: Its phonemes in time; words are found by `PhoneSpan.word`. Without any, the line
            is directed as a whole and word edits do nothing. A word with edited phones has one
            span per symbol (`text.phone_place.by_symbol`).
        controls: What to do (`plan_controls`). Its `lead_s` and `trail_s` are mastering's.

    Returns:
        The directed waveform, which may pass ±1, and its phonemes: in order, inside the
        waveform. With neutral controls, the very objects that came in.

    Raises:
        AudioError: There are samples that are no finite numbers, or an edited phone was not said.
    """
    if controls.is_neutral or waveform.samples.size == 0:
        return waveform, phones
    if not np.isfinite(waveform.samples).all():
        raise AudioError("the speech holds samples that are no numbers; the engine is broken")
    phones = timeline.tidy(phones, waveform.duration_s)
    if not np.any(waveform.samples):
        return waveform, phones
    _require(controls, timeline.phone_bounds(phones))
    made, phones = _move(waveform, phones, controls)
    rate = made.sample_rate
    samples = _colour(made, waveform, controls)
    samples = _weigh(samples, rate, phones, controls)
    wanted = timeline.pauses(phones, controls.words)
    if wanted:
        samples, phones = timeline.insert_pauses(samples, rate, phones, wanted)
    return Waveform(samples, rate), timeline.tidy(phones, samples.size / rate)


def _require(controls: SignalControls, places: PhoneBounds) -> None:
    """Hold that every edited phone is there; none is left out in silence."""
    if any((edit.word, edit.phone) not in places for edit in controls.phones):
        raise AudioError("an edited phone was not said by the voice; take its edit out of the line")


def _move(waveform: Waveform, phones: Phones, controls: SignalControls) -> tuple[Waveform, Phones]:
    """Change F0 and durations, each word keeping its level."""
    from renderer.direction.psola import resynthesise

    words = controls.words
    source, target = timeline.knots(phones, words, waveform.duration_s, controls.phones)
    bounds, places = timeline.word_bounds(phones), timeline.phone_bounds(phones)
    has_voice = controls.delivery is not Delivery.WHISPER
    is_pitched = has_voice and (
        controls.pitch_st != 0.0
        or controls.pitch_range != 1.0
        or any(w.pitch_st != 0.0 or w.pitch_range != 1.0 for w in words)
        or any(p.pitch_st != 0.0 for p in controls.phones)
    )
    if not is_pitched and np.array_equal(source, target):
        return waveform, phones

    def contour(times: Floats, tones: Floats) -> Floats:
        return bend(times, tones, controls, bounds, places)

    made = resynthesise(waveform, contour if is_pitched else None, source, target)
    moved = timeline.warp(phones, source, target)
    return _same_levels(made, waveform, timeline.word_bounds(moved), bounds), moved


def bend(
    times: Floats,
    tones: Floats,
    controls: SignalControls,
    bounds: Bounds,
    places: PhoneBounds | None = None,
) -> Floats:
    """Return the new F0 contour in semitones.

    The excursion is scaled around the line's mean, a word's around its own; shifts of words rise
    and fall over 50 ms so that the voice glides, those of phones over 20 ms.

    Args:
        times: Seconds, (n,), rising.
        tones: F0 in semitones over voiced frames, (n,).
        controls: What to do.
        bounds: Word to (start, end) in seconds.
        places: (word, phone) to (start, end) in seconds; every edited phone is there.
    """
    mean = float(tones.mean())
    excursion = np.clip(tones - mean, -_EXCURSION_ST, _EXCURSION_ST) * controls.pitch_range
    new = mean + controls.pitch_st + np.clip(excursion, -_EXCURSION_ST, _EXCURSION_ST)
    for index, (start, end) in bounds.items():
        word = controls.words[index] if index < len(controls.words) else WordControl()
        inside = (times >= start) & (times < end)
        if not inside.any() or (word.pitch_st == 0.0 and word.pitch_range == 1.0):
            continue
        local = float(new[inside].mean())
        scaled = (new - local) * (word.pitch_range - 1.0) + word.pitch_st
        new = new + _bump(times, start, end) * np.where(inside, scaled, word.pitch_st)
    for edit in controls.phones:
        start, end = (places or {})[edit.word, edit.phone]
        new = new + _bump(times, start, end, _PHONE_RAMP_S) * edit.pitch_st
    return np.asarray(new, dtype=np.float64)


def _bump(times: Floats, start: float, end: float, ramp_s: float = _RAMP_S) -> Floats:
    """Return 1 inside a stretch of time and 0 outside, with smooth flanks around its ends."""
    flank = min(ramp_s, (end - start) / 2)
    rise = np.clip((times - start) / flank + 0.5, 0.0, 1.0)
    fall = np.clip((end - times) / flank + 0.5, 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * np.minimum(rise, fall)) ** 2, dtype=np.float64)


def _same_levels(made: Waveform, source: Waveform, after: Bounds, before: Bounds) -> Waveform:
    """Take back what moving the pitch periods did to the level of each word."""
    rate = made.sample_rate
    gains = []
    for index, (start, end) in after.items():
        old = _cut(source, before[index])
        new = _cut(made, (start, end))
        if np.any(old) and np.any(new):
            change = level.speech_level_db(old, rate) - level.speech_level_db(new, rate)
            gains.append((start, end, float(np.clip(change, -6.0, 6.0))))
    samples = level.ride(made.samples, rate, gains) if gains else made.samples
    return Waveform(level.match_level(samples, rate, source.samples), rate)


def _cut(waveform: Waveform, bounds: tuple[float, float]) -> level.Samples:
    start, end = (round(at * waveform.sample_rate) for at in bounds)
    return waveform.samples[start:end]


def _colour(made: Waveform, source: Waveform, controls: SignalControls) -> level.Samples:
    """Whisper and tilt, at the source's level."""
    samples, rate = made.samples, made.sample_rate
    tilt_from = source.samples
    if controls.delivery is Delivery.WHISPER:
        from renderer.direction.whisper import whisper

        tilt_from = samples = whisper(made).samples
    if controls.tilt_db != 0.0:
        wanted = level.alpha_ratio_db(tilt_from, rate) + controls.tilt_db
        samples = level.set_alpha_ratio(samples, rate, wanted)
    if samples is made.samples:
        return samples
    return level.match_level(samples, rate, source.samples)


def _weigh(
    samples: level.Samples, rate: int, phones: Phones, controls: SignalControls
) -> level.Samples:
    """Apply energy, of the line, of words and of phones, and the onsets of a shout."""
    if controls.delivery is Delivery.SHOUT:
        samples = level.sharpen_onsets(samples, rate)
    gains = _word_gains(phones, controls.words)
    places = timeline.phone_bounds(phones)
    gains += [(*places[p.word, p.phone], p.energy_db) for p in controls.phones if p.energy_db]
    if gains:
        samples = level.ride(samples, rate, gains)
    return level.amplify(samples, controls.energy_db) if controls.energy_db else samples


def _word_gains(phones: Phones, words: Sequence[WordControl]) -> list[tuple[float, float, float]]:
    bounds = timeline.word_bounds(phones)
    return [
        (start, end, words[index].energy_db)
        for index, (start, end) in bounds.items()
        if index < len(words) and words[index].energy_db != 0.0
    ]
