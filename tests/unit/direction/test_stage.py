"""The signal stage: each control does what it says, and nothing else moves."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.pitch import semitones, track_f0
from renderer.audio.waveform import Waveform
from renderer.direction import level
from renderer.direction.controls import SignalControls, WordControl
from renderer.direction.phone_control import PhoneControl
from renderer.direction.stage import direct
from renderer.domain.direction import Delivery
from renderer.domain.transcript import PhoneSpan
from renderer.errors import AudioError

RATE = 22_050
FORMANTS = ((650.0, 90.0), (1400.0, 110.0), (2600.0, 160.0))


def speech(words: int = 6, word_s: float = 0.3, f0_hz: float = 130.0) -> tuple[Waveform, tuple]:
    """Vowel-like words (pulses through three formants) joined by short hisses."""
    size = round(words * word_s * RATE)
    t = np.arange(size) / RATE
    f0 = f0_hz * 2 ** (2.0 * np.sin(2 * np.pi * t / 0.7) / 12)
    phase = np.cumsum(f0) / RATE
    source = np.diff(np.floor(phase), prepend=0.0) + 1e-4
    sound = np.fft.rfft(source, 2 * size)
    hz = np.fft.rfftfreq(2 * size, 1 / RATE)
    for centre, width in FORMANTS:
        sound = sound * centre**2 / (centre**2 - hz**2 + 1j * hz * width * 2)
    vowel = np.fft.irfft(sound)[:size]
    vowel *= 0.2 / np.abs(vowel).max()
    hiss = np.random.default_rng(0).normal(size=size) * 0.01
    inside = (t % word_s) < 0.8 * word_s
    samples = np.where(inside, vowel, hiss)
    phones = []
    for i in range(words):
        at = i * word_s
        phones += [
            PhoneSpan("a", at, at + 0.8 * word_s, i),
            PhoneSpan("s", at + 0.8 * word_s, at + word_s, i),
        ]
    return Waveform.of(samples, RATE), tuple(phones)


def edited(index: int, count: int = 6, **change: float) -> SignalControls:
    return SignalControls(
        words=tuple(WordControl(**change) if i == index else WordControl() for i in range(count))
    )


def tones(waveform: Waveform, start: float = 0.0, end: float = 99.0) -> np.ndarray:
    f0, voiced = track_f0(waveform, 60, 500)
    times = np.arange(f0.size) * 0.01
    return semitones(f0[voiced & (times >= start) & (times < end)])


def part(waveform: Waveform, start: float, end: float) -> np.ndarray:
    return waveform.samples[round(start * RATE) : round(end * RATE)]


def assert_sound(waveform: Waveform, phones: tuple[PhoneSpan, ...]) -> None:
    assert np.isfinite(waveform.samples).all()
    at = 0.0
    for phone in phones:
        assert at - 1e-9 <= phone.start_s < phone.end_s <= waveform.duration_s + 1e-9
        at = phone.end_s


def test_neutral_controls_return_the_very_objects():
    wave, phones = speech()
    made, spans = direct(wave, phones, SignalControls(lead_s=1.0, words=(WordControl(),) * 6))
    assert made is wave
    assert spans is phones


@pytest.mark.parametrize("shift", [-6.0, -4.0, -2.0, 2.0, 4.0, 7.0])
def test_pitch_moves_by_what_was_asked_and_formants_stay(shift):
    wave, phones = speech()
    made, spans = direct(wave, phones, SignalControls(pitch_st=shift))
    assert np.mean(tones(made)) - np.mean(tones(wave)) == pytest.approx(shift, abs=0.2)
    assert made.duration_s == wave.duration_s
    assert spans == phones
    assert level.speech_level_db(made.samples, RATE) == pytest.approx(
        level.speech_level_db(wave.samples, RATE), abs=0.1
    )
    for centre, _ in FORMANTS[:2]:
        assert formant(made, centre) == pytest.approx(formant(wave, centre), rel=0.1)


def formant(waveform: Waveform, near: float) -> float:
    """The peak of the long-term envelope near a frequency, smoothed over the harmonics."""
    frames = np.lib.stride_tricks.sliding_window_view(waveform.samples, 1024)[::256]
    power = (np.abs(np.fft.rfft(frames * np.hanning(1024), axis=1)) ** 2).mean(axis=0)
    hz = np.fft.rfftfreq(1024, 1 / RATE)
    smooth = np.convolve(10 * np.log10(power + 1e-12), np.hanning(15) / 7, mode="same")
    inside = (hz > near * 0.85) & (hz < near * 1.15)
    return float(hz[inside][smooth[inside].argmax()])


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.5, 2.0])
def test_range_scales_the_excursion_and_keeps_the_mean(factor):
    wave, phones = speech()
    made, _ = direct(wave, phones, SignalControls(pitch_range=factor))
    before, after = tones(wave), tones(made)
    assert np.std(after) / np.std(before) == pytest.approx(factor, abs=0.13)
    assert np.mean(after) == pytest.approx(np.mean(before), abs=0.2)


@pytest.mark.parametrize("gain", [-12.0, -6.0, 6.0])
def test_energy_is_a_pure_gain(gain):
    wave, phones = speech()
    made, _ = direct(wave, phones, SignalControls(energy_db=gain))
    np.testing.assert_allclose(made.samples, wave.samples * 10 ** (gain / 20), rtol=1e-5)


@pytest.mark.parametrize("tilt", [-6.0, -3.0, 3.0, 6.0])
def test_tilt_moves_the_alpha_ratio_and_not_the_level(tilt):
    wave, phones = speech()
    made, _ = direct(wave, phones, SignalControls(tilt_db=tilt))
    moved = level.alpha_ratio_db(made.samples, RATE) - level.alpha_ratio_db(wave.samples, RATE)
    assert moved == pytest.approx(tilt, abs=0.3)
    assert level.speech_level_db(made.samples, RATE) == pytest.approx(
        level.speech_level_db(wave.samples, RATE), abs=0.05
    )


def test_tilt_is_reached_together_with_a_pitch_shift():
    wave, phones = speech()
    made, _ = direct(wave, phones, SignalControls(pitch_st=5, tilt_db=4, energy_db=6))
    moved = level.alpha_ratio_db(made.samples, RATE) - level.alpha_ratio_db(wave.samples, RATE)
    assert moved == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("rate", [0.6, 0.8, 1.25, 1.6])
def test_a_slower_or_faster_word_moves_every_later_span(rate):
    wave, phones = speech()
    made, spans = direct(wave, phones, edited(2, rate=rate))
    longer = 0.3 / rate - 0.3
    assert made.duration_s - wave.duration_s == pytest.approx(longer, abs=1e-3)
    assert spans[3].end_s == pytest.approx(phones[3].end_s, abs=1e-9)
    assert spans[5].end_s - spans[4].start_s == pytest.approx(0.3 / rate, abs=1e-6)
    assert spans[-1].end_s == pytest.approx(phones[-1].end_s + longer, abs=1e-3)
    assert_sound(made, spans)
    # The sound is where the spans say: the hiss that ends the word two later begins on time.
    _, voiced = track_f0(made, 60, 400, 0.005)
    onset = spans[8].start_s
    at = np.arange(voiced.size) * 0.005
    assert voiced[(at > onset + 0.04) & (at < spans[8].end_s - 0.04)].all()
    assert not voiced[(at > onset - 0.03) & (at < onset - 0.025)].any()


def test_a_higher_word_leaves_its_neighbours_alone():
    wave, phones = speech()
    made, spans = direct(wave, phones, edited(2, pitch_st=4.0))
    inside = np.mean(tones(made, 0.64, 0.8)) - np.mean(tones(wave, 0.64, 0.8))
    assert inside == pytest.approx(4.0, abs=0.3)
    for start, end in ((0.0, 0.5), (1.0, 1.7)):
        change = np.mean(tones(made, start, end)) - np.mean(tones(wave, start, end))
        assert change == pytest.approx(0.0, abs=0.1)
    assert spans == phones


def test_a_louder_word_leaves_its_neighbours_bit_exact():
    wave, phones = speech()
    made, _ = direct(wave, phones, edited(2, energy_db=6.0))
    gain = part(made, 0.65, 0.85) / part(wave, 0.65, 0.85)
    np.testing.assert_allclose(gain, 10 ** (6 / 20), rtol=1e-3)
    np.testing.assert_array_equal(part(made, 0, 0.58), part(wave, 0, 0.58))
    np.testing.assert_array_equal(part(made, 0.92, 1.8), part(wave, 0.92, 1.8))


def test_a_pause_is_silence_of_its_length_between_the_words():
    wave, phones = speech()
    made, spans = direct(wave, phones, edited(2, pause_after_s=0.4))
    assert made.duration_s - wave.duration_s == pytest.approx(0.4, abs=1e-4)
    silence = [p for p in spans if p.word < 0]
    assert len(silence) == 1
    assert silence[0].end_s - silence[0].start_s == pytest.approx(0.4, abs=1e-3)
    assert not np.any(part(made, silence[0].start_s + 0.001, silence[0].end_s - 0.001))
    assert silence[0].start_s == pytest.approx(0.9, abs=0.03)
    assert_sound(made, spans)


def test_a_pause_where_the_engine_already_paused_widens_it():
    wave, phones = speech(2)
    gap = np.zeros(round(0.2 * RATE), dtype=np.float32)
    longer = Waveform.of(np.concatenate([part(wave, 0, 0.3), gap, part(wave, 0.3, 0.6)]), RATE)
    spans = (
        *phones[:2],
        PhoneSpan("_", 0.3, 0.5, -1),
        *(PhoneSpan(p.phoneme, p.start_s + 0.2, p.end_s + 0.2, 1) for p in phones[2:]),
    )
    made, moved = direct(longer, spans, edited(1, 2, pause_before_s=0.3))
    assert [p.word for p in moved] == [0, 0, -1, 1, 1]
    assert moved[2].end_s - moved[2].start_s == pytest.approx(0.5, abs=1e-3)
    assert made.duration_s == pytest.approx(1.1, abs=1e-3)


def test_a_pause_does_not_click():
    wave, phones = speech()
    made, spans = direct(wave, phones, edited(3, pause_before_s=0.2))
    silence = next(p for p in spans if p.word < 0)
    around = part(made, silence.start_s - 0.002, silence.start_s)
    assert np.abs(np.diff(around)).max() < 0.01


def periodicity(waveform: Waveform) -> float:
    return float(track_f0(waveform, 60, 400)[1].mean())


def test_a_whisper_has_no_voice_and_the_same_mouth():
    wave, phones = speech()
    made, spans = direct(wave, phones, SignalControls(delivery=Delivery.WHISPER, energy_db=-12))
    assert periodicity(wave) > 0.7
    assert periodicity(made) < 0.03
    assert spans == phones
    assert level.speech_level_db(made.samples, RATE) == pytest.approx(
        level.speech_level_db(wave.samples, RATE) - 12, abs=0.1
    )
    for centre, _ in FORMANTS:
        assert formant(made, centre) == pytest.approx(formant(wave, centre), rel=0.07)


def test_a_whisper_keeps_unvoiced_sounds():
    hiss = Waveform.of(np.random.default_rng(3).normal(size=RATE) * 0.05, RATE)
    made, _ = direct(hiss, (), SignalControls(delivery=Delivery.WHISPER))
    np.testing.assert_allclose(made.samples, hiss.samples, rtol=1e-4)


def test_a_shout_keeps_its_level_and_sharpens_onsets():
    wave, phones = speech()
    made, _ = direct(wave, phones, SignalControls(delivery=Delivery.SHOUT, energy_db=6))
    assert level.speech_level_db(made.samples, RATE) == pytest.approx(
        level.speech_level_db(wave.samples, RATE) + 6, abs=0.1
    )


EVERYTHING = SignalControls(
    pitch_st=4,
    pitch_range=1.5,
    energy_db=6,
    tilt_db=4,
    words=(WordControl(0.7, 2, 1.2, 3, 0.1, 0.2), WordControl(), WordControl(1.4, -2)),
)


@pytest.mark.parametrize("seconds", [0.0, 0.0001, 0.01, 0.03, 0.1, 0.25])
@pytest.mark.parametrize("delivery", list(Delivery))
def test_short_barks_do_not_raise(seconds, delivery):
    wave, _ = speech(2)
    bark = Waveform(wave.samples[: round(seconds * RATE)], RATE)
    spans = (PhoneSpan("a", 0.0, seconds, 0),) if seconds else ()
    controls = SignalControls(
        pitch_st=3, energy_db=3, tilt_db=3, delivery=delivery, words=(WordControl(rate=0.8),)
    )
    made, phones = direct(bark, spans, controls)
    assert_sound(made, phones)
    assert made.duration_s == pytest.approx(seconds / 0.8, abs=2 / RATE)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(RATE),
        np.random.default_rng(2).normal(size=RATE) * 0.1,
        np.sign(np.sin(np.arange(RATE) * 0.05)),
        np.full(RATE, 0.3),
        np.eye(1, RATE, 4000).ravel(),
        np.full(RATE, 1e-30),
    ],
    ids=["silence", "noise", "clipped", "dc", "click", "denormal"],
)
def test_odd_sounds_do_not_raise(samples):
    wave = Waveform.of(samples, RATE)
    spans = tuple(PhoneSpan("a", i * 0.25, (i + 1) * 0.25, i) for i in range(4))
    for delivery in Delivery:
        controls = SignalControls(4, 1.5, 6, 4, delivery, EVERYTHING.words)
        assert_sound(*direct(wave, spans, controls))


def test_a_line_without_spans_is_directed_as_a_whole():
    wave, _ = speech()
    made, phones = direct(wave, (), EVERYTHING)
    assert phones == ()
    assert np.mean(tones(made)) - np.mean(tones(wave)) == pytest.approx(4, abs=0.3)
    assert made.duration_s == wave.duration_s


def test_spans_of_a_careless_engine_are_put_in_order():
    wave, _ = speech()
    spans = (
        PhoneSpan("b", 0.4, 0.9, 1),
        PhoneSpan("a", -0.5, 0.5, 0),
        PhoneSpan("c", 0.8, 9.0, 2),
        PhoneSpan("d", 9.0, 9.5, 3),
    )
    made, phones = direct(wave, spans, EVERYTHING)
    assert_sound(made, phones)


def test_samples_that_are_no_numbers_are_refused():
    wave, phones = speech()
    broken = wave.samples.copy()
    broken[100] = np.nan
    with pytest.raises(AudioError, match="no numbers"):
        direct(Waveform(broken, RATE), phones, EVERYTHING)


def test_the_same_again_is_the_same_from_any_thread():
    wave, phones = speech()
    made = [direct(wave, phones, EVERYTHING)[0].samples]

    def again() -> None:
        made.append(direct(wave, phones, EVERYTHING)[0].samples)

    threads = [threading.Thread(target=again) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    for other in made[1:]:
        np.testing.assert_array_equal(made[0], other)


def test_the_input_is_not_changed():
    wave, phones = speech()
    before = wave.samples.copy()
    for delivery in Delivery:
        direct(wave, phones, SignalControls(2, 1.2, 3, 2, delivery, EVERYTHING.words))
    np.testing.assert_array_equal(wave.samples, before)


word_controls = st.builds(
    WordControl,
    rate=st.floats(0.5, 2.0),
    pitch_st=st.floats(-12, 12),
    pitch_range=st.floats(0, 2.5),
    energy_db=st.floats(-24, 14),
    pause_before_s=st.floats(0, 1),
    pause_after_s=st.floats(0, 1),
)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.2), min_size=0, max_size=8),
    st.lists(word_controls, min_size=0, max_size=5),
    st.floats(-12, 12),
    st.sampled_from(list(Delivery)),
)
def test_spans_stay_in_order_and_inside_whatever_is_asked(edges, words, shift, delivery):
    wave, _ = speech(4)
    marks = sorted({round(e, 4) for e in edges})
    phones = tuple(
        PhoneSpan("a", a, b, i // 2 if i % 3 else -1) for i, (a, b) in enumerate(pairwise(marks))
    )
    controls = SignalControls(pitch_st=shift, delivery=delivery, words=tuple(words))
    made, spans = direct(wave, phones, controls)
    assert_sound(made, spans)
    spoken = {p.word for p in phones if p.word >= 0}
    assert spoken == {p.word for p in spans if p.word >= 0}


def of_phone(word: int, phone: int, **change: float) -> SignalControls:
    return SignalControls(phones=(PhoneControl(word, phone, **change),))


@pytest.mark.parametrize("rate", [0.5, 1.6])
def test_a_stretched_phone_moves_what_comes_after_it_and_no_other_length(rate):
    wave, phones = speech()
    made, spans = direct(wave, phones, of_phone(2, 0, rate=rate))
    longer = 0.24 / rate - 0.24
    assert made.duration_s - wave.duration_s == pytest.approx(longer, abs=1e-3)
    lengths = [
        (b.end_s - b.start_s) - (a.end_s - a.start_s) for a, b in zip(phones, spans, strict=True)
    ]
    assert lengths[4] == pytest.approx(longer, abs=1e-6)
    assert max(map(abs, lengths[:4] + lengths[5:-1])) < 1e-6
    # The sound is where the spans say: the next word's vowel begins on time.
    _, voiced = track_f0(made, 60, 400, 0.005)
    at, onset = np.arange(voiced.size) * 0.005, spans[6].start_s
    assert voiced[(at > onset + 0.04) & (at < spans[6].end_s - 0.04)].all()
    assert not voiced[(at > onset - 0.03) & (at < onset - 0.025)].any()


def test_a_phone_and_its_word_multiply():
    wave, phones = speech()
    words = tuple(WordControl(rate=0.8) if i == 2 else WordControl() for i in range(6))
    controls = SignalControls(words=words, phones=(PhoneControl(2, 0, rate=0.5),))
    _, spans = direct(wave, phones, controls)
    assert spans[4].end_s - spans[4].start_s == pytest.approx(0.24 / 0.8 / 0.5, abs=1e-6)
    assert spans[5].end_s - spans[5].start_s == pytest.approx(0.06 / 0.8, abs=1e-6)


def test_a_higher_phone_leaves_the_other_vowels_alone():
    wave, phones = speech()
    made, spans = direct(wave, phones, of_phone(2, 0, pitch_st=4.0))
    inside = np.mean(tones(made, 0.64, 0.8)) - np.mean(tones(wave, 0.64, 0.8))
    assert inside == pytest.approx(4.0, abs=0.3)
    for start, end in ((0.0, 0.54), (0.9, 1.7)):
        change = np.mean(tones(made, start, end)) - np.mean(tones(wave, start, end))
        assert change == pytest.approx(0.0, abs=0.05)
    assert spans == phones


def test_a_louder_phone_leaves_its_neighbours_bit_exact():
    wave, phones = speech()
    made, _ = direct(wave, phones, of_phone(2, 1, energy_db=6.0))
    gain = part(made, 0.855, 0.885) / part(wave, 0.855, 0.885)
    np.testing.assert_allclose(gain, 10 ** (6 / 20), rtol=1e-3)
    np.testing.assert_array_equal(part(made, 0, 0.82), part(wave, 0, 0.82))
    np.testing.assert_array_equal(part(made, 0.92, 1.8), part(wave, 0.92, 1.8))


def test_a_phone_that_was_not_said_is_refused_and_not_left_out():
    wave, phones = speech()
    with pytest.raises(AudioError, match="was not said"):
        direct(wave, phones, of_phone(2, 2, energy_db=6.0))
