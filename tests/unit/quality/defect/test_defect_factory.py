"""Every defect has the size it says, is the same for the same seed, and leaves its input alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.activity import sound_bounds
from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Waveform
from renderer.quality.defect import sound as of_sound
from renderer.quality.defect import timing, word
from renderer.quality.defect.catalogue import DEFECTS, KINDS, defects_of, plant
from renderer.quality.defect.material import Donor, Sound, Span, Stage, Strength, active_rms
from renderer.quality.defect.vocoder import make_robotic

RATE = 22_050
WORD_S, PAUSE_S, EDGE_S = 0.3, 0.04, 0.1
WORDS_HZ = (110.0, 140.0, 180.0, 230.0)


def seeded(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def vowel(hz: float, seconds: float = WORD_S) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    made = sum(np.sin(2 * np.pi * k * hz * time + k) / k for k in range(1, 20))
    return 0.1 * made * np.hanning(time.size) ** 0.25


def line(pitches: tuple[float, ...] = WORDS_HZ) -> Sound:
    """Words of one pitch each, with short pauses; the second word is the shortest."""
    parts, words, at = [np.zeros(round(EDGE_S * RATE))], [], EDGE_S
    for index, hz in enumerate(pitches):
        length = WORD_S - 0.1 if index == 1 else WORD_S
        parts += [vowel(hz, length), np.zeros(round(PAUSE_S * RATE))]
        words.append(Span(at, at + length))
        at += length + PAUSE_S
    parts.append(np.zeros(round(EDGE_S * RATE)))
    return Sound(Waveform.of(np.concatenate(parts), RATE), tuple(words))


def made(kind: str, strength: Strength = Strength.AUDIBLE, seed: int = 7) -> Waveform:
    defect = defects_of(kind)[strength]
    spoilt = plant(line(), defect, seeded(seed), line((300.0, 330.0, 360.0)))
    assert spoilt is not None
    return spoilt


def sounding_s(waveform: Waveform) -> float:
    start, end = sound_bounds(waveform)
    return (end - start) / waveform.sample_rate


def pitches(waveform: Waveform) -> np.ndarray:
    f0, voiced = track_f0(waveform)
    return f0[voiced]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_a_defect_is_the_same_for_the_same_seed_and_leaves_the_clean_sound_alone(defect):
    clean, donor = line(), line((300.0, 330.0, 360.0))
    before = clean.waveform.samples.copy()
    one = plant(clean, defect, seeded(), donor)
    two = plant(clean, defect, seeded(), donor)
    assert one is not None
    assert two is not None
    assert np.array_equal(one.samples, two.samples)
    assert np.array_equal(before, clean.waveform.samples)
    assert one.sample_rate == RATE
    assert np.isfinite(one.samples).all()
    assert not np.array_equal(one.samples, before)


def test_each_kind_is_declared_at_a_clearly_audible_strength_and_stronger_is_more():
    for kind in KINDS:
        strengths = defects_of(kind)
        assert Strength.AUDIBLE in strengths
        for defect in strengths.values():
            assert defect.summary
            assert defect.unit
    assert len({d.name for d in DEFECTS}) == len(DEFECTS)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_places_come_from_the_seed(seed):
    assert not np.array_equal(
        made("clicks", seed=seed).samples, made("clicks", seed=seed + 10).samples
    )


# -- sound -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("plant_noise", [of_sound.add_white_noise, of_sound.add_pink_noise])
@pytest.mark.parametrize("snr_db", [35.0, 20.0, 5.0])
def test_noise_has_the_ratio_it_says(plant_noise, snr_db):
    clean = line().waveform
    noise = plant_noise(clean, snr_db, seeded()).samples.astype(np.float64) - clean.samples
    measured = 20 * np.log10(active_rms(clean) / np.sqrt(np.mean(noise**2)))
    assert measured == pytest.approx(snr_db, abs=0.01)


def test_white_noise_is_flat_and_pink_noise_falls_by_three_decibels_per_octave():
    still = Waveform.of(np.r_[vowel(150.0), np.zeros(8 * RATE)], RATE)

    def level_db(plant_noise, low, high):
        noise = plant_noise(still, 0.0, seeded()).samples[RATE:]
        power = np.abs(np.fft.rfft(noise)) ** 2
        hz = np.fft.rfftfreq(noise.size, 1 / RATE)
        return 10 * np.log10(power[(hz >= low) & (hz < high)].mean())

    for plant_noise, fall in ((of_sound.add_white_noise, 0.0), (of_sound.add_pink_noise, 9.0)):
        drop = level_db(plant_noise, 500, 700) - level_db(plant_noise, 4000, 5600)
        assert drop == pytest.approx(fall, abs=0.7)


def test_hum_is_a_mains_tone_with_harmonics_at_its_ratio():
    clean = line().waveform
    hum = of_sound.add_hum(clean, 20.0, seeded()).samples.astype(np.float64) - clean.samples
    assert 20 * np.log10(active_rms(clean) / np.sqrt(np.mean(hum**2))) == pytest.approx(20, abs=0.1)
    spectrum = np.abs(np.fft.rfft(hum * np.hanning(hum.size)))
    loudest = np.fft.rfftfreq(hum.size, 1 / RATE)[int(spectrum.argmax())]
    assert min(abs(loudest - mains) for mains in of_sound.MAINS_HZ) < 1.0


def test_clicks_have_their_height_and_lie_in_the_sound():
    clean = line().waveform
    moved = of_sound.add_clicks(clean, 0.5, seeded()).samples - clean.samples
    where = np.flatnonzero(moved)
    start, end = sound_bounds(clean)
    assert start < where[0] <= where[-1] <= end
    assert np.abs(moved).max() == pytest.approx(0.5 * np.abs(clean.samples).max(), rel=1e-4)
    assert where.size == 2 * round(of_sound.CLICKS_PER_S * (end - start) / RATE)


def test_clipping_cuts_at_the_share_of_the_peak():
    clean = line().waveform
    clipped = of_sound.clip(clean, 0.4, seeded())
    assert np.abs(clipped.samples).max() == pytest.approx(0.4 * np.abs(clean.samples).max())
    under = np.abs(clean.samples) < 0.39 * np.abs(clean.samples).max()
    assert np.array_equal(clipped.samples[under], clean.samples[under])


def test_offset_and_level_are_exact():
    clean = line().waveform
    offset = float(np.mean(of_sound.add_offset(clean, 0.02, seeded()).samples - clean.samples))
    assert abs(offset) == pytest.approx(0.02, rel=1e-3)
    ratio = active_rms(of_sound.change_level(clean, 12.0, seeded())) / active_rms(clean)
    assert abs(20 * np.log10(ratio)) == pytest.approx(12.0, abs=1e-3)


def test_a_narrow_band_has_nothing_above_half_its_rate():
    hiss = Waveform.of(seeded().standard_normal(RATE) * 0.1, RATE)
    for narrow in (of_sound.limit_band, of_sound.recode):
        spoilt = narrow(hiss, 6_000.0, seeded())
        power = np.abs(np.fft.rfft(spoilt.samples)) ** 2
        hz = np.fft.rfftfreq(spoilt.samples.size, 1 / RATE)
        assert power[hz > 3_300].sum() < 1e-3 * power.sum()
        assert spoilt.samples.size == hiss.samples.size


def test_lost_packets_are_zero_and_as_many_as_told():
    clean = line().waveform
    noisy = Waveform.of(clean.samples + 1e-3, RATE)  # so that every zero is a lost one
    spoilt = of_sound.lose_packets(noisy, 0.3, seeded())
    start, end = sound_bounds(noisy)
    packet = round(of_sound.PACKET_S * RATE)
    lost = np.count_nonzero(spoilt.samples == 0) / packet
    assert lost == pytest.approx(0.3 * (end - start) / packet, abs=1.0)


def test_a_starved_codec_leaves_few_bins():
    noisy = of_sound.add_white_noise(line().waveform, 10.0, seeded())
    spoilt = of_sound.starve_codec(noisy, 0.02, seeded())
    assert spoilt.samples.size == noisy.samples.size
    assert active_rms(spoilt) < active_rms(noisy)
    flat = np.exp(np.mean(np.log(np.abs(np.fft.rfft(spoilt.samples)) ** 2 + 1e-12)))
    was = np.exp(np.mean(np.log(np.abs(np.fft.rfft(noisy.samples)) ** 2 + 1e-12)))
    assert flat < 0.2 * was


# -- time ------------------------------------------------------------------------------------------


def test_cuts_take_exactly_as_much_as_told():
    clean = line().waveform
    start, end = sound_bounds(clean)
    cut = round(0.15 * RATE)
    head = timing.cut_start(clean, 0.15, seeded())
    assert np.array_equal(head.samples, clean.samples[start + cut :])
    tail = timing.cut_end(clean, 0.15, seeded())
    assert np.array_equal(tail.samples, clean.samples[: end - cut])
    silent = timing.drop_end(clean, 0.15, seeded())
    assert np.array_equal(silent.samples[: tail.samples.size], tail.samples)
    assert not silent.samples[tail.samples.size :].any()


def test_what_is_too_short_to_be_cut_is_left():
    bark = Waveform.of(vowel(200.0, 0.5), RATE)
    for cut in (timing.cut_start, timing.cut_end, timing.drop_end):
        assert cut(bark, 0.4, seeded()) is None


def test_a_hole_is_as_long_as_told_and_lies_inside():
    clean = line().waveform
    spoilt = timing.insert_silence(clean, 1.0, seeded())
    assert spoilt.samples.size == clean.samples.size + RATE
    silent = np.flatnonzero(np.convolve(spoilt.samples == 0, np.ones(RATE), "valid") == RATE)
    start, end = sound_bounds(clean)
    assert start + 0.2 * (end - start) < silent[0] < start + 0.8 * (end - start)


@given(factor=st.floats(0.5, 2.0))
@settings(max_examples=10, deadline=None)
def test_a_stretched_sound_has_its_length_and_keeps_its_pitch(factor):
    tone = Waveform.of(vowel(150.0, 0.8), RATE)
    spoilt = timing.stretch(tone, factor)
    assert spoilt.samples.size == round(tone.samples.size * factor)
    assert np.median(pitches(spoilt)) == pytest.approx(150.0, rel=0.02)
    assert active_rms(spoilt) == pytest.approx(active_rms(tone), rel=0.15)


def test_pitch_moves_by_the_semitones_and_the_length_stays():
    tone = Waveform.of(vowel(150.0, 0.8), RATE)
    spoilt = timing.change_pitch(tone, 4.0, seeded())
    moved = 12 * np.log2(np.median(pitches(spoilt)) / 150.0)
    assert abs(moved) == pytest.approx(4.0, abs=0.3)
    assert spoilt.duration_s == pytest.approx(0.8, abs=0.01)


def test_a_wrong_sampling_rate_moves_pitch_and_length_together():
    tone = Waveform.of(vowel(150.0, 0.8), RATE)
    spoilt = timing.change_sample_rate(tone, 1.25, seeded())
    factor = 0.8 / spoilt.duration_s
    assert max(factor, 1 / factor) == pytest.approx(1.25, rel=0.01)
    assert np.median(pitches(spoilt)) == pytest.approx(150.0 * factor, rel=0.02)


# -- words -----------------------------------------------------------------------------------------


def test_a_dropped_word_is_gone_and_the_others_stay():
    clean = line()
    spoilt = word.drop_word(clean, 0.0, seeded())  # the shortest: the second
    lost = clean.waveform.duration_s - spoilt.duration_s
    assert lost == pytest.approx(WORD_S - 0.1 + word.JOIN_S, abs=0.001)
    heard = pitches(spoilt)
    assert not np.any(np.abs(heard - 140.0) < 5)
    for hz in (110.0, 180.0, 230.0):
        assert np.count_nonzero(np.abs(heard - hz) < 5) > 15


def test_half_the_words_are_neighbours():
    spoilt = word.drop_word(line(), 0.5, seeded())
    assert spoilt.duration_s == pytest.approx(line().waveform.duration_s / 2, abs=0.15)


@pytest.mark.parametrize(("times", "more"), [(0.5, 1), (1.0, 1), (3.0, 3)])
def test_a_repeated_word_is_said_as_often_as_told(times, more):
    clean = line()
    spoilt = word.repeat_word(clean, times, seeded())
    length = WORD_S - 0.1 if times < 1 else WORD_S
    added = spoilt.duration_s - clean.waveform.duration_s
    assert added == pytest.approx(more * length, abs=2 * (more + 1) * word.JOIN_S)


def test_a_wrong_word_comes_from_the_donor_and_the_rest_stays():
    donor = line((300.0, 330.0, 360.0))
    spoilt = word.replace_word(line(), 0.0, seeded(), donor)
    heard = pitches(spoilt)
    assert not np.any(np.abs(heard - 140.0) < 5)
    assert any(np.count_nonzero(np.abs(heard - hz) < 8) > 10 for hz in (300.0, 330.0, 360.0))
    assert np.count_nonzero(np.abs(heard - 110.0) < 5) > 15


def test_another_speaker_has_the_last_third_at_the_same_level():
    donor = line((300.0, 330.0, 360.0))
    louder = Sound(Waveform.of(4 * donor.waveform.samples, RATE), donor.words)
    spoilt = word.replace_sound(line(), 1 / 3, seeded(), louder)
    half = spoilt.samples.size // 2
    assert np.quantile(pitches(Waveform(spoilt.samples[:half], RATE)), 0.95) < 150
    end = Waveform(spoilt.samples[-RATE // 4 :].copy(), RATE)
    assert np.median(pitches(end)) > 280
    assert active_rms(end) == pytest.approx(active_rms(line().waveform), rel=0.3)


@pytest.mark.parametrize("kind", ["dropped_word", "repeated_word", "wrong_word"])
def test_without_words_no_word_can_be_spoilt(kind):
    nothing = Sound(line().waveform)
    for defect in defects_of(kind).values():
        assert plant(nothing, defect, seeded(), line()) is None


@pytest.mark.parametrize("kind", ["wrong_word", "wrong_speaker", "wrong_language"])
def test_without_a_donor_nothing_is_planted(kind):
    for defect in defects_of(kind).values():
        assert defect.donor is not Donor.NONE
        assert plant(line(), defect, seeded()) is None


# -- vocoder ---------------------------------------------------------------------------------------


def test_a_robot_speaks_on_one_pitch_and_as_long():
    clean = line().waveform
    robot = make_robotic(clean, 1.0, seeded())
    assert robot.samples.size == clean.samples.size
    assert np.ptp(np.quantile(pitches(robot), (0.1, 0.9))) < 10
    assert np.ptp(np.quantile(pitches(clean), (0.1, 0.9))) > 90
    assert 20 * np.log10(active_rms(robot) / active_rms(clean)) == pytest.approx(0, abs=3)


def test_a_plain_vocoder_keeps_the_melody():
    clean = line().waveform
    buzz = make_robotic(clean, 0.0, seeded())
    assert np.median(pitches(buzz)) == pytest.approx(np.median(pitches(clean)), rel=0.05)


# -- hardly any sound ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0, 0.1])
@pytest.mark.parametrize("is_silent", [True, False])
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_hardly_any_sound_breaks_nothing(defect, seconds, is_silent):
    samples = vowel(150.0, seconds) * (0.0 if is_silent else 1.0)
    words = (Span(0.0, seconds),) if seconds else ()
    spoilt = plant(Sound(Waveform.of(samples, RATE), words), defect, seeded(), line())
    if spoilt is not None:
        assert np.isfinite(spoilt.samples).all()


def test_defects_of_the_encoder_are_marked_as_such():
    late = {d.kind for d in DEFECTS if d.stage is Stage.DELIVERY}
    assert late >= {"offset", "delivered_level", "lost_packets", "starved_codec"}
