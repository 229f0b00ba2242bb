"""PESQ and STOI: published extremes, order, and everything they must refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from renderer.audio.codec import decode, encode
from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.judges.reference import PesqStoiJudge
from renderer.ports import Comparison
from tests.unit.audio.known_sound import noise, shaped, syllables

pytest.importorskip("pesq")
pytest.importorskip("pystoi")

JUDGE = PesqStoiJudge()


def speech(rate: int = 16_000, seconds: float = 3.0, seed: int = 0) -> Waveform:
    """Syllables of coloured noise of random lengths: enough for both to find utterances."""
    rng = np.random.default_rng(seed)
    size = round(seconds * rate)
    made = shaped(size, rate, lambda hz: (hz > 100) / np.maximum(hz, 200), seed)
    swell = np.repeat(rng.uniform(0.05, 1.0, size // (rate // 8) + 1), rate // 8)[:size]
    quiet, _ = syllables(made * swell, rate, on_s=0.7, off_s=0.2)
    return Waveform.of(quiet + noise(size, 1e-4, seed), rate)


def with_noise(sound: Waveform, snr: float) -> Waveform:
    rms = float(np.sqrt(np.mean(np.square(sound.samples))))
    added = noise(sound.samples.size, rms * 10 ** (-snr / 20), seed=5)
    return Waveform.of(sound.samples + added, sound.sample_rate)


def test_identical_sounds_have_the_highest_scores_of_the_standards():
    # P.862.2, eq. 1 and P.862.1, eq. 1, at the raw score of 4.5.
    wide = 0.999 + 4 / (1 + math.exp(-1.3669 * 4.5 + 3.8224))
    narrow = 0.999 + 4 / (1 + math.exp(-1.4945 * 4.5 + 4.6607))
    same = JUDGE.compare(Comparison.RUNTIME, speech(), speech())
    assert same == {"pesq_wb": pytest.approx(wide, abs=1e-3), "stoi": pytest.approx(1.0, abs=1e-6)}
    phone = JUDGE.compare(Comparison.RUNTIME, speech(8_000), speech(8_000))
    assert phone["pesq_nb"] == pytest.approx(narrow, abs=1e-3)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_more_noise_never_scores_better(rate):
    clean = speech(rate)
    scores = [
        JUDGE.compare(Comparison.CODEC, clean, with_noise(clean, snr)) for snr in (40, 25, 15, 5)
    ]
    for name in ("pesq_wb", "stoi"):
        values = [score[name] for score in scores]
        assert values == sorted(values, reverse=True), name
        assert values[0] > values[-1]


def test_a_delay_is_taken_out_and_too_long_a_one_refused():
    clean = speech()
    late = Waveform.of(np.pad(clean.samples, (800, 0))[: clean.samples.size], 16_000)
    assert JUDGE.compare(Comparison.CODEC, clean, late)["stoi"] > 0.999
    with pytest.raises(JudgeError, match="50 ms beside"):
        JUDGE.compare(Comparison.RUNTIME, clean, late)


@pytest.mark.parametrize("purpose", list(Comparison))
def test_another_reading_is_refused(purpose):
    with pytest.raises(JudgeError, match=r"not its reference|beside its reference"):
        JUDGE.compare(purpose, speech(seed=1), speech(seed=2))


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (Waveform.of(np.zeros(48_000), 16_000), "silent"),
        (Waveform.of(np.zeros(0), 16_000), r"0\.25 to 30 s"),
        (Waveform.of(speech().samples[:3_000], 16_000), r"0\.25 to 30 s"),
        (Waveform.of(np.tile(speech().samples, 11), 16_000), r"0\.25 to 30 s"),
        (resample(speech(), 22_050), "one rate"),
        (Waveform.of(speech().samples[:40_000], 16_000), "in length"),
        (Waveform.of(np.where(np.arange(48_000) == 9, np.nan, 0.1), 16_000), "no number"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(sound, why):
    with pytest.raises(JudgeError, match=why):
        JUDGE.compare(Comparison.CODEC, speech(), sound)


def test_rates_below_a_telephone_and_unknown_purposes_are_refused():
    low = resample(speech(), 6_000)
    with pytest.raises(JudgeError, match="8000 Hz or more"):
        JUDGE.compare(Comparison.CODEC, low, low)
    with pytest.raises(JudgeError, match="say what is compared"):
        JUDGE.compare("quality", speech(), speech())


def test_too_little_speech_for_stoi_is_no_score():
    bark = Waveform.of(speech().samples[:4_800], 16_000)
    with pytest.raises(JudgeError, match="STOI needs"):
        JUDGE.compare(Comparison.RUNTIME, bark, bark)


@pytest.mark.reference
def test_more_bits_are_nearer_to_a_real_master(reference_data):
    clip = reference_data / "speech/ljspeech/LJ001-0002.flac"
    master = resample(decode(clip.read_bytes()), 48_000)
    scores = [
        JUDGE.compare(Comparison.CODEC, master, decode(encode(master, "ogg", quality)))["pesq_wb"]
        for quality in (0.0, 0.5, 1.0)
    ]
    assert scores == sorted(scores)
    assert scores[-1] > 4.2


@pytest.mark.reference
def test_an_actor_who_says_a_sentence_twice_is_no_copy_synthesis(reference_data):
    names = [f"03-01-01-01-01-0{n}-01" for n in (1, 2)]
    found = [next((reference_data / "emotion/ravdess").rglob(f"{name}.*")) for name in names]
    sounds = [decode(path.read_bytes()) for path in found]
    size = min(s.samples.size for s in sounds)
    first, second = (Waveform.of(s.samples[:size], s.sample_rate) for s in sounds)
    with pytest.raises(JudgeError, match=r"not its reference|beside its reference"):
        JUDGE.compare(Comparison.COPY_SYNTHESIS, first, second)
