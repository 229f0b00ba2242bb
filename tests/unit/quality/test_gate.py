"""Every check against a planted defect, against clean speech, and against hardly any sound."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.codec import decode, encode
from renderer.audio.mastering import master
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Delivery, Direction, Prosody, WordEdit
from renderer.domain.project import MasteringTarget
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.verdict import Decision, Outcome, Verdict
from renderer.errors import JudgeError
from renderer.quality import gate
from renderer.quality.gate import (
    GateInput,
    GateLimits,
    decide,
    measure,
    needs_learned,
    read_limits,
    read_metrics,
)
from renderer.quality.learned_checks import BELOW
from renderer.quality.metrics import Unsure

RATE = 22_050
KNOWN = {"engine": "piper", "locale": "en-US", "voice": "test", "delivery": "normal"}
TARGET = MasteringTarget()
LIMITS = read_limits(Path(__file__).resolve().parents[3] / "assets" / "gate_limits.yaml")
PLAIN = {"line_pitch_off_st": 0.2, "line_range_ratio": 1.0, "line_rate_ratio": 1.0}
PLAIN |= {"line_timbre_db": 0.5, "slip_nats": 0.0, "line_text_nats": 0.0, "line_lack_s": 0.01}
PLAIN |= dict.fromkeys(BELOW, 0.1) | {"line_click_db": 0.5, "line_drawn_s": 0.01}
GOOD = {"dnsmos_ovrl": 3.3, "dnsmos_sig": 3.6, "dnsmos_bak": 4.0, "dnsmos_p808": 3.8}


def speech(words: int = 6, seed: int = 0) -> np.ndarray:
    """Syllables of buzz and hiss, 0.32 s per word, that swell and die away as speech does.

    Each has a vowel of its own.
    """
    rng = np.random.default_rng(seed)
    made = [np.zeros(RATE // 10)]
    for index in range(words):
        time = np.arange(round(0.26 * RATE)) / RATE
        f0 = 120 * (1 + 0.05 * np.sin(2 * np.pi * (1 + index) * time))
        phase = 2 * np.pi * np.cumsum(f0) / RATE
        colour = np.random.default_rng([seed, index]).uniform(0.4, 1.6, 25)  # no word is another
        vowel = sum(np.sin(k * phase + k) * colour[k] / k for k in range(1, 25))
        swell = np.sin(np.pi * np.arange(time.size) / time.size) ** 1.5
        hiss = rng.standard_normal(round(0.06 * RATE)) * 0.05
        made += [hiss * np.hanning(hiss.size), 0.12 * vowel * swell]
    made.append(np.zeros(RATE // 10))
    return np.concatenate(made) + rng.standard_normal(sum(map(len, made))) * 1e-5


def transcript(words: int = 6, marks: str = "") -> Transcript:
    spoken = tuple(SpokenWord(f"w{i}", f"tɛst{chr(97 + i)}", i, marks) for i in range(words))
    return Transcript("en-US", tuple(w.text for w in spoken), spoken)


def take(samples: np.ndarray, words: int = 6, **more: object) -> GateInput:
    raw = Waveform.of(samples, RATE)
    made = master(raw, TARGET, 0.0)
    delivered = decode(encode(made.waveform, "ogg"))
    known: dict[str, object] = {"voice": "test", "engine": "piper"}
    learned: object = {**PLAIN, **more.pop("learned", GOOD)}  # type: ignore[dict-item]
    return GateInput(
        delivered=delivered,
        master=made.waveform,
        raw=raw,
        transcript=transcript(words),
        limited_db=made.limited_db,
        **{**known, **more, "learned": learned},  # type: ignore[arg-type]
    )


def judge(given_: GateInput, limits: GateLimits) -> Verdict:
    """Judge, and hold that what is stored of it gives the same verdict, word for word."""
    verdict = gate.judge(given_, limits)
    stored = read_metrics(json.loads(json.dumps(measure(given_).plain(), allow_nan=False)))
    assert stored is not None
    assert repr(decide(stored, limits)) == repr(verdict)
    return verdict


def failed(verdict: Verdict) -> set[str]:
    return {f.check for f in verdict.findings if f.outcome is Outcome.FAIL}


def finding(verdict: Verdict, check: str):
    return next(f for f in verdict.findings if f.check == check)


def test_a_clean_take_is_approved_and_every_check_has_spoken():
    verdict = judge(take(speech()), LIMITS)
    assert verdict.decision is Decision.APPROVED, verdict.failed
    assert {f.check for f in verdict.findings} >= {
        *("non_finite", "silence", "clipping", "dc", "true_peak", "delivered_peak", "limiting"),
        *("duration", "codec_length", "codec_level", "pace", "gap", "cut_head", "cut_tail"),
        *("abrupt_end", "click", "dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak", "dnsmos_p808"),
    }


# -- planted defects ------------------------------------------------------------------------------


def test_a_sample_that_is_no_number_rejects_at_once():
    broken = speech()
    broken[5_000] = np.nan
    verdict = judge(take(broken), LIMITS)
    assert verdict.decision is Decision.REJECTED
    assert finding(verdict, "non_finite").value == 1


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_rejected_without_asking_a_model(level):
    samples = np.random.default_rng(0).standard_normal(RATE) * level
    verdict = judge(take(samples, learned={"dnsmos_ovrl": JudgeError("silent")}), LIMITS)
    assert verdict.decision is Decision.REJECTED
    assert failed(verdict) == {"silence"}
    assert math.isfinite(finding(verdict, "silence").value)


@pytest.mark.parametrize("least", [None, -119.0])
@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_rejected_whatever_the_limit(level, least):
    samples = np.random.default_rng(0).standard_normal(RATE) * level
    limits = gate.merge(LIMITS, GateLimits({"least_peak_dbfs": least}))
    verdict = judge(take(samples), limits)
    assert verdict.decision is Decision.REJECTED
    assert [f.check for f in verdict.findings if f.check == "silence"] == ["silence"]
    assert finding(verdict, "silence").outcome is Outcome.FAIL
    assert "`barkline preview`" in finding(verdict, "silence").hint


def test_a_defect_of_the_raw_take_is_placed_in_the_delivered_file():
    spoken = speech()
    spoken[RATE // 2] += 0.9 * np.abs(spoken).max() * (-1 if spoken[RATE // 2] > 0 else 1)
    given_ = take(spoken)
    here = measure(given_).places["click_db"]
    assert here == pytest.approx(0.5, abs=0.02)
    later = measure(replace(given_, shift_s=0.3)).places
    assert later["click_db"] == pytest.approx(here + 0.3)
    assert later["repeat_ratio"] == pytest.approx(measure(given_).places["repeat_ratio"] + 0.3)
    assert later["gap_s"] == measure(given_).places["gap_s"]
    assert measure(replace(given_, shift_s=-9.0)).places["click_db"] == 0.0


@pytest.mark.parametrize("turned_down", [1.0, 0.25])
def test_clipping_is_found_at_any_level(turned_down):
    clean = speech()
    peak = np.abs(clean).max()
    clipped = np.clip(clean, -0.6 * peak, 0.6 * peak) * turned_down
    verdict = judge(take(clipped), LIMITS)
    assert "clipping" in failed(verdict)
    assert 0 < finding(verdict, "clipping").start_s < 3


def test_one_sided_clipping_is_found():
    clean = speech()
    assert "clipping" in failed(judge(take(np.minimum(clean, 0.7 * clean.max())), LIMITS))


def test_an_offset_of_the_delivery_is_found():
    clean = take(speech())
    off = Waveform.of(clean.delivered.samples + 0.02, 48_000)
    assert "dc" in failed(judge(replace(clean, delivered=off), LIMITS))


def test_peaks_over_the_ceiling_are_found_on_both_sides_of_the_encoder():
    clean = take(speech())
    factor = 1.12 / np.abs(clean.master.samples).max()
    hot = Waveform.of(clean.master.samples * factor, 48_000)
    assert "true_peak" in failed(judge(replace(clean, master=hot), LIMITS))
    assert "delivered_peak" in failed(judge(replace(clean, delivered=hot), LIMITS))


def test_a_take_pressed_by_the_limiter_is_found():
    assert "limiting" in failed(judge(replace(take(speech()), limited_db=15.0), LIMITS))


@pytest.mark.parametrize("off_db", [-15, 15])
def test_a_line_far_from_its_level_is_found_and_says_which_way(off_db):
    clean = take(speech())
    here = finding(judge(replace(clean, expected_lufs=-23.0), LIMITS), "level")
    loudness = -23.0 + here.value * (1 if "louder" in here.message else -1)
    verdict = judge(replace(clean, expected_lufs=loudness - off_db), LIMITS)
    assert "level" in failed(verdict)
    assert ("louder" if off_db > 0 else "softer") in finding(verdict, "level").message


def test_an_encoder_that_loses_sound_is_found():
    clean = take(speech())
    cut = Waveform.of(clean.delivered.samples[:-4_800], 48_000)
    assert "codec_length" in failed(judge(replace(clean, delivered=cut), LIMITS))
    soft = Waveform.of(clean.delivered.samples * 0.8, 48_000)
    assert "codec_level" in failed(judge(replace(clean, delivered=soft), LIMITS))


def test_missing_words_and_a_stuck_voice_are_found_by_pace():
    assert "pace" in failed(judge(take(speech(words=2), words=14), LIMITS))
    assert "pace" in failed(judge(take(speech(words=12), words=3), LIMITS))


@pytest.mark.parametrize(
    ("check", "metric", "least", "most", "low", "high"),
    [
        ("pace", "speaking_s", "least_s_per_phoneme", "most_s_per_phoneme", 0.9, 9.0),
        ("duration", "duration_s", "least_duration_s", "most_duration_s", 0.04, 200.0),
    ],
)
def test_each_side_of_a_check_is_held_by_itself(check, metric, least, most, low, high):
    good = measure(take(speech()))
    kept = GateLimits({least: LIMITS.defaults[least]}), GateLimits({most: LIMITS.defaults[most]})
    for limits, wrong, other in zip(kept, (low, high), (high, low), strict=True):
        assert failed(decide(replace(good, **{metric: wrong}), limits)) == {check}
        assert not failed(decide(replace(good, **{metric: other}), limits))
        passed = finding(decide(good, limits), check)
        assert passed.outcome is Outcome.PASS, "what is held is shown"
        assert passed.limit in (LIMITS.defaults[least], LIMITS.defaults[most])
        assert not passed.message.startswith("Spoken too fast")
    neither = decide(replace(good, **{metric: low}), GateLimits({}))
    assert check not in {f.check for f in neither.findings}


def test_a_line_that_is_too_loud_is_found_with_the_limit_of_soft_lines_off():
    over = {"most_level_over_lu": LIMITS.defaults["most_level_over_lu"], "most_level_off_lu": None}
    clean = take(speech())
    loudness = measure(clean).loudness_lufs
    assert loudness is not None
    for limits in (GateLimits(over), GateLimits({"most_level_off_lu": 5.5})):
        louder = judge(replace(clean, expected_lufs=loudness - 14.0), limits)
        assert failed(louder) == {"level"}
        assert finding(louder, "level").limit == 5.5
    softer = judge(replace(clean, expected_lufs=loudness + 14.0), GateLimits(over))
    assert "level" not in {f.check for f in softer.findings}, "that side is off"


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_pace_knows_what_rate_was_asked(rate):
    words = round(6 * rate)
    verdict = judge(take(speech(words=6), words=words, rate=rate), LIMITS)
    assert "pace" not in failed(verdict)


def hole(seconds: float) -> np.ndarray:
    clean = speech()
    middle = RATE // 10 + round(3 * 0.32 * RATE)
    silence = np.random.default_rng(1).standard_normal(round(seconds * RATE)) * 1e-5
    return np.concatenate([clean[:middle], silence, clean[middle:]])


def test_a_hole_in_the_line_is_found_where_it_is():
    verdict = judge(take(hole(1.0)), LIMITS)
    assert failed(verdict) == {"gap"}
    assert finding(verdict, "gap").start_s == pytest.approx(0.05 + 3 * 0.32, abs=0.1)


def test_a_pause_that_was_asked_for_is_no_hole():
    asked = Direction(words=(WordEdit("w2", prosody=Prosody(pause_after_s=1.0)),))
    assert not failed(judge(take(hole(1.0), direction=asked), LIMITS))


def test_punctuation_may_pause():
    punctuated = replace(take(hole(0.8)), transcript=transcript(marks=","))
    assert not failed(judge(punctuated, LIMITS))


@pytest.mark.parametrize("engine", ["piper", "formant"])
def test_a_take_that_stops_inside_a_vowel_is_found(engine):
    clean = speech()
    stop = RATE // 10 + round((5 * 0.32 + 0.19) * RATE)
    verdict = judge(take(clean[:stop], engine=engine), LIMITS)
    assert "cut_tail" in failed(verdict)


def test_a_take_that_drops_into_silence_inside_a_vowel_is_found():
    clean = speech()
    clean[RATE // 10 + round((5 * 0.32 + 0.19) * RATE) :] = 0
    assert "abrupt_end" in failed(judge(take(clean), LIMITS))


def test_a_take_that_begins_inside_a_vowel_is_found():
    clean = speech()
    verdict = judge(take(clean[RATE // 10 + round(0.18 * RATE) :]), LIMITS)
    assert "cut_head" in failed(verdict)


@pytest.mark.parametrize("at_s", [0.05, 0.1 + 0.32 * 2 + 0.19])
def test_a_click_is_found_where_it_is(at_s):
    clean = speech()
    clean[round(at_s * RATE)] += 0.4
    verdict = judge(take(clean), LIMITS)
    assert "click" in failed(verdict)
    assert finding(verdict, "click").start_s == pytest.approx(at_s, abs=0.005)


@pytest.mark.parametrize("hole_s", [0.002, 0.005, 0.02])
@pytest.mark.parametrize("at_s", [0.12, 0.15, 0.21])
def test_a_hole_is_found_however_short(hole_s, at_s):
    clean = speech()
    at, count = round(at_s * RATE), round(hole_s * RATE)
    clean[at : at + count] = 0.0
    verdict = judge(take(clean), LIMITS)
    assert "torn" in failed(verdict)
    assert finding(verdict, "torn").start_s == pytest.approx(at_s + hole_s / 2, abs=hole_s)


def test_sound_that_dies_away_into_digital_silence_is_not_torn():
    clean = speech()
    at = round(0.2 * RATE)
    fade = round(0.02 * RATE)
    clean[at : at + fade] *= np.linspace(1, 0, fade)
    clean[at + fade : at + 3 * fade] = 0.0
    clean[at + 3 * fade : at + 4 * fade] *= np.linspace(0, 1, fade)
    assert "torn" not in failed(judge(take(clean), LIMITS))


def test_a_clipped_crest_is_no_digital_silence():
    clean = np.clip(speech() * 40, -0.9, 0.9)
    assert "torn" not in failed(judge(take(clean), LIMITS))


def test_a_plosive_is_no_click():
    clean = speech()
    burst = np.random.default_rng(2).standard_normal(round(0.02 * RATE)) * 0.25
    at = RATE // 10 + round(0.32 * 2 * RATE)
    clean[at : at + burst.size] += burst * np.exp(-np.arange(burst.size) / (0.006 * RATE))
    assert "click" not in failed(judge(take(clean), LIMITS))


@pytest.mark.parametrize("seconds", [0.03, 200.0])
def test_impossible_lengths_are_found(seconds):
    clean = take(speech())
    other = Waveform.of(np.resize(clean.delivered.samples[9_000:], round(seconds * 48_000)), 48_000)
    assert "duration" in failed(judge(replace(clean, delivered=other, master=other), LIMITS))


@pytest.mark.parametrize("metric", sorted(GOOD))
def test_a_poor_learned_score_rejects_and_names_value_and_limit(metric):
    verdict = judge(take(speech(), learned={**GOOD, metric: 1.1}), LIMITS)
    assert failed(verdict) == {metric}
    found = finding(verdict, metric)
    assert (found.value, found.relation, found.unit) == (1.1, ">=", "MOS")
    assert found.limit >= 1.6
    assert found.hint


# -- errors and lines for which a check is not valid -----------------------------------------------


def test_what_the_text_says_twice_is_no_repeat():
    """A deterministic voice says "cents for the" twice in "Five cents for the broth, two …"."""
    said = ("cents", "for", "broth", "cents", "for", "it")
    twice = tuple(SpokenWord(word, word, i) for i, word in enumerate(said))
    given_ = take(speech())
    asked = replace(given_, transcript=Transcript("en-US", (), twice))
    assert isinstance(measure(given_).repeat_ratio, float)
    assert measure(asked).repeat_ratio is None
    assert finding(judge(asked, LIMITS), "repeat").outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("score", [JudgeError("the model is missing"), None, float("nan")], ids=str)
def test_a_metric_without_a_score_never_passes(score):
    learned = {k: v for k, v in {**GOOD, "dnsmos_bak": score}.items() if v is not None}
    verdict = judge(take(speech(), learned=learned), LIMITS)
    assert verdict.decision is not Decision.APPROVED
    assert finding(verdict, "dnsmos_bak").outcome in (Outcome.ERROR, Outcome.FAIL)


def test_exact_metrics_do_not_ask_for_a_score_that_once_failed():
    learned = {**GOOD, "dnsmos_bak": JudgeError("the model is missing")}
    stored = measure(take(speech(), learned=learned))
    assert decide(stored, LIMITS).decision is Decision.ERROR
    exact = decide(stored, replace(LIMITS, metrics="exact"))
    assert exact.decision is Decision.APPROVED, exact.failed
    assert not any(f.check.startswith("dnsmos") for f in exact.findings)


def test_a_check_that_breaks_is_an_error(monkeypatch):
    def check_dc(measured, limits):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(gate, "SIGNAL_CHECKS", (check_dc,))
    verdict = judge(take(speech()), LIMITS)
    assert verdict.decision is Decision.ERROR
    assert "ZeroDivisionError" in finding(verdict, "dc").message


def test_barks_are_judged_by_learned_metrics_too():
    bark = take(speech(words=1), words=1)
    verdict = judge(bark, LIMITS)
    assert verdict.decision is Decision.APPROVED, verdict.failed
    assert finding(verdict, "dnsmos_ovrl").outcome is Outcome.PASS
    assert needs_learned(measure(bark))
    noisy = judge(take(speech(words=1), words=1, learned={**GOOD, "dnsmos_bak": 1.1}), LIMITS)
    assert failed(noisy) == {"dnsmos_bak"}
    broken = judge(take(speech(words=1), words=1, learned={}), LIMITS)
    assert finding(broken, "dnsmos_bak").outcome is Outcome.ERROR


@pytest.mark.parametrize("learned", [{}, GOOD, {"dnsmos_ovrl": JudgeError("too short")}])
def test_hardly_any_sound_is_not_judged_by_learned_metrics(learned):
    blip = np.zeros(RATE // 2)
    blip[5_000:7_000] = np.sin(np.arange(2_000) * 0.05) * np.hanning(2_000) * 0.2
    short = take(blip, words=1, learned=learned)
    verdict = judge(short, LIMITS)
    assert finding(verdict, "dnsmos_ovrl").outcome is Outcome.INCONCLUSIVE
    assert not needs_learned(measure(short))


def test_a_take_far_below_its_own_voice_is_rejected():
    for name in BELOW:
        if getattr(LIMITS.limits_for(**KNOWN, is_short=False), f"most_{name}") is None:
            continue
        worse = judge(take(speech(), learned={**GOOD, name: 1.9}), LIMITS)
        assert failed(worse) == {name}
        unsure = judge(take(speech(), learned={**GOOD, name: Unsure("a whisper")}), LIMITS)
        assert unsure.decision is Decision.APPROVED
        assert finding(unsure, name).outcome is Outcome.INCONCLUSIVE


def test_learned_metrics_are_not_worth_their_time_on_silence():
    assert not needs_learned(measure(take(np.zeros(RATE * 2))))
    assert not needs_learned(measure(take(np.full(RATE * 2, np.nan))))


def test_a_broken_bark_is_still_rejected():
    clipped = np.clip(speech(words=1), -0.05, 0.05)
    assert "clipping" in failed(judge(take(clipped, words=1), LIMITS))


def test_a_whisper_has_its_own_limits():
    hushed = {**GOOD, "dnsmos_ovrl": 1.5, "dnsmos_sig": 1.5}
    whisper = Direction(delivery=Delivery.WHISPER)
    assert not failed(judge(take(speech(), learned=hushed, direction=whisper), LIMITS))
    assert failed(judge(take(speech(), learned=hushed), LIMITS))


def test_formant_voices_are_held_against_their_own_baseline():
    robot = {"dnsmos_ovrl": 1.5, "dnsmos_sig": 1.6, "dnsmos_bak": 2.2, "dnsmos_p808": 2.15}
    assert not failed(judge(take(speech(), learned=robot, engine="formant"), LIMITS))
    assert failed(judge(take(speech(), learned=robot), LIMITS))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 6_000),
    level=st.sampled_from([0.0, 1e-4, 0.01, 0.5, 3.0, float("nan"), float("inf")]),
    words=st.integers(0, 3),
    engine=st.sampled_from(["formant", "piper", "recording", ""]),
)
def test_hardly_any_sound_never_raises_and_is_never_an_internal_error(count, level, words, engine):
    with np.errstate(all="ignore"):
        samples = np.random.default_rng(count).uniform(-1, 1, count) * level
    verdict = judge(take(samples, words=words, engine=engine, expected_lufs=-23.0), LIMITS)
    assert not [f for f in verdict.findings if "The check broke" in f.message]
    assert all(f.value is None or not math.isnan(f.value) for f in verdict.findings)
    if not level > 1e-3 or math.isinf(level):
        assert verdict.decision is Decision.REJECTED


# -- clean speech ----------------------------------------------------------------------------------


def false_alarms(paths: list[Path], engine: str, words: int) -> dict[str, set[str]]:
    alarms = {}
    for path in paths:
        waveform = decode(path.read_bytes())
        made = master(waveform, TARGET, 0.0)
        given_ = GateInput(
            delivered=decode(encode(made.waveform, "ogg")),
            master=made.waveform,
            raw=waveform,
            transcript=transcript(words, ","),
            engine=engine,
            learned=GOOD,
            limited_db=made.limited_db,
        )
        alarm = failed(judge(given_, LIMITS)) - {"pace"}
        if alarm:
            alarms[path.name] = alarm
    return alarms


@pytest.mark.reference
def test_clean_recordings_raise_no_alarm(reference_data):
    lj = sorted((reference_data / "speech" / "ljspeech").glob("*.flac"))
    assert false_alarms(lj, "recording", 15) == {}
    assert false_alarms(lj, "piper", 15) == {}
    acted = sorted((reference_data / "emotion" / "ravdess").rglob("03-01-0[1-5]-01-01-01-*.*"))
    assert len(acted) >= 12
    alarms = false_alarms(acted[:24], "recording", 6)
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize("variant", ["", "+m3", "+f2", "+croak"])
def test_clean_formant_speech_raises_no_alarm(variant):
    from renderer.speech.espeak import engine

    lines = {
        "en-us": "Put the kettle back, Pete; that attic is packed with clocks.",
        "de": "Wer hat dir gesagt, dass du hierher kommen darfst?",
        "fr": "Je t'avais dit de ne jamais revenir ici.",
    }
    for language, text in lines.items():
        spoken = engine().say(language + variant, text, 175)
        samples = spoken.samples.astype(np.float32) / 32_768
        words = len(text.split())
        verdict = judge(take(samples, words=words, engine="formant"), LIMITS)
        assert not failed(verdict), (language, variant, verdict.failed)


def late(given_: GateInput, spoil) -> GateInput:
    """The same take with an encoder that does something else as well."""
    samples = given_.delivered.samples.copy()
    return replace(given_, delivered=Waveform.of(spoil(samples), given_.delivered.sample_rate))


@pytest.mark.parametrize("words", [1, 6])
def test_a_packet_the_encoder_lost_is_found_and_placed(words):
    def lose(samples):
        samples[12_000:12_960] = 0
        return samples

    given_ = take(speech(words), words)
    metrics = measure(late(given_, lose))
    assert metrics.codec_lost_s == pytest.approx(0.02, abs=0.006)
    assert metrics.places["codec_lost_s"] == pytest.approx(0.25, abs=0.01)
    assert "codec_lost" in failed(decide(metrics, LIMITS))


@pytest.mark.parametrize("words", [1, 6])
def test_an_encoder_that_garbles_is_found(words):
    def garble(samples):
        spectrum = np.fft.rfft(samples)
        spectrum[np.abs(spectrum) < np.quantile(np.abs(spectrum), 0.99)] = 0
        return np.fft.irfft(spectrum, samples.size)

    given_ = take(speech(words), words)
    assert not {"codec_distance", "codec_band"} & failed(judge(given_, LIMITS))
    assert "codec_distance" in failed(judge(late(given_, garble), LIMITS))


@pytest.mark.parametrize(("engine", "hole_s"), [("piper", 0.5), ("recording", 1.0)])
def test_digital_silence_inside_a_take_is_a_dropout(engine, hole_s):
    sound = speech()
    middle = sound.size // 2
    torn = np.concatenate((sound[:middle], np.zeros(round(hole_s * RATE)), sound[middle:]))
    metrics = measure(take(torn, engine=engine))
    assert metrics.dead_s == pytest.approx(hole_s, abs=0.021)
    assert "dropout" in failed(decide(metrics, LIMITS))
    assert "dropout" not in failed(judge(take(sound, engine=engine), LIMITS))
    asked = Direction(words=(WordEdit("w2", prosody=Prosody(pause_after_s=hole_s)),))
    assert "dropout" not in failed(judge(take(torn, engine=engine, direction=asked), LIMITS))


@pytest.mark.parametrize(("words", "off_db"), [(6, 7.0), (1, 7.0), (1, -12.0)])
def test_a_line_may_be_less_too_loud_than_too_soft(words, off_db):
    clean = take(speech(words), words)
    loudness = measure(clean).loudness_lufs
    assert loudness is not None
    wrong = replace(clean, expected_lufs=loudness - off_db)
    assert "level" in failed(judge(wrong, LIMITS))
    softer = replace(clean, expected_lufs=loudness + 7.0)
    assert "level" not in failed(judge(softer, LIMITS))
