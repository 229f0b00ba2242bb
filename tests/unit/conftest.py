"""A render with a real database and store, and fakes for what speaks and what judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.db.plain import dump_result
from renderer.db.unit_of_work import SqlUnitOfWork
from renderer.domain.events import TakeRequested
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.take import Take
from renderer.domain.transcript import PhoneSpan, SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.errors import JudgeError, SynthesisError, TextError, UnknownVoiceError
from renderer.ports import EmotionRecogniser, Speech, SpeechRequest, TakeWrite
from renderer.quality.limits import GateLimits
from renderer.services.finish import Finisher
from renderer.services.hear_emotion import EmotionListener
from renderer.services.keep import Keeper
from renderer.services.level import VoiceLevel
from renderer.services.perform import Performer
from renderer.services.render import Render
from renderer.storage.local import LocalStore
from tests.fresh_database import fresh_database

RATE = 22_050
CARD = VoiceCard("fake", "fake", "0" * 64, sample_rate=RATE, licence="CC0-1.0", may_publish=True)
LIMITS = GateLimits({"least_peak_dbfs": -60.0, "most_duration_s": 6.0, "least_dnsmos_ovrl": 1.0})


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic_s(self) -> float:
        return self.time.timestamp()

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class FakeTranscriber:
    """Every written word is one spoken word of four phonemes; "unspeakable" is an error."""

    revision = "fake/1"

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        made: list[Transcript | TextError] = []
        for said in utterances:
            words = tuple(said.text.split())
            if "unspeakable" in words:
                made.append(TextError("nobody can say this"))
                continue
            spoken = tuple(SpokenWord(w, "tɛst", i) for i, w in enumerate(words))
            made.append(Transcript(said.locale, words, spoken))
        return made


def sound(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    swell = np.sin(np.pi * np.arange(time.size) / time.size) ** 1.5
    return np.asarray(0.2 * np.sin(2 * np.pi * 150 * time) * swell, np.float32)


class FakeVoice:
    """Implements `ports.Synthesiser`; the words of a line say how it misbehaves."""

    card = CARD
    has_intonation = False

    def __init__(self) -> None:
        self.requests: list[SpeechRequest] = []
        self.batches: list[int] = []
        self.loses_a_row = False
        self.is_long: Callable[[int], bool] = lambda attempt: True
        self._attempts: dict[str, int] = {}

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        self.requests += requests
        self.batches.append(len(requests))
        if any("explode" in r.transcript.written for r in requests):
            raise RuntimeError("boom")
        answers = [self._say(r) for r in requests]
        is_hit = len(answers) > 1 and any("drop" in r.transcript.written for r in requests)
        return answers[:-1] if is_hit or self.loses_a_row else answers

    def _say(self, request: SpeechRequest) -> Speech | SynthesisError:
        words = request.transcript.written
        if "mute" in words:
            return SynthesisError("the engine refuses this line")
        text = " ".join(words)
        self._attempts[text] = self._attempts.get(text, 0) + 1
        is_long = "long" in words and self.is_long(self._attempts[text])
        samples = sound(8.0 if is_long else 1.0)
        if "nan" in words:
            samples[1000] = np.nan
        if "silent" in words:
            samples[:] = 0
        end = samples.size / RATE
        return Speech(Waveform.of(samples, RATE), (PhoneSpan("t", 0.0, end, 0),))


class FakeVoices:
    """Implements `ports.VoiceBook` with one voice."""

    def __init__(self, voice: FakeVoice) -> None:
        self._voice = voice

    def cards(self) -> Mapping[str, VoiceCard]:
        return {CARD.name: CARD}

    def card(self, name: str) -> VoiceCard:
        if name != CARD.name:
            raise UnknownVoiceError(f"no voice {name!r}")
        return CARD

    def engine_revision(self, name: str) -> str:
        return f"{name}/1"

    def open(self, name: str) -> FakeVoice:
        self.card(name)
        return self._voice


class FakeJudge:
    """Implements `ports.Judge`; `broken` says how it breaks."""

    revision = "fake/1"

    def __init__(self) -> None:
        self.broken = ""
        self.low = False
        self.scored = 0

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        if self.broken == "raises":
            raise MemoryError("no memory for the model")
        scores: list[Mapping[str, float] | JudgeError] = []
        for _ in waveforms:
            self.scored += 1
            is_error = self.broken == "errors"
            scores.append(
                JudgeError("the model is gone")
                if is_error
                else {"dnsmos_ovrl": 0.5 if self.low else 3.0}
            )
        if self.broken == "nan":
            return [{"dnsmos_ovrl": float("nan")} for _ in waveforms]
        return scores[:-1] if self.broken == "loses one" else scores


@dataclass
class Studio:
    """Everything a batch needs."""

    unit: Callable[[], SqlUnitOfWork]
    store: LocalStore
    clock: FakeClock
    voice: FakeVoice = field(default_factory=FakeVoice)
    judge: FakeJudge = field(default_factory=FakeJudge)
    limits: GateLimits = LIMITS
    emotions: EmotionRecogniser | None = None

    def __post_init__(self) -> None:
        voices = FakeVoices(self.voice)
        transcriber = FakeTranscriber()
        level = VoiceLevel(self.unit, transcriber, voices.engine_revision)
        self.render = Render(
            self.unit,
            Performer(self.unit, self.store, voices, lambda _entries: transcriber),
            Finisher(
                voices,
                level,
                [self.judge],
                lambda _project: self.limits,
                emotions=self.emotions and EmotionListener(voices, level, self.emotions),
            ),
            Keeper(self.store, voices, lambda _codec: {"barkline": "test"}, dump_result),
            self.clock,
        )

    def ask(
        self, *texts: str, voice: str = "fake", max_attempts: int = 3, mastering: str = ""
    ) -> list[int]:
        """Ask for takes; returns their row ids."""
        writes = []
        for text in texts:
            said = Utterance(text.replace(" ", "_"), "en-US", "guard", "gate", text, text, voice)
            key = RenderKey(
                {
                    Part.TEXT: digest(text),
                    Part.VOICE: digest(voice),
                    Part.MASTERING: digest(mastering),
                }
            )
            writes.append(TakeWrite(key, RenderRequest(said, max_attempts=max_attempts), len(text)))
        with self.unit() as unit:
            ids = unit.takes.add(writes)
            made = [ids[w.render_key.hex] for w in writes]
            unit.outbox.add([TakeRequested(pk, voice, 10) for pk in made])
            unit.commit()
        return made

    def take(self, pk: int) -> Take:
        with self.unit() as unit:
            return unit.takes.get([pk])[0]

    def statuses(self, pks: Sequence[int]) -> list[str]:
        return [self.take(pk).status.value for pk in pks]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def unit(tmp_path: Path, clock: FakeClock) -> Callable[[], SqlUnitOfWork]:
    """Begins a transaction on a fresh database."""
    engine = fresh_database(tmp_path / "barkline.db")
    return lambda: SqlUnitOfWork(engine, "tiny", clock)


@pytest.fixture
def studio(unit: Callable[[], SqlUnitOfWork], tmp_path: Path, clock: FakeClock) -> Studio:
    return Studio(unit, LocalStore(tmp_path / "store", durable=False), clock)
