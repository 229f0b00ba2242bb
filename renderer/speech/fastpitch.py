"""Voices of our own: FastPitch and a vocoder, run by onnxruntime.

One line's walk: transcript -> rows of tokens (`fastpitch_row`) -> encoder -> what was asked for
(`fastpitch_prosody`) -> decoder and vocoder (`fastpitch_model`) -> rows joined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples, Waveform
from renderer.domain.speaker import Speaker
from renderer.domain.transcript import PhoneSpan
from renderer.domain.voice import VoiceCard
from renderer.errors import SynthesisError
from renderer.ports import Speech, SpeechRequest
from renderer.speech import runs
from renderer.speech.fastpitch_model import DecoderJob, Encoded, EncoderJob, FastPitchModel
from renderer.speech.fastpitch_prosody import Prosody, Score, shape
from renderer.speech.fastpitch_row import Row, build_rows
from renderer.speech.onnx_session import cores
from renderer.text.inventory import INVENTORY_REVISION, is_pause

NAME = "fastpitch"
REVISION = f"fastpitch/1 inventory/{INVENTORY_REVISION}"
_LINES_AT_ONCE = 256  # what is in flight; bounds memory, changes no sample
_NEUTRAL = "neutral"
# Padded tokens and frames of one run. On a CPU only short lines gain by sharing one.
_CPU_TOKENS, _CPU_FRAMES = 256, 512
_GPU_TOKENS, _GPU_FRAMES = 16_384, 32_768


@dataclass(slots=True)
class _Line:
    """One request on its way.

    Attributes:
        request: What was asked.
        rows: Its tokens.
        speaker: Who speaks.
        vector: float32 (D,), the speaker's.
        first: Index of its first row's job.
        error: Why it cannot be said.
        prosodies: One per row, once shaped.
    """

    request: SpeechRequest
    rows: list[Row] = field(default_factory=list)
    speaker: Speaker | None = None
    vector: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    first: int = 0
    error: SynthesisError | None = None
    prosodies: list[Prosody] = field(default_factory=list)


class FastPitchVoice:
    """A loaded voice of ours."""

    def __init__(
        self,
        card: VoiceCard,
        model: FastPitchModel,
        speakers: Mapping[str, Speaker],
        *,
        variation: float = 0.0,
        threads: int = 0,
        base: FastPitchVoice | None = None,
    ) -> None:
        """Take the parts; `fastpitch_folder.load` reads them.

        Args:
            card: What the voice is.
            model: Its graphs, or those of the voice it builds on.
            speakers: Everyone it can be, the first one by default.
            variation: How much a seed changes melody and timing.
            threads: Runs at the same time; 0 is one per core on the CPU and one on a GPU.
            base: The voice it builds on, or None for one with graphs of its own.
        """
        self._card = card
        self.model = model
        self.speakers = speakers
        self._variation = variation
        # A voice that builds on another keeps it loaded: the graphs are the other's.
        self.base = base
        self._threads = threads or (1 if model.on_gpu else cores())
        self._pool: ThreadPoolExecutor | None = None
        self.most_tokens = _GPU_TOKENS if model.on_gpu else _CPU_TOKENS
        self.most_frames = _GPU_FRAMES if model.on_gpu else _CPU_FRAMES

    @property
    def card(self) -> VoiceCard:
        """What the voice is."""
        return self._card

    @property
    def on_gpu(self) -> bool:
        """Whether it runs on a GPU."""
        return self.model.on_gpu

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory beside the voice it builds on, estimated from files and rows."""
        return 0 if self.base else self.model.memory_bytes(self._threads)

    @property
    def has_intonation(self) -> bool:
        """Pitch, range and the timing of words and phones are the model's inputs."""
        return True

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        """Say a batch; one answer per request, in order."""
        if self._pool is None and self._threads > 1:
            self._pool = ThreadPoolExecutor(self._threads, NAME)
        answers: list[Speech | SynthesisError] = []
        for start in range(0, len(requests), _LINES_AT_ONCE):
            answers += self._speak(requests[start : start + _LINES_AT_ONCE])
        return answers

    def _speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        encoder_jobs: list[EncoderJob] = []
        lines = [self._plan(request, encoder_jobs) for request in requests]
        encoded = self._encode(encoder_jobs)
        decoder_jobs: list[DecoderJob] = []
        for line in lines:
            if line.error is None:
                self._shape(line, encoded, decoder_jobs)
        sounds = self._decode(decoder_jobs)
        return [self._assemble(line, sounds) for line in lines]

    # -- before the model ------------------------------------------------------------------------

    def _plan(self, request: SpeechRequest, jobs: list[EncoderJob]) -> _Line:
        line = _Line(request, first=len(jobs))
        try:
            line.speaker = self._speaker(request.speaker)
            language = self._language(request.transcript.locale)
            line.rows = build_rows(request.transcript, self.model.voice)
        except SynthesisError as error:
            line.error = error
            return line
        line.vector = np.array(line.speaker.vector, np.float32)
        emotions = self.model.voice.emotions
        emotion = emotions.index(_NEUTRAL) if _NEUTRAL in emotions else 0
        jobs += [EncoderJob(row, language, emotion, line.vector) for row in line.rows]
        return line

    def _speaker(self, name: str) -> Speaker:
        if not name:
            numbers = self._card.speakers
            return self.speakers[min(self.speakers, key=lambda one: numbers.get(one, 0))]
        if name not in self.speakers:
            known = ", ".join(list(self.speakers)[:20])
            raise SynthesisError(
                f"Voice {self._card.name!r} has no speaker {name!r}; it has {known}."
            )
        return self.speakers[name]

    def _language(self, locale: str) -> int:
        known = self.model.voice.languages
        tag = locale.casefold().replace("_", "-")
        for one in (tag, tag.split("-", maxsplit=1)[0]):
            if one in known:
                return known.index(one)
        raise SynthesisError(
            f"Voice {self._card.name!r} does not speak {locale}; it speaks {', '.join(known)}."
        )

    # -- the model -------------------------------------------------------------------------------

    def _encode(self, jobs: Sequence[EncoderJob]) -> list[Encoded | SynthesisError]:
        padded = [job.padded for job in jobs]
        planned = runs.group(padded, padded, self.most_tokens)
        return runs.perform(jobs, planned, self.model.encode, self._pool)

    def _decode(self, jobs: Sequence[DecoderJob]) -> list[Samples | SynthesisError]:
        padded = [job.padded for job in jobs]
        planned = runs.group(padded, [frames for frames, _ in padded], self.most_frames)
        return runs.perform(jobs, planned, self.model.speak, self._pool)

    def _shape(
        self,
        line: _Line,
        encoded: Sequence[Encoded | SynthesisError],
        jobs: list[DecoderJob],
    ) -> None:
        """Make a line's prosody what was asked for, over all its rows at once."""
        said: list[Encoded] = []
        for one in encoded[line.first : line.first + len(line.rows)]:
            if isinstance(one, SynthesisError):
                line.error = one
                return
            said.append(one)
        score = Score(line.rows)
        joined = score.join([one.prosody for one in said])
        try:
            shaped = self._shaped(line, joined, score)
        except SynthesisError as error:
            line.error = error
            return
        line.prosodies = score.split(shaped)
        line.first = len(jobs)
        seed = (line.request.seed & 0xFFFFFFFF) << 32
        for number, (one, prosody) in enumerate(zip(said, line.prosodies, strict=True)):
            jobs.append(DecoderJob(one.hidden, prosody, line.vector, seed | number))

    def _shaped(self, line: _Line, said: Prosody, score: Score) -> Prosody:
        request = line.request
        assert line.speaker is not None  # noqa: S101 - planned lines have one
        variation = self._variation if request.noise_w is None else request.noise_w
        return shape(said, score, request, line.speaker, variation)

    # -- after the model -------------------------------------------------------------------------

    def _assemble(
        self, line: _Line, sounds: Sequence[Samples | SynthesisError]
    ) -> Speech | SynthesisError:
        """Join a line's rows."""
        if line.error is not None:
            return line.error
        parts: list[Samples] = []
        for sound in sounds[line.first : line.first + len(line.rows)]:
            if isinstance(sound, SynthesisError):
                return sound
            parts.append(sound)
        voice = self.model.voice
        waveform = Waveform.of(np.concatenate(parts), voice.sample_rate)
        return Speech(waveform, _spans(line, voice.hop_length / voice.sample_rate), "engine")


def _spans(line: _Line, frame_s: float) -> tuple[PhoneSpan, ...]:
    """Return the line's phones in time; pauses that touch become one silence."""
    spans: list[PhoneSpan] = []
    at = 0
    for row, prosody in zip(line.rows, line.prosodies, strict=True):
        for phoneme, word, frames in zip(_phonemes(row), row.words, prosody.durations, strict=True):
            start, at = at, at + int(frames)
            if at == start:
                continue
            if phoneme == "_" and spans and spans[-1].phoneme == "_":
                start = round(spans.pop().start_s / frame_s)
            spans.append(PhoneSpan(phoneme, start * frame_s, at * frame_s, word))
    return tuple(spans)


def _phonemes(row: Row) -> list[str]:
    """Return a row's IPA: the stress mark stands before the first vowel that carries it."""
    named: list[str] = []
    before = 0
    for symbol, stress in zip(row.symbols, row.stresses, strict=True):
        mark = "" if stress == before else ("", "ˈ", "ˌ")[stress]
        named.append("_" if is_pause(symbol) else mark + symbol)
        before = stress
    return named
