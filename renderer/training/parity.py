"""Does an exported graph say what the network says? Asked before anybody hears it.

Each graph is run by onnxruntime on a row alone and on three rows, of different length where lengths
are an input, and every row is compared with what torch says to that row alone: whatever leaked from
the padding or from a neighbour would show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from renderer.domain.voice_model import GRAPHS
from renderer.errors import TrainingError
from renderer.training.corpus import MEL
from renderer.training.fastpitch import FastPitchConfig

Row = tuple[Tensor, ...]
# Largest difference of any value, against the largest of its kind (or 1).
TOLERANCE: Mapping[str, float] = dict(zip(GRAPHS, (1e-4, 1e-4, 2e-3), strict=True))
_LENGTHS = (31, 18, 7)


def examples(config: FastPitchConfig, batch: int) -> tuple[Row, Row, Row]:
    """Return inputs of each graph, every row of full length, for tracing."""
    rows = [
        [makes(config, _LENGTHS[0], seed) for seed in range(batch)] for makes in _MAKERS.values()
    ]
    one, two, three = (_stack(many) for many in rows)
    return one, _with_frames(two), three


def require(name: str, data: bytes, graph: nn.Module, config: FastPitchConfig) -> None:
    """Compare a graph's file with the network.

    Args:
        name: Which graph.
        data: The file.
        graph: The network it was written from.
        config: Of the acoustic model.

    Raises:
        TrainingError: They differ by more than rounding.
    """
    # A vocoder is never told where a row ends: the engine gives it rows of one length.
    lengths = (_LENGTHS[0],) * 3 if name == GRAPHS[2] else _LENGTHS
    rows = [_MAKERS[name](config, length, seed) for seed, length in enumerate(lengths)]
    last = _MAKERS[name](config, _LENGTHS[-1], len(rows))
    worst = max(difference(data, graph, batch, name) for batch in (rows, rows[:1], [last]))
    if not worst <= TOLERANCE[name]:
        raise TrainingError(
            f"The exported {name} differs from the network by {worst:.2g}; more than "
            f"{TOLERANCE[name]:.0e} is no rounding. Nothing was written."
        )


def difference(data: bytes, graph: nn.Module, rows: Sequence[Row], name: str) -> float:
    """Return the largest difference of a batch in onnxruntime from single rows in torch."""
    is_decoder = name == GRAPHS[1]
    batch = _stack(rows)
    answers = run(data, graph, _with_frames(batch) if is_decoder else batch)
    worst = 0.0
    for b, row in enumerate(rows):
        alone = _with_frames(_stack([row])) if is_decoder else _stack([row])
        with torch.no_grad():
            wanted = graph(*alone)
        for one, other in zip(
            answers, wanted if isinstance(wanted, tuple) else (wanted,), strict=True
        ):
            worst = max(worst, _distance(one[b], other[0].numpy()))
    return worst


def run(data: bytes, graph: nn.Module, inputs: Sequence[Tensor]) -> list[Any]:
    """Return what onnxruntime says, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names: Sequence[str] = graph.inputs  # type: ignore[assignment]
    feeds = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    answers: list[Any] = session.run(None, feeds)
    return answers


def _distance(one: Any, other: Any) -> float:  # noqa: ANN401 - arrays of any shape
    """Compare over what the shorter has: the rest is padding."""
    shared = tuple(slice(0, min(a, b)) for a, b in zip(one.shape, other.shape, strict=True))
    a, b = one[shared], other[shared]
    if not np.isfinite(a).all():
        return float("inf")
    return float(np.abs(a - b).max() / max(1.0, np.abs(b).max()))


def _tokens(config: FastPitchConfig, length: int, seed: int) -> Row:
    g = torch.Generator().manual_seed(seed)
    phones = torch.randint(1, config.symbols, (length,), generator=g)
    stresses = torch.randint(0, 3, (length,), generator=g)
    starts = torch.randint(0, 2, (length,), generator=g)
    language = torch.tensor(seed % len(config.languages))
    emotion = torch.tensor(seed % len(config.emotions))
    vector = nn.functional.normalize(torch.randn(config.speaker_dim, generator=g), dim=0)
    return phones, stresses, starts, torch.tensor(length), language, emotion, vector


def _frames(config: FastPitchConfig, length: int, seed: int) -> Row:
    g = torch.Generator().manual_seed(seed)
    hidden = torch.randn(length, config.width, generator=g)
    durations = torch.randint(0, 12, (length,), generator=g)
    pitch = 12.0 + 4.0 * torch.randn(length, generator=g)
    energy = 6.0 * torch.randn(length, generator=g)
    vector = nn.functional.normalize(torch.randn(config.speaker_dim, generator=g), dim=0)
    spread = 2.0 * torch.rand(length, generator=g)
    return hidden, durations, pitch, spread, energy, vector


def _mel(config: FastPitchConfig, length: int, seed: int) -> Row:
    g = torch.Generator().manual_seed(seed)
    mel = torch.randn(config.n_mels, length, generator=g) - 5.0
    f0 = 100.0 + 150.0 * torch.rand(length, generator=g)
    voiced = (torch.arange(length) % 9 < 6).float()  # noqa: PLR2004 - some of each
    return mel, f0, voiced, torch.randn(length * MEL.hop_length, generator=g)


_MAKERS: Mapping[str, Callable[[FastPitchConfig, int, int], Row]] = dict(
    zip(GRAPHS, (_tokens, _frames, _mel), strict=True)
)


def _stack(rows: Sequence[Row]) -> Row:
    """Pad rows to the longest and stack them."""
    made = []
    for values in zip(*rows, strict=True):
        longest = [max(sizes) for sizes in zip(*(v.shape for v in values), strict=True)]
        padded = values[0].new_zeros((len(values), *longest))
        for b, value in enumerate(values):
            padded[(b, *(slice(0, size) for size in value.shape))] = value
        made.append(padded)
    return tuple(made)


def _with_frames(rows: Row) -> Row:
    """Add the number of frames that the decoder pads to: more than any row has."""
    longest = int(rows[1].sum(1).max())
    return (*rows, torch.tensor([longest + 5]))
