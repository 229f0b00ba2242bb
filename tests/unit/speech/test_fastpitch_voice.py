"""A small untrained voice, exported and spoken through the ordinary voice book."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from renderer.direction.intonation import Intonation, WordIntonation
from renderer.domain.speaker import blend
from renderer.domain.voice_model import Blend
from renderer.errors import ModelRefusedError, SynthesisError, VoiceError
from renderer.ports import Speech, SpeechRequest
from renderer.speech.derive import derive_voice
from renderer.speech.voice_book import Voices

_SPEC = importlib.util.spec_from_file_location(
    "build_fastpitch", Path(__file__).with_name("build_fastpitch.py")
)
LINE = "who/huː goes/ɡoʊz there/ðˈɛɹ, friend/fɹɛnd or/ɔːɹ foe/foʊ?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    module = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(module)
    return module.write(tmp_path_factory.mktemp("voices")).parent


@pytest.fixture(scope="module")
def book(folder) -> Voices:
    return Voices([folder], threads=2, use_cuda=False)


@pytest.fixture(scope="module")
def voice(book):
    return book.open("pack")


def spoken(voice, *requests: SpeechRequest) -> list[Speech]:
    answers = voice.speak(requests)
    assert all(isinstance(a, Speech) for a in answers), answers
    return answers


def test_the_book_knows_it_and_its_spans_cover_the_sound(book, voice, say) -> None:
    assert book.engine_revision("pack").startswith("fastpitch/")
    assert voice.has_intonation
    [speech] = spoken(voice, SpeechRequest(say(LINE)))
    assert speech.alignment_source == "engine"
    assert speech.phones[0].start_s == 0
    assert speech.phones[-1].end_s == pytest.approx(speech.waveform.duration_s)
    for a, b in zip(speech.phones, speech.phones[1:], strict=False):
        assert b.start_s == pytest.approx(a.end_s)
    heard = "".join(p.phoneme for p in speech.phones if p.word == 2)
    assert heard == "ðˈɛɹ"
    assert {p.word for p in speech.phones} == {-1, *range(6)}


def test_what_a_line_sounds_like_does_not_depend_on_its_batch(voice, say, monkeypatch) -> None:
    requests = [
        SpeechRequest(say(text), speaker, rate=rate, seed=n)
        for n, (text, speaker, rate) in enumerate(
            [(LINE, "mira", 1.0), (LINE, "tomas", 1.0), (LINE, "mira", 1.02), ("no/noʊ!", "", 1.0)]
            * 2
        )
    ]
    alone = [spoken(voice, request)[0] for request in requests]
    for frames in (1, 4096):
        monkeypatch.setattr(voice, "most_frames", frames)
        monkeypatch.setattr(voice, "most_tokens", frames)
        for one, other in zip(alone, spoken(voice, *requests), strict=True):
            assert np.array_equal(one.waveform.samples, other.waveform.samples)
            assert one.phones == other.phones


def test_a_seed_is_another_sound_of_the_same_length_and_the_same_one_again(voice, say) -> None:
    a, b, c = spoken(voice, *(SpeechRequest(say(LINE), seed=s) for s in (1, 2, 1)))
    assert np.array_equal(a.waveform.samples, c.waveform.samples)
    assert a.waveform.samples.size == b.waveform.samples.size
    assert not np.array_equal(a.waveform.samples, b.waveform.samples)
    d, e = spoken(voice, *(SpeechRequest(say(LINE), seed=s, noise_w=0.8) for s in (1, 2)))
    assert d.phones != e.phones


def test_a_shift_of_three_semitones_is_one_in_the_vocoders_f0(voice, say, monkeypatch) -> None:
    heard: list[np.ndarray] = []
    run = voice.model._vocoder.run

    def listening(names, feeds):
        heard.append(feeds["f0"][0])
        return run(names, feeds)

    monkeypatch.setattr(voice.model._vocoder, "run", listening)
    words = tuple(WordIntonation(pitch_st=2.0 * (n == 2)) for n in range(6))
    asked = [Intonation(), Intonation(3.0), Intonation(-3.0), Intonation(words=words)]
    speech = [spoken(voice, SpeechRequest(say(LINE), intonation=i))[0] for i in asked]
    frames = speech[0].waveform.samples.size // 256
    plain, up, down, word = (12 * np.log2(f[:frames]) for f in heard)
    assert up - plain == pytest.approx(np.full(frames, 3.0), abs=1e-3)
    assert down - plain == pytest.approx(np.full(frames, -3.0), abs=1e-3)
    inside = [p for p in speech[0].phones if p.word == 2]
    middle = round((inside[0].start_s + inside[-1].end_s) / 2 * 22050 / 256)
    assert (word - plain)[middle] == pytest.approx(2.0, abs=0.3)
    assert abs((word - plain)[0]) < 0.3


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_a_rate_is_met_within_three_per_cent(voice, say, rate: float) -> None:
    plain, made = spoken(voice, SpeechRequest(say(LINE)), SpeechRequest(say(LINE), rate=rate))
    assert plain.waveform.duration_s / made.waveform.duration_s == pytest.approx(rate, rel=0.03)


def test_a_speaker_a_blend_and_who_speaks_when_nobody_is_named(voice, say) -> None:
    line = say(LINE)
    default, mira, tomas, both = spoken(
        voice, *(SpeechRequest(line, s) for s in ("", "mira", "tomas", "both"))
    )
    assert np.array_equal(default.waveform.samples, mira.waveform.samples)
    sizes = [s.waveform.samples.size for s in (mira, tomas, both)]
    assert not np.array_equal(mira.waveform.samples[:9000], tomas.waveform.samples[:9000]), sizes
    mixed = blend([(voice.speakers["mira"], 0.7), (voice.speakers["tomas"], 0.3)])
    assert voice.speakers["both"].vector == pytest.approx(mixed.vector, abs=1e-6)


def test_faults_stay_with_their_line_and_say_what_is_wrong(voice, say) -> None:
    strange = say("x/5")
    answers = voice.speak(
        [
            SpeechRequest(say(LINE)),
            SpeechRequest(say(LINE), speaker="mirra"),
            SpeechRequest(say(LINE, "fi-FI")),
            SpeechRequest(strange),
            SpeechRequest(say("")),
            SpeechRequest(say(LINE, "de-DE")),
        ]
    )
    kinds = [isinstance(a, Speech) for a in answers]
    assert kinds == [True, False, False, False, False, True]
    for answer, part in zip(answers[1:5], ("mira, tomas", "en, de", "5", "nothing"), strict=True):
        assert isinstance(answer, SynthesisError)
        assert part in str(answer)


def test_a_long_line_is_said_in_parts_and_whole(voice, say) -> None:
    line = say(" ".join(f"w/{'mano' * 2}{'.' if n % 9 == 8 else ''}" for n in range(70)))
    [speech] = spoken(voice, SpeechRequest(line))
    assert [w for w in dict.fromkeys(p.word for p in speech.phones) if w >= 0] == list(range(70))
    assert speech.phones[-1].end_s == pytest.approx(speech.waveform.duration_s)
    for a, b in zip(speech.phones, speech.phones[1:], strict=False):
        assert b.start_s == pytest.approx(a.end_s)


# -- voices made of others -------------------------------------------------------------------------


@pytest.fixture
def own(folder, tmp_path) -> Path:
    """A folder of voices with a copy of the pack, to be spoilt."""
    shutil.copytree(folder / "pack", tmp_path / "voices" / "pack")
    return tmp_path / "voices"


def test_a_project_voice_is_a_blend_of_a_packs_speakers(own, say) -> None:
    pack = Voices([own]).card("pack")
    derive_voice(pack, own, "elder", blends={"elder": Blend({"mira": 1, "tomas": 1}, 0.9, -2.0)})
    book = Voices([own], threads=1, use_cuda=False)
    card = book.card("elder")
    assert (card.licence, card.attribution, card.may_publish) == ("CC0-1.0", "Nobody.", True)
    voice = book.open("elder")
    assert voice.model is book.open("pack").model
    [speech] = spoken(voice, SpeechRequest(say(LINE)))
    assert speech.waveform.duration_s > 0
    one, other = (book.open("pack").speakers[n].vector for n in ("mira", "tomas"))
    mixed = voice.speakers["elder"]
    assert np.dot(mixed.vector, one) == pytest.approx(np.dot(mixed.vector, other), abs=1e-6)
    assert mixed.mean_pitch_st + mixed.pitch_st == pytest.approx(7.0 - 0.5 - 2.0)


def test_a_derived_voice_needs_the_very_voice_it_was_made_of(own) -> None:
    pack = Voices([own]).card("pack")
    derive_voice(pack, own, "elder", blends={"elder": Blend({"mira": 1})})
    card = own / "elder" / "card.yaml"
    voice = own / "elder" / "voice.json"
    text = voice.read_text()
    shutil.rmtree(own / "pack")
    with pytest.raises(ModelRefusedError, match="builds on another"):
        Voices([own]).open("elder")
    with pytest.raises(VoiceError, match="no neural voice"):
        derive_voice(Voices([]).card("formant"), own, "x", blends={"x": Blend({"f2": 1})})
    assert card.exists()
    assert pack.model_sha256 in text


def test_a_blend_of_nobody_or_under_a_taken_name_is_refused(own) -> None:
    pack = Voices([own]).card("pack")
    with pytest.raises(ModelRefusedError, match="'nobody', who is no speaker"):
        derive_voice(pack, own, "elder", blends={"elder": Blend({"nobody": 1})})
    with pytest.raises(VoiceError, match="there already"):
        derive_voice(pack, own, "pack", blends={"elder": Blend({"mira": 1})})
    assert sorted(p.name for p in own.iterdir()) == ["pack"]
    derive_voice(pack, own, "elder", blends={"elder": Blend({"mira": 1})})
    elder = Voices([own]).card("elder")
    with pytest.raises(VoiceError, match="builds on 'pack'"):
        derive_voice(elder, own, "older", blends={"older": Blend({"elder": 1})})


def test_a_derived_voice_may_not_be_freer_than_its_base(own) -> None:
    from renderer.speech.card import write_card

    pack = Voices([own]).card("pack")
    derive_voice(pack, own, "elder", blends={"elder": Blend({"mira": 1})})
    write_card(replace(pack, may_publish=False), own / "pack")
    with pytest.raises(ModelRefusedError, match="may not"):
        Voices([own], use_cuda=False).open("elder")
