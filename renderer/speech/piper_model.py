"""A Piper graph in onnxruntime: rows of ids in, rows of sound out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples
from renderer.errors import SynthesisError
from renderer.speech import noise
from renderer.speech.onnx_file import read_model
from renderer.speech.onnx_session import ANY_GPU, LOADED_FACTOR, Gpu, Session
from renderer.speech.vits import Opened, open_vits

_PAD_ID = 0
_MOST_HOP = 4_096
_MOST_NOISE = 1 << 26
_FIRST_NOISE_PER_ID = 16
# What onnxruntime keeps for a run over the bytes of its sound: 190 was measured.
_WORK_FACTOR = 200


@dataclass(frozen=True, slots=True)
class Job:
    """One row for the model.

    Attributes:
        ids: Phoneme ids.
        speaker: Speaker id.
        noise_scale: Variation of the sound.
        length_scale: Length of everything, ×.
        noise_w: Variation of durations.
        seed: Of this row's random numbers, 64 bits.
    """

    ids: tuple[int, ...]
    speaker: int = 0
    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8
    seed: int = 0

    @property
    def scales(self) -> tuple[float, float, float]:
        """What a batch has in common, in the order of the model's input."""
        return self.noise_scale, self.length_scale, self.noise_w


@dataclass(frozen=True, slots=True, eq=False)
class RowSound:
    """What the model said for one row.

    Attributes:
        samples: float32 (T,), finite.
        frames: float64 (ids,), frames per id, or None where the model does not tell.
        hop_length: Samples per frame, 0 without frames.
    """

    samples: Samples
    frames: npt.NDArray[np.float64] | None
    hop_length: int


class BatchError(Exception):
    """A batch's rows cannot be told apart; run them singly."""


class PiperModel:
    """A loaded graph. `run` may be called from several threads at once."""

    def __init__(self, data: bytes, *, use_cuda: bool | None = None, gpu: Gpu = ANY_GPU) -> None:
        """Check, edit and load a model.

        Args:
            data: The model's file.
            use_cuda: True: on a GPU or not at all; False: never; None: where there is one.
            gpu: How the GPU is used.

        Raises:
            ModelRefusedError: It is broken, hostile, or no Piper voice.
            VoiceError: A GPU was asked for and there is none, or memory ran out.
        """
        self.opened: Opened = open_vits(read_model(data))
        self._session = Session(self.opened.data, use_cuda, gpu)
        self._loaded_bytes = LOADED_FACTOR * len(data)
        self._most_bytes = 0  # of sound, in one run
        self.on_gpu = self._session.on_gpu
        # A guess that saves runs and never changes a result.
        self._noise_per_id = dict.fromkeys(
            (n.name for n in self.opened.noises), _FIRST_NOISE_PER_ID
        )

    def run(self, jobs: Sequence[Job], padded: int = 0) -> list[RowSound]:
        """Run one batch.

        Args:
            jobs: Rows with the same scales.
            padded: Ids per row at least; the longest row's where 0.

        Raises:
            BatchError: More than one row, and the answer is not one row each.
            SynthesisError: The model failed, or gave no usable sound.
        """
        feeds = self._feeds(jobs, padded)
        audio, frames = self._outputs(feeds, jobs)
        if len(jobs) == 1:
            return [self._single(audio, frames, jobs[0])]
        return self._split(audio, frames, jobs)

    def memory_bytes(self, runs: int) -> int:
        """Estimate what the model takes in memory.

        Args:
            runs: At the same time.
        """
        return self._loaded_bytes + runs * _WORK_FACTOR * self._most_bytes

    def _feeds(self, jobs: Sequence[Job], padded: int) -> dict[str, Any]:
        length = max(padded, *(len(job.ids) for job in jobs))
        ids = np.full((len(jobs), length), _PAD_ID, np.int64)
        for row, job in zip(ids, jobs, strict=True):
            row[: len(job.ids)] = job.ids
        feeds: dict[str, Any] = {
            "input": ids,
            "input_lengths": np.array([len(job.ids) for job in jobs], np.int64),
            "scales": np.array(jobs[0].scales, np.float32),
        }
        if self.opened.has_speakers:
            feeds["sid"] = np.array([job.speaker for job in jobs], np.int64)
        return feeds

    def _outputs(self, feeds: dict[str, Any], jobs: Sequence[Job]) -> tuple[Any, Any]:
        """Run until no stream of random numbers was too short."""
        opened, length = self.opened, feeds["input"].shape[1]
        names = [opened.audio, *([opened.durations] if opened.durations else [])]
        needs = [n.need for n in opened.noises]
        sizes = {n.name: self._noise_per_id[n.name] * length for n in opened.noises}
        while True:
            for place, n in enumerate(opened.noises):
                streams = [noise.stream(j.seed, place, sizes[n.name], n.kind) for j in jobs]
                feeds[n.name] = np.stack(streams)
            answers = self._session.run([*names, *needs], feeds)
            short = False
            for n, need in zip(opened.noises, answers[len(names) :], strict=True):
                if (wanted := int(np.max(need))) > sizes[n.name]:
                    short, sizes[n.name] = True, wanted
                    self._noise_per_id[n.name] = -(-wanted * 5 // (4 * length))
                    if wanted > _MOST_NOISE:
                        raise SynthesisError("The model asks for more than it can be meant to say.")
            if not short:
                self._most_bytes = max(self._most_bytes, answers[0].nbytes)
                return answers[0], answers[1] if opened.durations else None

    def _single(self, audio: Any, frames: Any, job: Job) -> RowSound:  # noqa: ANN401
        samples = _checked(np.asarray(audio, np.float32).ravel())
        if frames is None or np.size(frames) != len(job.ids):
            return RowSound(samples, None, 0)
        counts = np.asarray(frames, np.float64).ravel()
        hop = _hop(samples.size, counts)
        return RowSound(samples, counts if hop else None, hop)

    def _split(self, audio: Any, frames: Any, jobs: Sequence[Job]) -> list[RowSound]:  # noqa: ANN401
        """Cut a batch's rows to their own lengths."""
        if frames is None or audio.shape[0] != len(jobs) or frames.shape[0] != len(jobs):
            raise BatchError("the model does not give one row of sound and of durations per line")
        sound = np.asarray(audio, np.float32).reshape(len(jobs), -1)
        table = np.asarray(frames, np.float64).reshape(len(jobs), -1)
        counts = [row[: len(job.ids)] for row, job in zip(table, jobs, strict=True)]
        longest = max(counts, key=lambda c: float(c.sum()))
        hop = _hop(sound.shape[1], longest)
        if not hop:
            raise BatchError("the model's durations do not add up to its sound")
        return [
            RowSound(_checked(row[: round(float(c.sum())) * hop].copy()), c, hop)
            for row, c in zip(sound, counts, strict=True)
        ]


def _hop(size: int, frames: npt.NDArray[np.float64]) -> int:
    """Return samples per frame, or 0 where the frames are not the sound's."""
    total = float(frames.sum()) if np.all(np.isfinite(frames)) and np.all(frames >= 0) else 0.0
    if total <= 0 or total != round(total) or size % round(total):
        return 0
    hop = size // round(total)
    return hop if hop <= _MOST_HOP else 0


def _checked(samples: Samples) -> Samples:
    if samples.size == 0:
        raise SynthesisError("The voice's model gave no sound.")
    if not np.all(np.isfinite(samples)):
        raise SynthesisError("The voice's model gave NaN or infinite samples; the file is damaged.")
    return samples
