"""What speaks and judges in the simulation: fakes behind the real stages, their sound kept.

The stages are the real ones. Each sound they make is kept for the whole test process, so that a
case costs milliseconds; the same line sounds the same in every case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.errors import JudgeError, SynthesisError, TextError, UnknownVoiceError
from renderer.ports import Speech, SpeechRequest
from renderer.quality.limits import GateLimits
from renderer.services import finish, keep, level

RATE = 22_050
CARDS = {
    name: VoiceCard(name, "fake", sha * 64, sample_rate=RATE, licence="CC0-1.0", may_publish=True)
    for name, sha in (("ada", "a"), ("ben", "b"))
}
LIMITS = GateLimits({"least_peak_dbfs": -60.0, "most_duration_s": 6.0, "least_dnsmos_ovrl": 1.0})
_kept: dict[object, Any] = {}


def _mark(value: object) -> object:
    """Return what stands for a value in a key: a sound for its samples, and is kept alive."""
    if not isinstance(value, Waveform):
        return value
    known = _kept.get(value)
    if known is None:
        known = _kept[value] = (value.sample_rate, hash(value.samples.tobytes()))
    return known


def _keeping(work: Callable[..., Any]) -> Callable[..., Any]:
    def done(*args: Any) -> Any:
        key = (work.__qualname__, *map(_mark, args))
        if key not in _kept:
            _kept[key] = work(*args)
        return _kept[key]

    return done


def _keeping_metrics(work: Callable[..., Any]) -> Callable[..., Any]:
    def done(take: Any, *heard: Any) -> Any:
        key = ("measure", _mark(take.delivered), take.transcript.written)
        if key not in _kept:
            _kept[key] = work(take, *heard)
        return _kept[key]

    return done


def keep_sounds() -> Callable[[], None]:
    """Have the stages keep what they make; returns what undoes it."""
    changes: list[tuple[Any, str, Any]] = []
    for module, names in (
        (finish, ("master", "encode", "decode")),
        (keep, ("encode", "encode_raw")),
        (level, ("voice_gain_db",)),
    ):
        for name in names:
            if name == "voice_gain_db":
                made = _gain(getattr(module, name))
            else:
                made = _keeping(getattr(module, name))
            changes.append((module, name, made))
    changes.append((finish, "measure", _keeping_metrics(finish.measure)))
    before = [(module, name, getattr(module, name)) for module, name, _ in changes]
    for module, name, made in changes:
        setattr(module, name, made)

    def undo() -> None:
        for module, name, was in before:
            setattr(module, name, was)

    return undo


def _gain(work: Callable[..., float]) -> Callable[..., float]:
    def done(waveforms: Sequence[Waveform], target: object) -> float:
        key = ("gain", target, *map(_mark, waveforms))
        if key not in _kept:
            _kept[key] = work(waveforms, target)
        return float(_kept[key])

    return done


class FakeTranscriber:
    """Every written word is one spoken word of four phonemes; "unspeakable" is an error."""

    revision = "fake/1"

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        made: list[Transcript | TextError] = []
        for said in utterances:
            words = tuple(said.text.split())
            spoken = tuple(SpokenWord(w, "tɛst", i) for i, w in enumerate(words))
            made.append(
                TextError("nobody can say this")
                if "unspeakable" in words
                else Transcript(said.locale, words, spoken)
            )
        return made


def _sound(words: tuple[str, ...]) -> Speech:
    key = ("speech", words)
    if key not in _kept:
        # One pitch per text, the same in every process of every run.
        pitch = 110 + sum(map(ord, "".join(words))) % 190
        time = np.arange(RATE // 2) / RATE
        swell = np.sin(np.pi * np.arange(time.size) / time.size) ** 1.5
        wave = 0.0 if "silent" in words else 0.2 * np.sin(2 * np.pi * pitch * time) * swell
        samples = np.asarray(wave * np.ones(time.size), np.float32)
        span = PhoneSpan("t", 0.0, samples.size / RATE, 0)
        _kept[key] = Speech(Waveform.of(samples, RATE), (span,))
    return _kept[key]


class FakeVoice:
    """Implements `ports.Synthesiser`; the words of a line say how it misbehaves."""

    has_intonation = False

    def __init__(self, card: VoiceCard, told: Callable[[tuple[str, ...]], None]) -> None:
        self.card = card
        self._told = told

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        answers: list[Speech | SynthesisError] = []
        for request in requests:
            words = request.transcript.written
            self._told(words)
            if "explode" in words:
                raise RuntimeError("boom")
            is_mute = "mute" in words
            answers.append(SynthesisError("the engine refuses") if is_mute else _sound(words))
        return answers


class FakeVoices:
    """Implements `ports.VoiceBook` with two voices."""

    def __init__(self, told: Callable[[tuple[str, ...]], None] = lambda _words: None) -> None:
        self._voices = {name: FakeVoice(card, told) for name, card in CARDS.items()}

    def cards(self) -> Mapping[str, VoiceCard]:
        return CARDS

    def card(self, name: str) -> VoiceCard:
        if name not in CARDS:
            raise UnknownVoiceError(f"no voice {name!r}")
        return CARDS[name]

    def engine_revision(self, name: str) -> str:
        return f"{name}/1"

    def open(self, name: str) -> FakeVoice:
        self.card(name)
        return self._voices[name]


class FakeJudge:
    """Implements `ports.Judge`."""

    revision = "fake/1"

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        return [{"dnsmos_ovrl": 3.0} for _ in waveforms]
