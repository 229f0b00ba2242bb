"""A take is held against its own line, said plainly: once for all its attempts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from renderer.audio.hearing import Hearing
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Delivery, Direction, Prosody, WordEdit
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import JudgeError, SynthesisError, UnhearableError
from renderer.ports import Speech, SpeechRequest
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Score, Scores, Unsure
from renderer.quality.phone_path import PhoneScores
from renderer.quality.plain_line import AskedManner
from renderer.quality.take import GateInput, measure
from renderer.services.plain_lines import LINE_METRICS, TEXT_METRICS, PlainLines
from renderer.services.said_plainly import AROUND_S
from renderer.services.voice_norm import Misheard

RATE = 16_000
LIMITS = Limits(most_line_pitch_off_st=2.0)
TEXT = Transcript("en-US", ("Halt",), (SpokenWord("halt", "hˈɔːlt", 0, "!"),))


def voice(hz: float, seconds: float = 0.5) -> Waveform:
    t = np.arange(round(seconds * RATE)) / RATE
    return Waveform.of(sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 20)) * 0.1, RATE)


class Engine:
    """Says everything on one pitch."""

    def __init__(self, hz: float = 145.0, error: str = "") -> None:
        self.hz, self.error, self.asked = hz, error, []

    def speak(self, requests: Any) -> Any:
        self.asked += requests
        if self.error:
            return [SynthesisError(self.error) for _ in requests]
        return [Speech(voice(self.hz), ()) for _ in requests]


def compare(
    sound: Waveform,
    engine: Engine,
    limits: Limits = LIMITS,
    asked: AskedManner = AskedManner(),  # noqa: B008 - frozen
    lines: PlainLines | None = None,
    **more: Any,
) -> Scores:
    known = {"voice": "v#mira", "transcript": TEXT} | more
    take = GateInput(sound, sound, sound, **known)
    metrics: Metrics = measure(take)
    lines = lines or plain_lines(engine)
    return lines.compare(take, metrics, limits, asked, Hearing(sound))


def plain_lines(engine: Engine, reader: Any = None, norms: Any = None) -> PlainLines:
    card = SimpleNamespace(model_sha256="s")
    book: Any = SimpleNamespace(card=lambda _: card, open=lambda _: engine)
    return PlainLines(book, reader, norms)


def test_one_word_at_the_wrong_pitch_is_off_and_an_asked_shift_is_not() -> None:
    high = voice(145.0 * 2 ** (4 / 12))
    assert compare(high, Engine())["line_pitch_off_st"] == pytest.approx(4, abs=0.05)
    asked = compare(high, Engine(), asked=AskedManner(pitch_st=4.0))
    assert asked["line_pitch_off_st"] == pytest.approx(0, abs=0.05)
    assert compare(voice(145.0, 0.8), Engine())["line_rate_ratio"] == pytest.approx(0.625, rel=0.02)


def test_the_plain_line_is_asked_of_the_same_speaker_without_any_direction() -> None:
    engine = Engine()
    compare(voice(145.0), engine, direction=Direction(prosody=Prosody(rate=1.5)))
    assert [vars_of(r) for r in engine.asked] == [vars_of(SpeechRequest(TEXT, speaker="mira"))]


def vars_of(request: SpeechRequest) -> tuple[object, ...]:
    return request.transcript, request.speaker, request.rate, request.intonation, request.seed


def test_a_line_is_said_once_for_all_its_attempts() -> None:
    engine = Engine()
    lines = plain_lines(engine)
    for _ in range(3):
        compare(voice(145.0), engine, lines=lines)
    assert len(engine.asked) == 1
    other = Transcript("en-US", ("Hold",), (SpokenWord("hold", "hˈoʊld", 0, "!"),))
    compare(voice(145.0), engine, lines=lines, transcript=other)
    assert len(engine.asked) == 2


def test_nothing_is_said_that_no_limit_asks_for() -> None:
    engine = Engine()
    assert compare(voice(145.0), engine, Limits()) == {}
    assert engine.asked == []


def test_a_recording_is_not_held_against_a_synthetic_voice() -> None:
    engine = Engine()
    scores = compare(voice(145.0), engine, voice="recording")
    assert set(scores) == set(LINE_METRICS)
    assert all(isinstance(score, Unsure) for score in scores.values())
    assert engine.asked == []


def test_a_whisper_is_held_to_its_rate_alone() -> None:
    scores = compare(voice(145.0), Engine(), direction=Direction(delivery=Delivery.WHISPER))
    unsure = {name for name, score in scores.items() if isinstance(score, Unsure)}
    assert unsure == set(LINE_METRICS) - {"line_rate_ratio"}


def test_a_word_of_its_own_pitch_leaves_the_timbre_to_be_held() -> None:
    edit = WordEdit("halt", prosody=Prosody(pitch_st=5.0))
    scores = compare(voice(145.0), Engine(), direction=Direction(words=(edit,)))
    unsure = {name for name, score in scores.items() if isinstance(score, Unsure)}
    timed = {"line_rate_ratio", "line_lack_s", "line_drawn_s"}
    assert unsure == {"line_pitch_off_st", "line_range_ratio", *timed}


def test_a_crack_that_the_voice_says_plainly_too_is_its_own() -> None:
    def cracked(height: float) -> Waveform:
        samples = voice(145.0).samples.copy()
        samples[samples.size // 2] += height
        return Waveform(samples, RATE)

    def said(plainly: float, now: float) -> Score:
        engine = Engine()
        engine.speak = lambda requests: [Speech(cracked(plainly), ()) for _ in requests]
        found = compare(cracked(now), engine)["line_click_db"]
        assert isinstance(found, Score)
        return found

    most = 7.0
    assert said(0.2, 0.2).value == pytest.approx(0)
    assert said(0.1, 0.2).value == pytest.approx(6, abs=0.5)
    lone = said(0.0, 0.2)
    assert lone.value > most
    assert lone.start_s == pytest.approx(voice(145.0).duration_s / 2, abs=0.005)
    assert said(0.2, 0.0).value < -most


def test_a_voice_that_does_not_say_it_plainly_is_an_error_and_no_pass() -> None:
    scores = compare(voice(145.0), Engine(error="out of memory"))
    assert all(isinstance(score, JudgeError) for score in scores.values())
    assert "out of memory" in str(scores["line_timbre_db"])


def test_a_voice_that_failed_once_is_asked_again_for_the_next_attempt() -> None:
    engine = Engine(error="out of memory")
    lines = plain_lines(engine)
    assert isinstance(compare(voice(145.0), engine, lines=lines)["line_timbre_db"], JudgeError)
    engine.error = ""
    assert compare(voice(145.0), engine, lines=lines)["line_timbre_db"] == pytest.approx(0, abs=0.1)


# -- its text --------------------------------------------------------------------------------------

SAID = Limits(most_line_text_nats=12.0)
HALT = (1, 2, 3, 4)


class Reader:
    """Hears the classes it is told, clearly: first in the take, then in the plain line."""

    revision = "fake"

    def __init__(
        self,
        take: tuple[int, ...],
        plain: tuple[int, ...] = HALT,
        frames: tuple[int, int] = (8, 8),
        last: int = 0,
        text: tuple[int, ...] = HALT,
    ) -> None:
        self.answers, self.error = [take, plain], None
        self.text = text  # of the line
        self.frames = frames  # of each sound, in take and plain line
        self.last = last  # of the take's last sound, where they are others
        self.heard: list[Waveform] = []

    def read(self, waveform: Waveform, transcript: Transcript) -> PhoneScores:
        self.heard.append(waveform)
        if self.error:
            raise self.error
        turn = len(self.heard) - 1
        sounds, frames = (0, *self.answers[turn], 0), self.frames[turn]
        counts = [frames] * len(sounds)
        if self.last and not turn:
            counts[-2] = self.last
        labels = np.repeat(sounds, counts)
        p = np.full((len(labels), 9), 0.005)
        p[np.arange(len(labels)), labels] = 0.96
        return PhoneScores(np.log(p).astype(np.float32), (self.text,), 0.01)


def read(reader: Reader, norms: Any = None, **more: Any) -> Scores:
    engine = Engine()
    return compare(voice(145.0), engine, SAID, lines=plain_lines(engine, reader, norms), **more)


def test_a_line_that_is_said_has_no_slips() -> None:
    reader = Reader(HALT)
    assert read(reader) == {"slip_nats": Score(0.0), "line_text_nats": Score(0.0)}
    assert len(reader.heard) == 2


def test_the_rate_is_that_of_the_phones_as_they_are_heard() -> None:
    """The sound is the plain line's, and as long: silence at its ends and a fade are no speech."""
    reader, engine = Reader(HALT, frames=(5, 8)), Engine()
    scores = compare(voice(145.0), engine, lines=plain_lines(engine, reader))
    assert scores["line_rate_ratio"] == pytest.approx(1.6, rel=0.05)
    assert len(reader.heard) == 2


def test_what_is_cut_off_is_told_with_its_end() -> None:
    """The last of four sounds has two of its eight frames left."""
    reader, engine = Reader(HALT, last=2), Engine()
    found = compare(voice(145.0), engine, lines=plain_lines(engine, reader))["line_lack_s"]
    assert isinstance(found, Score)
    assert (found.value, found.note) == (pytest.approx(0.06, abs=0.011), "end")
    assert found.start_s == pytest.approx(0.34 - AROUND_S, abs=0.02)
    lines = plain_lines(engine, Reader(HALT, last=2))
    later = compare(voice(145.0), engine, lines=lines, shift_s=0.25)["line_lack_s"]
    assert isinstance(later, Score)
    assert later.start_s == pytest.approx(found.start_s + 0.25)
    whole = compare(voice(145.0), engine, lines=plain_lines(engine, Reader(HALT)))["line_lack_s"]
    assert isinstance(whole, Score)
    assert whole.value == pytest.approx(0)


def test_what_is_read_has_the_same_silence_around_it_whoever_says_it() -> None:
    """A take is trimmed, the plain line is as its engine gives it."""
    engine, reader = Engine(), Reader(HALT)
    sound = voice(145.0)
    far = Waveform(np.pad(sound.samples, (RATE // 2, RATE)), RATE)
    found = compare(far, engine, lines=plain_lines(engine, reader))
    first, second = reader.heard
    assert first.duration_s == pytest.approx(second.duration_s, abs=0.04)
    assert first.duration_s == pytest.approx(sound.duration_s + 2 * AROUND_S, abs=0.04)
    lack = found["line_lack_s"]
    assert isinstance(lack, Score)
    assert lack.start_s == pytest.approx(0.5 + 0.08 - AROUND_S, abs=0.03)


def test_what_is_asked_of_the_rate_is_no_lack() -> None:
    reader, engine = Reader(HALT, frames=(4, 8)), Engine()
    lines = plain_lines(engine, reader)
    found = compare(voice(145.0), engine, asked=AskedManner(rate=2.0), lines=lines)["line_lack_s"]
    assert isinstance(found, Score)
    assert found.value == 0
    lines = plain_lines(engine, Reader(HALT, frames=(4, 8)))
    found = compare(voice(145.0), engine, asked=AskedManner(), lines=lines)["line_lack_s"]
    assert isinstance(found, Score)
    assert found.value > 0.1


def test_a_word_that_lasts_longer_than_it_should_is_named() -> None:
    engine, asked = Engine(), AskedManner(rate=0.8)
    lines = plain_lines(engine, Reader(HALT, frames=(10, 4)))
    found = compare(voice(145.0), engine, asked=asked, lines=lines, shift_s=0.2)["line_drawn_s"]
    assert isinstance(found, Score)
    assert (found.value, found.note) == (pytest.approx(0.2, abs=0.021), "“halt”")
    assert found.start_s == pytest.approx(0.2 + 0.1 - AROUND_S, abs=0.06)
    lines = plain_lines(engine, Reader(HALT, frames=(5, 4)))
    fair = compare(voice(145.0), engine, asked=asked, lines=lines)["line_drawn_s"]
    assert isinstance(fair, Score)
    assert fair.value == 0


def test_whether_it_is_the_text_at_all_is_asked_of_recordings_too() -> None:
    asked, said = Limits(least_text_fit_nats=3.0), tuple(range(1, 9)) * 2

    def fit(heard: tuple[int, ...], **more: Any) -> Any:
        reader = Reader(heard, text=said)
        engine = Engine()
        lines = plain_lines(engine, reader)
        found = compare(voice(145.0), engine, asked, lines=lines, voice="recording", **more)
        assert engine.asked == []
        return found["text_fit_nats"]

    assert fit(said) > 3.0
    assert fit(said[::-1]) < 3.0
    assert isinstance(fit(said, direction=Direction(delivery=Delivery.WHISPER)), Unsure)
    few = plain_lines(Engine(), Reader(HALT))
    found = compare(voice(145.0), Engine(), asked, lines=few, voice="recording")
    assert isinstance(found["text_fit_nats"], Unsure)


def test_a_plain_line_that_cannot_be_read_leaves_it_open() -> None:
    class Second(Reader):
        def read(self, waveform: Waveform, transcript: Transcript) -> PhoneScores:
            if self.heard:
                raise UnhearableError("More than 60 s are not listened to at once")
            return super().read(waveform, transcript)

    reader, engine = Second(HALT), Engine()
    scores = compare(voice(145.0, 0.8), engine, SAID, lines=plain_lines(engine, reader))
    assert {type(score) for score in scores.values()} == {Unsure}


def test_a_plain_line_too_short_for_its_text_is_no_cover_for_a_wrong_word() -> None:
    reader = Reader((5, 6, 7, 8), (), frames=(8, 1))
    scores = read(reader)
    assert isinstance(scores["line_text_nats"], Unsure)
    assert isinstance(scores["slip_nats"], Score)


def test_where_nobody_reads_the_phones_the_rate_is_that_of_the_sound() -> None:
    reader, engine = Reader(HALT), Engine()
    reader.error = UnhearableError("The judge does not know ɱ")
    scores = compare(voice(145.0, 0.8), engine, lines=plain_lines(engine, reader))
    assert scores["line_rate_ratio"] == pytest.approx(0.625, rel=0.02)


def test_a_judge_of_phones_that_fails_spares_the_pitch() -> None:
    reader, engine = Reader(HALT), Engine()
    reader.error = JudgeError("no model")
    scores = compare(voice(145.0), engine, lines=plain_lines(engine, reader))
    assert isinstance(scores["line_rate_ratio"], JudgeError)
    assert scores["line_pitch_off_st"] == pytest.approx(0, abs=0.05)


def test_another_word_is_told_in_words_and_with_its_place() -> None:
    scores = read(Reader((5, 6, 7, 8)))
    found = scores["slip_nats"]
    assert isinstance(found, Score)
    assert found.note == "something else for “halt”"
    assert found.start_s == pytest.approx(0.08 - AROUND_S, abs=0.03)
    assert found.value > 50
    beside = scores["line_text_nats"]
    assert isinstance(beside, Score)
    assert (beside.note, beside.start_s) == (found.note, pytest.approx(0.08 - AROUND_S, abs=0.03))
    assert beside.value > 50


def test_what_the_voice_says_so_plainly_too_is_left_to_the_other_limit() -> None:
    scores = read(Reader((5, 6, 7, 8), (5, 6, 7, 8)))
    assert scores["line_text_nats"] == Score(0.0)
    assert scores["slip_nats"].value > 50  # type: ignore[union-attr]


def test_only_a_limit_that_asks_lets_anybody_listen() -> None:
    reader, engine = Reader(HALT), Engine()
    assert compare(voice(145.0), engine, Limits(), lines=plain_lines(engine, reader)) == {}
    assert reader.heard == []


def test_a_whisper_and_a_sound_nobody_knows_are_inconclusive() -> None:
    whisper = read(Reader(HALT), direction=Direction(delivery=Delivery.WHISPER))
    reader = Reader(HALT)
    reader.error = UnhearableError("The judge does not know ɱ")
    for scores in (whisper, read(reader)):
        assert set(scores) == set(TEXT_METRICS)
        assert all(isinstance(score, Unsure) for score in scores.values())


@pytest.mark.parametrize("error", [JudgeError("no model"), MemoryError("no room")])
def test_a_judge_that_fails_is_an_error_and_no_pass(error: Exception) -> None:
    reader = Reader(HALT)
    reader.error = error
    scores = read(reader)
    assert set(scores) == set(TEXT_METRICS)
    assert all(isinstance(s, JudgeError) and str(error) in str(s) for s in scores.values())


def test_a_recording_is_held_against_its_text_alone() -> None:
    scores = read(Reader((5, 6, 7, 8)), voice="recording")
    assert isinstance(scores["slip_nats"], Score)
    assert isinstance(scores["line_text_nats"], Unsure)


def test_a_voice_that_is_played_at_another_size_keeps_its_times() -> None:
    """A small voice is played more slowly; a word, a pause or a cut is as long as it was."""
    norms = SimpleNamespace(misheard=lambda *_: Misheard(9.0, 0.8))
    reader, engine = Reader(HALT, last=2), Engine()
    lines = plain_lines(engine, reader, norms)
    found = compare(voice(145.0), engine, lines=lines)["line_lack_s"]
    assert [round(sound.sample_rate / RATE, 2) for sound in reader.heard] == [0.8, 0.8]
    usual = compare(voice(145.0), engine, lines=plain_lines(engine, Reader(HALT, last=2)))
    own = usual["line_lack_s"]
    assert isinstance(found, Score)
    assert isinstance(own, Score)
    # The reader says frames; each of them is 0.8 × as long in the sound itself.
    assert found.value == pytest.approx(0.8 * own.value, abs=1e-6)


@pytest.mark.parametrize(("misheard", "can_tell"), [(17.0, True), (90.0, False)])
def test_what_the_judge_mishears_in_whatever_a_voice_says_is_taken_off_where_no_line_tells(
    misheard: float, can_tell: bool
) -> None:
    norms = SimpleNamespace(misheard=lambda *_: Misheard(misheard))
    well, badly = read(Reader((5, 6, 7, 8))), read(Reader((5, 6, 7, 8)), norms=norms)
    if not can_tell:
        assert {type(badly[name]) for name in TEXT_METRICS} == {Unsure}
        return
    assert badly["line_text_nats"] == well["line_text_nats"]
    beyond = badly["slip_nats"]
    assert isinstance(beyond, Score)
    assert beyond.value == pytest.approx(well["slip_nats"].value - misheard)  # type: ignore[union-attr]
