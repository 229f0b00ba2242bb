"""Each check fails on the defect it is for, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.domain.verdict import Outcome
from renderer.errors import JudgeError, TrainingError
from renderer.ports.judge import HeardWord, WordAlignment
from renderer.training.corpus import Clip, Corpus, Speaker
from renderer.training.qc import Candidate, faults_of, judge_clips, require_minutes
from renderer.training.sound_measure import measure_sound

RATE = 22_050
TEXTS = (
    "the gate is open now",
    "who goes there tonight",
    "bring me the lantern",
    "a storm is on its way",
    "we leave before dawn",
    "nobody told me that",
)
Sound = Callable[..., np.ndarray]


def candidate(name: str, text: str, samples: np.ndarray, **changes: object) -> Candidate:
    phones = tuple(c for c in text if c.isalpha())
    sound = measure_sound(Waveform.of(samples, RATE))
    return replace(Candidate(name, "ann", "en", "neutral", text, phones, sound), **changes)


@pytest.fixture
def good(spoken: Sound) -> list[Candidate]:
    return [candidate(f"c{i}", text, spoken(text)) for i, text in enumerate(TEXTS)]


def faults_with(good: list[Candidate], bad: Candidate) -> tuple[str, ...]:
    findings = judge_clips([*good, bad])
    assert all(not faults_of(findings[c.id]) for c in good)
    return faults_of(findings[bad.id])


def test_good_clips_pass_every_check(good: list[Candidate]) -> None:
    findings = judge_clips(good)
    assert {f.outcome for found in findings.values() for f in found} == {Outcome.PASS}
    names = {f.check for f in findings["c0"]}
    assert {"clipping", "snr", "level", "gap", "cut_start", "cut_end", "rate", "speech"} <= names


TEXT = "the road is long again"


def clipped(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -0.3 * np.abs(x).max(), 0.3 * np.abs(x).max())


def noisy(x: np.ndarray) -> np.ndarray:
    loud = np.sqrt(np.mean(x[np.abs(x) > 0.01] ** 2))
    return x + np.random.default_rng(0).normal(0, loud * 10 ** (-12 / 20), x.size)


def with_hole(x: np.ndarray) -> np.ndarray:
    half = x.size // 2
    return np.concatenate([x[:half], 1e-4 * np.ones(2 * RATE), x[half:]])


def late(x: np.ndarray) -> np.ndarray:
    return np.concatenate([1e-4 * np.random.default_rng(0).standard_normal(6 * RATE), x])


@pytest.mark.parametrize(
    ("defect", "check", "others"),
    [
        (clipped, "clipping", {"cut_end"}),
        (lambda x: 0.3 * clipped(x), "clipping", {"cut_end", "level"}),  # turned down afterwards
        (noisy, "snr", {"cut_end", "cut_start"}),
        (with_hole, "gap", set()),
        (late, "edge_silence", set()),
        (lambda x: x[int(0.33 * RATE) :], "cut_start", set()),
        (lambda x: 0.05 * x, "level", set()),
        (np.zeros_like, "speech", {"snr", "level", "rate", "rate_outlier"}),
        (lambda x: x[:0], "speech", {"snr", "level", "rate", "rate_outlier"}),
    ],
)
def test_a_defect_is_found(good, spoken: Sound, defect, check: str, others: set[str]) -> None:
    found = faults_with(good, candidate("bad", TEXT, defect(spoken(TEXT))))
    assert check in found
    assert set(found) <= {check, *others}


def test_a_sound_that_stops_in_a_vowel_is_cut(good: list[Candidate], spoken: Sound) -> None:
    text = "we should never go there alone oo"
    samples = spoken(text)
    cut = samples[: samples.size - int(0.32 * RATE)]
    assert faults_with(good, candidate("bad", text, cut)) == ("cut_end",)


def test_a_text_of_another_length_is_found(good: list[Candidate], spoken: Sound) -> None:
    half = candidate("bad", f"{TEXT} and {TEXT}", spoken(TEXT))
    assert "rate_outlier" in faults_with(good, half)
    double = candidate("bad", TEXT, spoken(f"{TEXT} and {TEXT}"))
    assert faults_with(good, double) == ("rate_outlier",)
    far = candidate("bad", " ".join([TEXT] * 4), spoken(TEXT))
    assert "rate" in faults_with(good, far)


def test_two_words_are_no_measure_of_rate(good: list[Candidate], spoken: Sound) -> None:
    assert faults_with(good, candidate("short", "oh no", spoken("oh no", rate=5.0))) == ()


def test_a_lecture_in_one_breath_is_too_long(good: list[Candidate], spoken: Sound) -> None:
    text = ", ".join(["ba"] * 70)
    assert faults_with(good, candidate("bad", text, spoken(text))) == ("duration",)


def test_the_second_of_two_same_sounds_fails(good: list[Candidate]) -> None:
    findings = judge_clips([*good, replace(good[0], id="copy")])
    assert faults_of(findings["copy"]) == ("duplicate_sound",)
    assert faults_of(findings["c0"]) == ()


def test_one_sound_with_two_texts_fails_both(good: list[Candidate]) -> None:
    other = replace(good[0], id="other", text="something else entirely")
    findings = judge_clips([*good, other])
    assert faults_of(findings["c0"]) == faults_of(findings["other"]) == ("duplicate_sound",)
    assert "c0" in findings["other"][-1].message


def test_a_recoded_copy_is_found(good: list[Candidate], spoken: Sound) -> None:
    louder = candidate("copy", "The gate is OPEN, now!", 1.2 * spoken(TEXTS[0]))
    findings = judge_clips([*good, louder])
    assert sorted([*faults_of(findings["copy"]), *faults_of(findings["c0"])]) == ["repeated_text"]


def test_another_take_of_a_text_is_only_remarked(good: list[Candidate], spoken: Sound) -> None:
    again = candidate("again", TEXTS[0], spoken(TEXTS[0], rate=11.0))
    findings = judge_clips([*good, again])
    assert faults_of(findings["again"]) == ()
    assert [f.check for f in findings["again"] if f.outcome is Outcome.INCONCLUSIVE] == [
        "repeated_text"
    ]


@pytest.mark.parametrize("change", [{"speaker": "bo"}, {"emotion": "angry"}, {"language": "de"}])
def test_others_and_other_moods_may_say_the_same(good: list[Candidate], spoken, change) -> None:
    again = candidate("again", TEXTS[0], 1.01 * spoken(TEXTS[0]), **change)
    findings = judge_clips([*good, again])["again"]
    assert "repeated_text" not in [f.check for f in findings]


def heard(score: float, found: int, of: int = 10) -> WordAlignment:
    return WordAlignment(score, tuple(HeardWord(0, 1, 0.9, i < found) for i in range(of)))


@pytest.mark.parametrize(
    ("answer", "faults"),
    [
        (heard(0.9, 10), ()),
        (heard(0.3, 10), ("words_fit",)),
        (heard(0.9, 5), ("words_found",)),
        (heard(float("nan"), 10), ("words_fit",)),
        (heard(0.9, 0, of=0), ("words_found",)),
        (JudgeError("no model"), ("words_fit",)),
    ],
)
def test_a_failed_alignment_is_never_a_pass(good: list[Candidate], answer, faults) -> None:
    bad = replace(good[0], id="x", alignment=answer, sound=replace(good[0].sound, sha256="x"))
    assert faults_of(judge_clips([bad])["x"]) == faults


def test_few_clips_are_not_compared(good: list[Candidate], spoken: Sound) -> None:
    found = judge_clips([good[0], candidate("soft", TEXT, 0.05 * spoken(TEXT))])
    assert faults_of(found["soft"]) == ()


def corpus(tmp_path, minutes: float, faults: tuple[str, ...]) -> Corpus:
    frames = int(minutes * 60 * RATE / 256)
    clips = tuple(
        Clip(f"c{i}", "ann", "en", "t", f"audio/c{i}.flac", frames // 2, faults=f)
        for i, f in enumerate([(), faults])
    )
    return Corpus(tmp_path, {"ann": Speaker("ann"), "bo": Speaker("bo")}, clips)


def test_too_little_is_refused_with_the_figures(tmp_path) -> None:
    with pytest.raises(TrainingError) as caught:
        require_minutes(corpus(tmp_path, 2, ("snr", "gap")), 1.5)
    assert "ann has 1.0, bo has 0.0" in str(caught.value)
    assert "gap 1, snr 1" in str(caught.value)


def test_enough_is_enough(tmp_path) -> None:
    made = corpus(tmp_path, 2, ())
    require_minutes(replace(made, speakers={"ann": made.speakers["ann"]}), 1.9)


@pytest.mark.reference
def test_real_recordings_pass(reference_data) -> None:
    folder = reference_data / "speech" / "ljspeech"
    rows = [line.split("|") for line in (folder / "metadata.csv").read_text().splitlines()]
    candidates = []
    for name, *_ in rows:
        sound = measure_sound(decode((folder / f"{name}.flac").read_bytes()))
        phones = ("a",) * round(12 * sound.speech_s)  # most have no transcript there
        candidates.append(Candidate(name, "lj", "en", "neutral", name, phones, sound))
    assert len(candidates) == 22
    assert {clip: faults_of(f) for clip, f in judge_clips(candidates).items() if faults_of(f)} == {}


@pytest.mark.reference
def test_recordings_cut_in_a_word_fail(reference_data) -> None:
    """Clips of LibriSpeech cut at six seconds end anywhere."""
    cut = []
    for path in sorted((reference_data / "speech" / "librispeech").rglob("*.flac"))[:40]:
        sound = measure_sound(decode(path.read_bytes()))
        if sound.duration_s > 5.99 and sound.tail_s < 0.02:
            cut.append(sound.release_db > -20)
    assert len(cut) > 10
    assert np.mean(cut) > 0.5
