"""Piper voices: any VITS export with Piper's inputs, run by onnxruntime.

On the CPU each sentence is a run of its own on one thread, and as many run at the same time as
there are cores: the samples of a line are then the same whatever else is asked for, and nothing
waits at barriers inside a run. On a GPU sentences of like length share a batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from renderer.audio.waveform import Samples, Waveform
from renderer.domain.transcript import PhoneSpan
from renderer.domain.voice import VoiceCard
from renderer.errors import ModelRefusedError, OutOfMemoryError, SynthesisError
from renderer.ports import Speech, SpeechRequest
from renderer.speech.model_file import read_bounded
from renderer.speech.onnx_file import MOST_BYTES
from renderer.speech.onnx_session import ANY_GPU, Gpu, cores
from renderer.speech.phoneme_id import Row, build_rows
from renderer.speech.piper_config import MOST_BYTES as MOST_CONFIG_BYTES
from renderer.speech.piper_config import PiperConfig, read_config
from renderer.speech.piper_model import BatchError, Job, PiperModel, RowSound
from renderer.speech.timing import (
    Span,
    edges_from_durations,
    estimate_edges,
    scale_pauses,
    spans_of,
)

NAME = "piper"
REVISION = "piper/2"  # 2: the pads between phones are divided, which moves words and phones
MODEL, CONFIG = "model.onnx", "model.onnx.json"
_SENTENCE_PAUSE_S = 0.2
_GPU_BATCH = 16
_BUCKET = 64

_Answer = RowSound | SynthesisError


def files(card: VoiceCard) -> tuple[Path, ...]:
    """Return the files of a voice."""
    return Path(card.folder) / MODEL, Path(card.folder) / CONFIG


def revision(card: VoiceCard) -> str:
    """Return the engine's revision for the render key; the voice's settings are part of it.

    Raises:
        ModelRefusedError: The voice has no readable configuration.
    """
    config = read_bounded(Path(card.folder) / CONFIG, MOST_CONFIG_BYTES)
    return f"{REVISION} config/{hashlib.sha256(config).hexdigest()[:12]}"


@dataclass(slots=True)
class _Line:
    """One request on its way.

    Attributes:
        rows: Its sentences' rows.
        ends: Whether a sentence ends with the row.
        jobs: Indices into the jobs of the call.
        error: Why it cannot be said.
    """

    rows: list[Row] = field(default_factory=list)
    ends: list[bool] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    error: SynthesisError | None = None


class PiperVoice:
    """A loaded Piper voice."""

    def __init__(
        self,
        card: VoiceCard,
        model: PiperModel,
        config: PiperConfig,
        *,
        threads: int = 0,
        batch_size: int = 0,
    ) -> None:
        """Take the parts; `load` reads them from a card's folder.

        Args:
            card: What the voice is.
            model: Its graph.
            config: Its configuration.
            threads: Runs at the same time; 0 is one per core on the CPU and one on a GPU.
            batch_size: Sentences per run; 0 is 1 on the CPU and 16 on a GPU.
        """
        self._card = card
        self._model = model
        self._config = config
        self._threads = threads or (1 if model.on_gpu else cores())
        self._batch_size = batch_size or (_GPU_BATCH if model.on_gpu else 1)
        self._pool: ThreadPoolExecutor | None = None

    @classmethod
    def load(
        cls,
        card: VoiceCard,
        *,
        threads: int = 0,
        use_cuda: bool | None = None,
        gpu: Gpu = ANY_GPU,
    ) -> PiperVoice:
        """Read a voice's files, check them against its card and load them.

        The arguments are those of `Voices`.

        Raises:
            ModelRefusedError: A file is missing, changed, broken or hostile.
            VoiceError: A GPU was asked for and there is none, or memory ran out.
        """
        folder = Path(card.folder)
        data = read_bounded(folder / MODEL, MOST_BYTES)
        if hashlib.sha256(data).hexdigest() != card.model_sha256:
            raise ModelRefusedError(
                f"The model of voice {card.name!r} is not the one its card was made for (its "
                "SHA-256 differs). Restore the file, or add the voice again."
            )
        config = read_config(read_bounded(folder / CONFIG, MOST_CONFIG_BYTES))
        model = PiperModel(data, use_cuda=use_cuda, gpu=gpu)
        return cls(card, model, config, threads=threads)

    @property
    def card(self) -> VoiceCard:
        """What the voice is."""
        return self._card

    @property
    def config(self) -> PiperConfig:
        """The voice's configuration."""
        return self._config

    @property
    def on_gpu(self) -> bool:
        """Whether it runs on a GPU."""
        return self._model.on_gpu

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory, estimated from its file and the longest row it has said."""
        return self._model.memory_bytes(self._threads)

    @property
    def has_intonation(self) -> bool:
        """The engine takes neither pitch nor the timing of words."""
        return False

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        """Say a batch; one answer per request, in order."""
        jobs: list[Job] = []
        lines = [self._plan(request, jobs) for request in requests]
        answers = self.say_rows(jobs)
        return [
            self._assemble(line, request, answers)
            for line, request in zip(lines, requests, strict=True)
        ]

    # -- before the model ------------------------------------------------------------------------

    def _plan(self, request: SpeechRequest, jobs: list[Job]) -> _Line:
        line = _Line()
        try:
            speaker = self._speaker(request.speaker)
            for row, is_end in self._rows(request):
                line.rows.append(row)
                line.ends.append(is_end)
                line.jobs.append(len(jobs))
                jobs.append(self._job(request, row, speaker, len(line.jobs) - 1))
        except SynthesisError as error:
            line.error = error
        return line

    def _speaker(self, name: str) -> int:
        speakers = self._config.speakers
        if not name:
            return min(speakers.values(), default=0)
        if name not in speakers:
            known = f"it has {', '.join(speakers)}" if speakers else "it has only one"
            raise SynthesisError(f"Voice {self._card.name!r} has no speaker {name!r}; {known}.")
        return speakers[name]

    def _rows(self, request: SpeechRequest) -> Iterator[tuple[Row, bool]]:
        first = 0
        has_words = False
        for sentence in request.transcript.sentences():
            rows = build_rows(sentence, first, self._config)
            first += len(sentence)
            for number, row in enumerate(rows):
                if any(piece.word >= 0 for piece in row.pieces):
                    has_words = True
                    yield row, number == len(rows) - 1
        if not has_words:
            raise SynthesisError("There is nothing to say: no phoneme of the line is known.")

    def _job(self, request: SpeechRequest, row: Row, speaker: int, number: int) -> Job:
        config = self._config
        return Job(
            row.ids,
            speaker,
            config.noise_scale if request.noise_scale is None else request.noise_scale,
            config.length_scale / request.rate,
            config.noise_w if request.noise_w is None else request.noise_w,
            (request.seed & 0xFFFFFFFF) << 32 | number,
        )

    # -- the model -------------------------------------------------------------------------------

    def say_rows(self, jobs: Sequence[Job]) -> list[_Answer]:
        """Run rows, in batches and in parallel; one answer per row, in order."""
        answers: list[_Answer] = [SynthesisError("never run")] * len(jobs)
        batches = self._batches(jobs)
        if len(batches) <= 1 or self._threads == 1:
            done = [self._run([jobs[i] for i in batch]) for batch in batches]
        else:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "piper")
            done = list(self._pool.map(self._run, [[jobs[i] for i in b] for b in batches]))
        for batch, sounds in zip(batches, done, strict=True):
            for index, sound in zip(batch, sounds, strict=True):
                answers[index] = sound
        return answers

    def _batches(self, jobs: Sequence[Job]) -> list[list[int]]:
        """Return the indices of each run, the longest first so that no core waits at the end."""
        order = sorted(range(len(jobs)), key=lambda i: (jobs[i].scales, -len(jobs[i].ids), i))
        size = self._batch_size if self._card.batchable and self._model.opened.durations else 1
        batches: list[list[int]] = []
        for index in order:
            last = batches[-1] if batches else []
            if last and len(last) < size and jobs[last[0]].scales == jobs[index].scales:
                last.append(index)
            else:
                batches.append([index])
        return sorted(batches, key=lambda b: -len(jobs[b[0]].ids) * len(b))

    def _run(self, jobs: list[Job]) -> list[_Answer]:
        if len(jobs) > 1:
            try:
                longest = max(len(job.ids) for job in jobs)
                return list(self._model.run(jobs, -(-longest // _BUCKET) * _BUCKET))
            except OutOfMemoryError as error:  # who asked has to ask for less at once
                return [error] * len(jobs)
            except (BatchError, SynthesisError):  # one bad row must not fail its neighbours
                return [answer for job in jobs for answer in self._run([job])]
        try:
            return list(self._model.run(jobs))
        except SynthesisError as error:
            return [error]

    # -- after the model -------------------------------------------------------------------------

    def _assemble(
        self, line: _Line, request: SpeechRequest, answers: Sequence[_Answer]
    ) -> Speech | SynthesisError:
        """Join a line's sentences, with a pause between them."""
        if line.error is not None:
            return line.error
        parts: list[Samples] = []
        spans: list[Span] = []
        at, has_frames = 0, True
        for row, is_end, job in zip(line.rows, line.ends, line.jobs, strict=True):
            sound = answers[job]
            if isinstance(sound, SynthesisError):
                return sound
            has_frames &= sound.frames is not None
            parts.append(sound.samples)
            spans += _moved(self._spans(row, sound), at)
            at += sound.samples.size
            if is_end and job != line.jobs[-1]:
                silence = round(_SENTENCE_PAUSE_S * self._config.sample_rate)
                parts.append(np.zeros(silence, np.float32))
                spans.append(Span("_", at, at + silence, -1))
                at += silence
        samples, spans = np.concatenate(parts), _merged(spans)
        if request.pause_scale != 1.0:
            samples, spans = scale_pauses(samples, spans, request.pause_scale)
        return self._speech(samples, spans, "engine" if has_frames else "estimated")

    def _spans(self, row: Row, sound: RowSound) -> list[Span]:
        if sound.frames is not None:
            edges = edges_from_durations(row.pieces, sound.frames, sound.hop_length)
        else:
            edges = estimate_edges(row.pieces, sound.samples, self._config.sample_rate)
        return spans_of(row.pieces, edges)

    def _speech(self, samples: Samples, spans: Sequence[Span], source: str) -> Speech:
        rate = self._config.sample_rate
        phones = tuple(PhoneSpan(s.phoneme, s.start / rate, s.end / rate, s.word) for s in spans)
        return Speech(Waveform.of(samples, rate), phones, source)


def _moved(spans: Sequence[Span], by: int) -> list[Span]:
    return [Span(s.phoneme, s.start + by, s.end + by, s.word) for s in spans]


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Make silences that touch one."""
    merged: list[Span] = []
    for span in spans:
        if span.phoneme == "_" and merged and merged[-1].phoneme == "_":
            merged[-1] = Span("_", merged[-1].start, span.end, -1)
        else:
            merged.append(span)
    return merged
