from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.errors import BarklineError, SynthesisError, TrainingError
from renderer.ports import Speech, SpeechRequest
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.corpus import MEL, VALID, Corpus, Speaker
from renderer.training.distil import LEVEL_DBFS, distil
from renderer.training.substitute import SubstituteTeacher
from renderer.training.teacher import Lesson, VoiceTeacher

RATE = 16_000
ANN = Speaker("ann", "CC0-1.0", True, "a buzz")


class Buzz:
    """Says a vowel per letter; `x` cannot be said, `z` is far too loud, `q` loses its phones."""

    language = "en"

    def __init__(self, speaker: Speaker = ANN, gain: float = 0.05) -> None:
        self.speaker = speaker
        self.gain = gain
        self.said: list[str] = []

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        self.said += texts
        return [SynthesisError("no x") if "x" in t else self.say(t) for t in texts]

    def say(self, text: str) -> Lesson:
        size = int(0.2 * RATE)
        tone = self.gain * np.sign(np.sin(2 * np.pi * 120 * np.arange(size * len(text)) / RATE))
        tone = tone * (500 if "z" in text else 1)
        sound = np.concatenate([np.zeros(RATE), tone, np.zeros(RATE)])
        phones = [
            PhoneSpan("a", 1 + 0.2 * i, 1 + 0.2 * (i + 1), 7 if "q" in text else 0)
            for i in range(len(text))
        ]
        line = Transcript("en-US", (text,), (SpokenWord(text, "a" * len(text), 0, "."),))
        spans = (PhoneSpan("_", 0, 1, -1), *phones, PhoneSpan("_", phones[-1].end_s, 9, -1))
        return Lesson(Waveform.of(sound, RATE), line, spans)


def sound_of(corpus: Corpus, number: int) -> np.ndarray:
    clip = corpus.clips[number]
    samples, rate = soundfile.read(corpus.folder / clip.audio, dtype="float32")
    assert rate == MEL.sample_rate
    assert soundfile.info(corpus.folder / clip.audio).subtype == "PCM_16"
    assert samples.size == clip.frames * MEL.hop_length
    return samples


def test_a_teacher_fills_a_corpus(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    done = distil(
        ["ab", "abc"], Buzz(), tmp_path, held_out=["abcd"], progress=lambda *n: seen.append(n)
    )
    corpus = Corpus.load(tmp_path)
    assert (done.made, done.kept, done.dropped) == (3, 0, {})
    assert [c.text for c in corpus.usable(VALID)] == ["abcd"]
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)
    assert corpus.speakers == {"ann": ANN}
    for number, clip in enumerate(corpus.clips):
        samples = sound_of(corpus, number)
        speech_s = 0.2 * len(clip.text)
        assert samples.size / MEL.sample_rate == pytest.approx(speech_s + 0.21, abs=0.03)
        loud = samples[np.abs(samples) > 0.01]
        assert 20 * np.log10(np.sqrt(np.mean(loud**2))) == pytest.approx(LEVEL_DBFS, abs=1.0)
        assert clip.phones == ("_", *"a" * len(clip.text), ".", "_")
        assert clip.durations[2] == pytest.approx(0.2 * 22_050 / 256, abs=1)


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    distil(["ab", "abc"], Buzz(), tmp_path)
    before = Corpus.load(tmp_path)
    (tmp_path / before.clips[0].audio).unlink()
    teacher = Buzz(gain=0.01)  # another level would give another gain
    done = distil(["ab", "abc", "abcd"], teacher, tmp_path)
    assert (done.made, done.kept) == (2, 1)
    assert len(teacher.said) == 2
    assert len(Corpus.load(tmp_path).clips) == 3


def test_another_teacher_adds_its_clips(tmp_path: Path) -> None:
    distil(["ab"], Buzz(), tmp_path)
    distil(["ab"], Buzz(Speaker("bob", "CC0-1.0", True)), tmp_path)
    corpus = Corpus.load(tmp_path)
    assert sorted(corpus.speakers) == ["ann", "bob"]
    assert [c.speaker for c in corpus.clips] == ["ann", "bob"]


def test_the_name_of_another_speaker_is_taken(tmp_path: Path) -> None:
    distil(["ab"], Buzz(), tmp_path)
    with pytest.raises(TrainingError, match="holds another speaker 'ann'"):
        distil(["ab"], Buzz(Speaker("ann", "CC-BY-4.0")), tmp_path)


def test_what_cannot_be_learnt_is_dropped_and_told(tmp_path: Path) -> None:
    done = distil(["ab", "abc", "abcd", "ax", "az", "aq"], Buzz(), tmp_path)
    assert done.made == 3
    assert done.dropped["no x"] == 1
    assert done.dropped["louder than full scale"] == 1
    assert any("belongs to word 7" in reason for reason in done.dropped)


def test_a_text_set_of_which_nothing_is_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no x"):
        distil(["x"], Buzz(), tmp_path)


def test_several_workers_give_the_same_corpus(tmp_path: Path) -> None:
    texts = ["ab" * n for n in range(1, 40)]
    distil(texts, Buzz(), tmp_path / "one")
    distil(texts, Buzz(), tmp_path / "two", workers=3)
    one, two = Corpus.load(tmp_path / "one"), Corpus.load(tmp_path / "two")
    assert one.clips == two.clips


@pytest.fixture(scope="module")
def transcriber() -> EspeakTranscriber:
    return EspeakTranscriber(Lexicon())


def test_the_formant_voice_teaches_three_sentences(
    tmp_path: Path, transcriber: EspeakTranscriber
) -> None:
    from renderer.speech.formant import FormantVoice

    teacher = VoiceTeacher(
        FormantVoice(), transcriber, "de-DE", Speaker("f5", "GPL-3.0-or-later", True), "f5"
    )
    texts = ["Halt!", "Wer ist da, mein Freund?", "Zwölf Wölfe heulen… und keiner hört sie."]
    done = distil(texts, teacher, tmp_path)
    assert (done.made, done.dropped) == (3, {})
    for number, clip in enumerate(done.corpus.clips):
        levels = np.log(np.mean(sound_of(done.corpus, number).reshape(-1, 256) ** 2, 1) + 1e-9)
        edges = np.concatenate([[0], np.cumsum(clip.durations)])
        by_phone = {
            phone: levels[a:b].mean()
            for phone, a, b in zip(clip.phones, edges[:-1], edges[1:], strict=True)
            if b > a
        }
        quiet = [level for phone, level in by_phone.items() if phone in "_,?"]
        assert max(quiet) < min(by_phone[p] for p in by_phone if p in ("a", "iː", "ɔø", "oː", "ɑː"))


class Parrot:
    """Says every phone it is given for 0.1 s, and tells so."""

    def __init__(self, source: str = "engine") -> None:
        from renderer.domain.voice import VoiceCard

        self.card = VoiceCard("parrot", "fake", "0" * 64)
        self.source = source

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        return [self.say(request.transcript) for request in requests]

    def say(self, line: Transcript) -> Speech:
        from renderer.text.inventory import tokens

        found = tokens(line)
        spans = tuple(
            PhoneSpan(symbol if word >= 0 else "_", 0.1 * i, 0.1 * i + 0.1, word)
            for i, (symbol, word) in enumerate(zip(found.symbols, found.words, strict=True))
        )
        tone = 0.1 * np.sin(np.arange(int(len(spans) * 0.1 * RATE)) / 20)
        return Speech(Waveform.of(tone, RATE), spans, self.source)


def test_an_english_voice_speaks_french_and_says_what_not_to_believe(
    tmp_path: Path, transcriber: EspeakTranscriber
) -> None:
    teacher = SubstituteTeacher(Parrot(), transcriber, "fr-FR", ANN)
    done = distil(["Bonjour, un peu de vin ?", "Un xylophone."], teacher, tmp_path)
    assert done.made == 2
    clip = next(c for c in done.corpus.clips if c.text.startswith("Bon"))
    assert clip.language == "fr"
    believed = dict(zip(clip.phones, clip.trusted, strict=True))
    assert believed["b"]
    assert believed["ʒ"]
    assert not believed["ʁ"]
    assert not believed["ø"]
    assert sum(clip.durations) == clip.frames


def test_estimated_times_are_not_learnt_from(
    tmp_path: Path, transcriber: EspeakTranscriber
) -> None:
    teacher = VoiceTeacher(Parrot("estimated"), transcriber, "en-US", ANN)
    with pytest.raises(TrainingError, match="does not tell when its phones are said"):
        distil(["Hello."], teacher, tmp_path)
