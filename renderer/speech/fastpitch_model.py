"""The three graphs of a voice of our own: tokens to hidden, hidden to mel, mel to sound.

A row is always padded to lengths that follow from the row alone (`bucket`), and only rows of equal
padded length share a run. So a row's numbers do not depend on its neighbours, and a GPU meets few
different shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples
from renderer.domain.voice_model import GRAPHS, VoiceModel
from renderer.errors import ModelRefusedError, SynthesisError
from renderer.speech import noise
from renderer.speech.fastpitch_prosody import Prosody
from renderer.speech.fastpitch_row import Row
from renderer.speech.onnx_file import FLOAT, INT64, Model, element_type, read_model
from renderer.speech.onnx_session import ANY_GPU, LOADED_FACTOR, Gpu, Session

Array = npt.NDArray[np.float32]

ENCODER, DECODER, VOCODER = GRAPHS
_ENCODED = ("hidden", "durations", "pitch", "energy")
_DECODED = ("mel", "f0", "voicing")
_SOUND = ("samples",)
_INPUTS: Mapping[str, Mapping[str, int]] = {
    ENCODER: {
        **dict.fromkeys(("phones", "stresses", "word_starts", "lengths"), INT64),
        **dict.fromkeys(("language", "emotion"), INT64),
        "speaker": FLOAT,
    },
    DECODER: {
        "hidden": FLOAT,
        "durations": INT64,
        "pitch": FLOAT,
        "spread": FLOAT,
        "energy": FLOAT,
        "speaker": FLOAT,
        "frames": INT64,
    },
    VOCODER: {"mel": FLOAT, "f0": FLOAT, "voiced": FLOAT, "noise": FLOAT},
}
_OUTPUTS = {ENCODER: _ENCODED, DECODER: _DECODED, VOCODER: _SOUND}
# What our graphs are made of: no loops, no branches, no random numbers, nothing that reads files.
_ALLOWED = """
    Abs Add And Cast Ceil Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos CumSum Div
    Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm Greater
    GreaterOrEqual
    Identity LayerNormalization LeakyRelu Less LessOrEqual Log MatMul Max Min Mod Mul Neg Not Or Pad
    Pow
    Range Reciprocal ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape
    Resize ScatterND Shape
    Sigmoid Sign Sin Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze
    Where
"""
_OPS = frozenset(_ALLOWED.split())
_SILENT_MEL = float(np.log(1e-5))
_MARGIN_FRAMES = 4  # of silence after a row, for what the vocoder hears beyond an end
_NOISE_PLACE = 0
# What onnxruntime keeps for a run over the bytes of its sound: 30 was measured.
_WORK_FACTOR = 30


def bucket(count: int, least: int) -> int:
    """Return the padded length of a row: an eighth longer at most, of few different values.

    >>> [bucket(n, 16) for n in (1, 17, 100, 300, 1000)]
    [16, 32, 112, 320, 1024]
    """
    step = least
    while step * 16 <= count:
        step *= 2
    return -(-count // step) * step


@dataclass(frozen=True, slots=True, eq=False)
class EncoderJob:
    """One row of tokens.

    Attributes:
        row: The tokens.
        language: Id of the language.
        emotion: Id of the emotion.
        vector: float32 (D,), the speaker.
    """

    row: Row
    language: int
    emotion: int
    vector: Array

    @property
    def padded(self) -> int:
        """Tokens it is padded to."""
        return bucket(len(self.row), 16)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the encoder says to one row.

    Attributes:
        hidden: float32 (N, C).
        prosody: Durations, pitch and energy as the model would have them.
    """

    hidden: Array
    prosody: Prosody


@dataclass(frozen=True, slots=True, eq=False)
class DecoderJob:
    """One row to be spoken.

    Attributes:
        hidden: float32 (N, C).
        prosody: Whole frames, absolute pitch, energy.
        vector: float32 (D,), the speaker.
        seed: Of the row's noise, 64 bits.
    """

    hidden: Array
    prosody: Prosody
    vector: Array
    seed: int

    @property
    def frames(self) -> int:
        """Frames of sound."""
        return int(self.prosody.durations.sum())

    @property
    def padded(self) -> tuple[int, int]:
        """Frames and tokens it is padded to."""
        return bucket(self.frames + _MARGIN_FRAMES, 32), bucket(len(self.hidden), 16)


class FastPitchModel:
    """The loaded graphs. Methods may be called from several threads at once."""

    def __init__(
        self,
        graphs: Mapping[str, bytes],
        model: VoiceModel,
        *,
        use_cuda: bool | None = None,
        gpu: Gpu = ANY_GPU,
    ) -> None:
        """Check and load the graphs.

        Args:
            graphs: File name to its bytes, hashes checked.
            model: The voice's `voice.json`.
            use_cuda: True: on a GPU or not at all; False: never; None: where there is one.
            gpu: How the GPU is used.

        Raises:
            ModelRefusedError: A graph is broken, hostile, or not one of a voice of ours.
            VoiceError: A GPU was asked for and there is none, or memory ran out.
        """
        for name in GRAPHS:
            _check(name, read_model(graphs[name]))
        self.voice = model
        self._encoder, self._decoder, self._vocoder = (
            Session(graphs[name], use_cuda, gpu) for name in GRAPHS
        )
        self._loaded_bytes = LOADED_FACTOR * sum(len(graphs[name]) for name in GRAPHS)
        self._most_bytes = 0  # of sound, in one run
        self.on_gpu: bool = self._vocoder.on_gpu

    def memory_bytes(self, runs: int) -> int:
        """Estimate what the graphs take in memory.

        Args:
            runs: At the same time.
        """
        return self._loaded_bytes + runs * _WORK_FACTOR * self._most_bytes

    def encode(self, jobs: Sequence[EncoderJob]) -> list[Encoded]:
        """Read rows of one padded length.

        Raises:
            SynthesisError: The model failed.
        """
        feeds = _token_feeds(jobs)
        hidden, *prosody = self._encoder.run(_ENCODED, feeds)
        wanted = feeds["phones"].shape
        if hidden.ndim != 3 or any(a.shape[:2] != wanted for a in (hidden, *prosody)):  # noqa: PLR2004
            raise SynthesisError("The voice's encoder gave tensors of another shape.")
        return [
            Encoded(
                hidden[b, : len(job.row)],
                Prosody.of(*(a[b, : len(job.row)] for a in prosody)),
            )
            for b, job in enumerate(jobs)
        ]

    def speak(self, jobs: Sequence[DecoderJob]) -> list[Samples | SynthesisError]:
        """Speak rows of one padded length; a row whose sound is no number is an error alone.

        Raises:
            SynthesisError: The model failed.
        """
        frames, _ = jobs[0].padded
        mel, f0, voicing = self._decoder.run(_DECODED, _frame_feeds(jobs))
        batch = len(jobs), frames
        if mel.shape != (batch[0], self.voice.n_mels, frames) or f0.shape != batch:
            raise SynthesisError("The voice's decoder gave tensors of another shape.")
        voiced = (voicing > 0).astype(np.float32)
        for b, job in enumerate(jobs):
            mel[b, :, job.frames :] = _SILENT_MEL
            f0[b, job.frames :] = f0[b, job.frames - 1]
            voiced[b, job.frames :] = 0.0
        hop = self.voice.hop_length
        numbers = [noise.stream(j.seed, _NOISE_PLACE, frames * hop, "normal") for j in jobs]
        feeds = {"mel": mel, "f0": f0, "voiced": voiced, "noise": np.stack(numbers)}
        (samples,) = self._vocoder.run(_SOUND, feeds)
        if samples.shape != (len(jobs), frames * hop):
            raise SynthesisError("The voice's vocoder gave sound of another length.")
        self._most_bytes = max(self._most_bytes, samples.nbytes)
        return [_checked(row[: job.frames * hop]) for row, job in zip(samples, jobs, strict=True)]


def _token_feeds(jobs: Sequence[EncoderJob]) -> dict[str, npt.NDArray[np.generic]]:
    shape = len(jobs), jobs[0].padded
    phones, stresses, starts = (np.zeros(shape, np.int64) for _ in range(3))
    for b, job in enumerate(jobs):
        count = len(job.row)
        phones[b, :count] = job.row.ids
        stresses[b, :count] = job.row.stresses
        starts[b, :count] = job.row.word_starts
    return {
        "phones": phones,
        "stresses": stresses,
        "word_starts": starts,
        "lengths": np.array([len(job.row) for job in jobs], np.int64),
        "language": np.array([job.language for job in jobs], np.int64),
        "emotion": np.array([job.emotion for job in jobs], np.int64),
        "speaker": np.stack([job.vector for job in jobs]),
    }


def _frame_feeds(jobs: Sequence[DecoderJob]) -> dict[str, npt.NDArray[np.generic]]:
    frames, tokens = jobs[0].padded
    shape = len(jobs), tokens
    hidden = np.zeros((*shape, jobs[0].hidden.shape[1]), np.float32)
    durations = np.zeros(shape, np.int64)
    pitch, spread, energy = (np.zeros(shape, np.float32) for _ in range(3))
    for b, job in enumerate(jobs):
        count = len(job.hidden)
        hidden[b, :count] = job.hidden
        durations[b, :count] = job.prosody.durations
        pitch[b, :count] = job.prosody.pitch
        spread[b, :count] = job.prosody.spread
        energy[b, :count] = job.prosody.energy
    return {
        "hidden": hidden,
        "durations": durations,
        "pitch": pitch,
        "spread": spread,
        "energy": energy,
        "speaker": np.stack([job.vector for job in jobs]),
        "frames": np.array([frames], np.int64),
    }


def _check(name: str, model: Model) -> None:
    """Refuse a graph that is not what a voice of ours has."""
    graph = model.graph
    if foreign := sorted({node.op for node in graph.walk()} - _OPS):
        raise ModelRefusedError(
            f"{name} uses the operations {', '.join(foreign)}, which no voice of ours needs."
        )
    given = {n: element_type(i) for n, i in graph.inputs if n not in graph.initializers}
    if given != _INPUTS[name]:
        raise ModelRefusedError(
            f"{name} has the inputs {', '.join(sorted(given))} instead of "
            f"{', '.join(sorted(_INPUTS[name]))}, or of other types."
        )
    if [n for n, _ in graph.outputs] != list(_OUTPUTS[name]):
        raise ModelRefusedError(f"{name} has not the outputs {', '.join(_OUTPUTS[name])}.")


def _checked(samples: Samples) -> Samples | SynthesisError:
    if not np.isfinite(samples).all():
        return SynthesisError("The voice's model gave NaN or infinite samples; it is damaged.")
    return samples.copy()
