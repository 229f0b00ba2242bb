"""Each question about a character: answered, failed, or plainly not answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Outcome
from renderer.errors import JudgeError, SynthesisError, TextError
from renderer.ports import HeardWord, Speech, SpeechRequest, WordAlignment
from renderer.training.character_check import CastMember, Judges, listen, validate
from renderer.training.character_report import Sentence, Validation, write_report
from renderer.training.corpus import MEL, VALID, Clip, Corpus, Speaker
from renderer.training.sound import write_sound

RATE = MEL.sample_rate
OWN, OTHER = np.array([1, 0, 0], np.float32), np.array([0.6, 0.8, 0], np.float32)


def sound(level: float) -> Waveform:
    """A level that the judges below know a voice by."""
    return Waveform(np.full(4 * MEL.hop_length, level, np.float32), RATE)


class Words:
    """Speaks word by word; refuses `x`."""

    revision = "words"

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        return [
            TextError("There is no x.")
            if "x" in u.text.split()
            else Transcript(u.locale, (u.text,), (SpokenWord(u.text, "a", 0),))
            for u in utterances
        ]


class Voice:
    """Says everything at one level; refuses what is asked."""

    has_intonation = False
    card = None

    def __init__(self, level: float, refuses: str = "") -> None:
        self.level, self.refuses = level, refuses

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        return [
            SynthesisError("No.")
            if r.transcript.words[0].text == self.refuses
            else Speech(sound(self.level), ())
            for r in requests
        ]


class Ear:
    """Knows 0.5 as the person, 0.25 as somebody else, and 0.1 as nothing."""

    revision = "ear"

    def embed(self, waveforms: Sequence[Waveform]) -> list[np.ndarray | JudgeError]:
        return [self._one(float(w.samples[0])) for w in waveforms]

    def _one(self, level: float) -> np.ndarray | JudgeError:
        if level < 0.2:
            return JudgeError("silent")
        return OWN if level > 0.4 else OTHER


class Opinion:
    revision = "opinion"

    def score(self, waveforms):
        return [{"dnsmos_ovrl": 3 + w.samples[0], "dnsmos_p808": 3.5} for w in waveforms]


class Recogniser:
    """Finds the word where it is loud."""

    revision = "recogniser"

    def align(self, waveform: Waveform, transcript: Transcript) -> WordAlignment:
        heard = float(waveform.samples[0]) > 0.4
        return WordAlignment(0.9, (HeardWord(0, 1, 0.9, heard),) * len(transcript.words))

    def classes(self, waveform: Waveform) -> str:
        return "a"


class Broken:
    revision = "broken"

    def embed(self, waveforms):
        raise JudgeError("Comparing voices needs the resemblyzer package.")

    def score(self, waveforms):
        return [JudgeError("DNSMOS needs the speechmos package.") for _ in waveforms]

    def align(self, waveform, transcript):
        raise JudgeError("needs pocketsphinx")

    def classes(self, waveform):
        raise JudgeError("Holding text against sound needs pocketsphinx.")


ALL = Judges(Ear(), Opinion(), Recogniser())


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[..., Corpus]:
    def make(texts: Sequence[str] = ("one", "two"), language: str = "en") -> Corpus:
        clips = []
        for i, text in enumerate(texts):
            write_sound(tmp_path / f"c/{i}.flac", sound(0.5).samples, RATE)
            clips.append(Clip(f"{i}", "mira", language, text, f"{i}.flac", 4, split=VALID))
        return Corpus(tmp_path / "c", {"mira": Speaker("mira")}, tuple(clips))

    return make


def judged(corpus: Corpus, voice: Voice, judges: Judges = ALL, cast=(), locale="en-US"):
    found = validate(corpus, listen(corpus, voice, Words(), locale), judges, cast)
    return {f.check: f for f in found.findings}, found


def test_a_good_voice_passes_every_question(corpus) -> None:
    findings, found = judged(corpus(), Voice(0.5), cast=[CastMember("ann", Voice(0.25))])
    assert {f.outcome for f in findings.values()} == {Outcome.PASS}
    assert set(findings) == {
        "spoken", "similarity", "confusion", "dnsmos_ovrl", "dnsmos_p808", "intelligibility"
    }  # fmt: skip
    assert findings["similarity"].value == pytest.approx(1.0)
    assert found.likeness == pytest.approx({"ann": 0.6})
    assert found.measures["words_found"] == 1.0
    assert found.warnings == ()


def test_another_person_with_lost_words_and_noise_fails(corpus) -> None:
    findings, found = judged(corpus(), Voice(0.25))
    assert findings["similarity"].outcome is Outcome.FAIL
    assert findings["similarity"].value == pytest.approx(0.6)
    assert findings["intelligibility"].outcome is Outcome.FAIL
    assert findings["dnsmos_ovrl"].outcome is Outcome.PASS  # within 0.3 of the recordings
    assert {f.check for f in found.warnings} == {"similarity", "intelligibility"}


def test_the_most_alike_of_the_cast_is_named(corpus) -> None:
    cast = [
        CastMember("ann", Voice(0.25)),
        CastMember("twin", Voice(0.5)),
        CastMember("mute", Voice(0.1)),
    ]
    findings, found = judged(corpus(), Voice(0.5), cast=cast)
    assert findings["confusion"].outcome is Outcome.FAIL
    assert "twin is most alike: 1.00" in findings["confusion"].message
    assert list(found.likeness) == ["twin", "ann"]  # the most alike first; who is silent is nobody


@pytest.mark.parametrize("judges", [Judges(), Judges(Broken(), Broken(), Broken())])
def test_a_judge_that_is_not_there_is_missing_and_never_passes(corpus, judges: Judges) -> None:
    findings, found = judged(corpus(), Voice(0.5), judges)
    assert findings.pop("spoken").outcome is Outcome.PASS
    assert {f.outcome for f in findings.values()} == {Outcome.ERROR}
    assert all(f.message.startswith("Not judged") for f in findings.values())
    assert found.measures == {}


def test_another_language_is_not_held_against_an_english_recogniser(corpus) -> None:
    findings, _ = judged(corpus(language="de"), Voice(0.5), locale="de-DE")
    assert findings["intelligibility"].outcome is Outcome.INCONCLUSIVE
    without, _ = judged(corpus(language="de"), Voice(0.5), Judges(), locale="de-DE")
    assert without["intelligibility"].outcome is Outcome.INCONCLUSIVE


def test_without_a_cast_confusion_is_open(corpus) -> None:
    findings, _ = judged(corpus(), Voice(0.5))
    assert findings["confusion"].outcome is Outcome.INCONCLUSIVE


def test_sentences_that_could_not_be_said_are_told(corpus) -> None:
    findings, found = judged(corpus(("one", "two", "x")), Voice(0.5, refuses="two"))
    assert findings["spoken"].outcome is Outcome.FAIL
    assert findings["spoken"].message.startswith("1 of 3 held-out sentences were said.")
    assert found.sentences == 1
    nothing, _ = judged(corpus(("two",)), Voice(0.5, refuses="two"))
    assert {f.outcome for f in nothing.values()} == {Outcome.FAIL, Outcome.ERROR}


def test_no_held_out_sentence_is_an_error(corpus) -> None:
    findings, _ = judged(corpus(()), Voice(0.5))
    assert findings["spoken"].outcome is Outcome.ERROR


def test_the_report_shows_everything_and_runs_nothing(corpus, tmp_path: Path) -> None:
    made = corpus(("<script>alert(1)</script>",))
    sentences = listen(made, Voice(0.5), Words(), "en-US")
    found = validate(made, sentences, ALL, [CastMember("<b>ann</b>", Voice(0.25))])
    page = write_report(tmp_path, found, sentences, "<svg></svg>").read_text("utf-8")
    assert "<script>" not in page
    assert "<b>ann" not in page
    assert "<svg></svg>" in page
    for name in ("00-recorded", "00-said"):
        assert f"validation/{name}.flac" in page
        assert (tmp_path / f"validation/{name}.flac").is_file()
    plain = json.loads((tmp_path / "validation.json").read_text("utf-8"))
    assert plain["name"] == "mira"
    assert {f["outcome"] for f in plain["findings"]} == {"pass"}


def test_the_page_says_why_a_sentence_is_missing(tmp_path: Path) -> None:
    sentence = Sentence("one", sound(0.5), SynthesisError("No breath."))
    page = write_report(tmp_path, Validation("mira", ()), [sentence], "").read_text("utf-8")
    assert "No breath." in page
