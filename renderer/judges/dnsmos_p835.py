"""DNSMOS P.835 in two parts, so that a looped line is not heard over and over.

The model is a stack of 3 × 3 convolutions over 900 frames of 161 frequencies, 10 ms apart, and ends
in the maximum over all of them. Its first four convolutions, 98 % of its 19 GMAC, keep one column
per frame, and a column depends on its own frame and `REACH` to either side. In a line looped to
nine seconds whose loop is a whole number of frames these columns repeat: they need be made once.

    frames (N, T, 320) → front → columns (N, 32, T, 80) → back, T = 900 → raw scores (N, 3)

Only the graph is cut; every weight and operation is the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

BLOCK = 160  # samples at 16 kHz: 10 ms, half a frame
FRAMES = 900  # of a window
REACH = 4  # frames: four convolutions of 3 × 3
CHUNK = 128  # frames per run: keeps what lies between layers small, and of few sizes
_COLUMN = (32, 80)  # channels, half the frequencies
_FRONT_INPUT, _BACK_INPUT = "frames", "columns"
# Names in the model: where the frames stand in rows, the last full-length layer, and what pools it.
_FRAMED = "mos_estimator_logpow/concat:0"
_FULL = "mos_estimator_logpow/conv2d_3/Relu:0"
_POOLED = "mos_estimator_logpow/conv2d_3/Relu:0_pooling0"
_SCORES = "Identity:0"
_OPSET, _IR = 12, 7


Blocks = npt.NDArray[np.float32]
Columns = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Loop:
    """Sound that begins anew where it ends, and the windows of it that are judged.

    Attributes:
        blocks: (n, 160) float32 at 16 kHz; frame k is blocks k and k + 1, modulo n.
        starts: Block at which each window of 901 blocks begins.
    """

    blocks: Blocks
    starts: tuple[int, ...]

    def window(self, start: int) -> Samples:
        """Return a window's samples, float32 (144160,)."""
        return np.take(self.blocks, range(start, start + FRAMES + 1), axis=0, mode="wrap").ravel()


class P835:
    """The model over loops.

    Args:
        data: `sig_bak_ovr.onnx`.
        session: Opens an ONNX file.
    """

    def __init__(self, data: bytes, session: Callable[[bytes], Any]) -> None:
        self._front, self._back = (session(part) for part in split(data))

    def raw(self, loop: Loop) -> npt.NDArray[np.float32]:
        """Return what the model makes of each window of a loop, float32 (windows, 3).

        It is the model's own answer to `Loop.window`, but for the order of additions.
        """
        made = self._made_around(loop.blocks)
        return np.concatenate([self._scores(loop, start, made) for start in loop.starts])

    def _made_around(self, blocks: Blocks) -> Columns:
        """Return the columns of all frames of a loop, none of which knows an end, (32, n, 80)."""
        count = len(blocks)
        reach = range(-REACH, count + REACH + 1)
        frames = _frames(np.take(blocks, reach, axis=0, mode="wrap"))
        parts = [
            self._columns(frames[np.newaxis, start : start + CHUNK + 2 * REACH])[0]
            for start in range(0, count, CHUNK)
        ]
        return np.concatenate([part[:, REACH:-REACH] for part in parts], axis=1)

    def _scores(self, loop: Loop, start: int, around: Columns) -> npt.NDArray[np.float32]:
        """Return one window's scores, (1, 3): outside of it the model sees nothing."""
        place = np.arange(start, start + FRAMES) % len(loop.blocks)
        columns = around[:, place]
        frames = _frames(loop.window(start).reshape(-1, BLOCK))
        first, last = self._columns(np.stack([frames[: 2 * REACH], frames[-2 * REACH :]]))
        columns[:, :REACH], columns[:, -REACH:] = first[:, :REACH], last[:, -REACH:]
        raw: npt.NDArray[np.float32] = self._back.run(None, {_BACK_INPUT: columns[np.newaxis]})[0]
        return raw

    def _columns(self, frames: npt.NDArray[np.float32]) -> Columns:
        made: Columns = self._front.run(None, {_FRONT_INPUT: frames})[0]
        return made


def _frames(blocks: Blocks) -> npt.NDArray[np.float32]:
    """Return the frames of consecutive blocks, (n - 1, 320)."""
    return np.concatenate([blocks[:-1], blocks[1:]], axis=1)


def split(data: bytes) -> tuple[bytes, bytes]:
    """Cut the model in two.

    Args:
        data: `sig_bak_ovr.onnx`, as the `speechmos` wheel has it.

    Returns:
        Front and back as ONNX files. The pooling of 2 × 2 between them is done over frequencies in
        the front and over time in the back.

    Raises:
        ValueError: This is another model.
        ImportError: The package `onnx` is missing.
    """
    import onnx
    from onnx import helper

    model = onnx.load_from_string(data)
    nodes = list(model.graph.node)
    made_by = {node.output[0]: index for index, node in enumerate(nodes)}
    if not {_FRAMED, _FULL, _POOLED, _SCORES} <= made_by.keys():
        raise ValueError("this is another model than DNSMOS P.835's: its layers have other names")
    framed, pooled = made_by[_FRAMED], made_by[_POOLED]
    for node in nodes[framed + 1 : pooled]:
        _rename(node, _FRAMED, _FRONT_INPUT)
    over_frequencies = helper.make_node(
        "MaxPool", [_FULL], [_BACK_INPUT], kernel_shape=[1, 2], strides=[1, 2]
    )
    over_time = helper.make_node(
        "MaxPool", [_BACK_INPUT], [_POOLED], kernel_shape=[2, 1], strides=[2, 1]
    )
    channels, bands = _COLUMN
    columns = ["N", channels, "T", bands]
    front = [*nodes[framed + 1 : pooled], over_frequencies]
    back = [over_time, *nodes[pooled + 1 :]]
    return (
        _part(model, front, (_FRONT_INPUT, ["N", "T", 320]), (_BACK_INPUT, columns)),
        _part(model, back, (_BACK_INPUT, columns), (_SCORES, ["N", 3])),
    )


def _rename(node: NodeProto, name: str, to: str) -> None:
    for place, given in enumerate(node.input):
        if given == name:
            node.input[place] = to


def _part(
    model: ModelProto,
    nodes: Sequence[NodeProto],
    given: tuple[str, Sequence[Any]],
    made: tuple[str, Sequence[Any]],
) -> bytes:
    from onnx import TensorProto, helper

    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        list(nodes),
        "part",
        [helper.make_tensor_value_info(given[0], TensorProto.FLOAT, given[1])],
        [helper.make_tensor_value_info(made[0], TensorProto.FLOAT, made[1])],
        [weight for weight in model.graph.initializer if weight.name in used],
    )
    part = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    part.ir_version = _IR
    data: bytes = part.SerializeToString()
    return data
