"""A small model of the shape of a Piper export, built node by node.

It has what matters for an engine: a duration predictor with a random z and a `Ceil`, an expansion
of phonemes to frames by a path matrix, a prior with a random z of as many frames as were
predicted, a decoder that makes `HOP` samples of each frame, speakers, scales, and a batch that is
masked by `input_lengths`. Its sound is noise around a tone per phoneme.

Run as a script to write it to a file: python build_vits.py OUT.onnx
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HOP = 8
CHANNELS = 4
SYMBOLS = "_^$ abcdefghijklmnopqrstuvwxyzəɹˈː.,!?"


class _Graph:
    def __init__(self):
        self.nodes = []
        self.weights = []
        self.count = 0

    def const(self, value, dtype=np.int64):
        self.count += 1
        name = f"c{self.count}"
        self.weights.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        out = f"t{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out


def _mask(g, lengths, size):
    """(B,) and a scalar -> (B, 1, size) of 0 and 1."""
    steps = g.op("Range", g.const(0), size, g.const(1))
    inside = g.op("Less", g.op("Unsqueeze", steps, g.const([0])), lengths)
    return g.op("Unsqueeze", g.op("Cast", inside, to=TensorProto.FLOAT), g.const([1]))


def _scale(g, number):
    return g.op("Gather", "scales", g.const(number), axis=0)


def _encode(g, rng, speakers):
    """Ids to (B, CHANNELS, N), plus the mask."""
    table = g.const(rng.normal(0, 1, (64, CHANNELS)), np.float32)
    x = g.op("Transpose", g.op("Gather", table, "input", axis=0), perm=[0, 2, 1])
    if speakers > 1:
        voices = g.const(rng.normal(0, 1, (speakers, CHANNELS)), np.float32)
        x = g.op("Add", x, g.op("Unsqueeze", g.op("Gather", voices, "sid", axis=0), g.const([2])))
    size = g.op("Gather", g.op("Shape", "input"), g.const(1), axis=0)
    mask = _mask(g, g.op("Unsqueeze", "input_lengths", g.const([1])), size)
    return g.op("Mul", x, mask), mask


def _durations(g, x, mask):
    """(B, CHANNELS, N) to frames per id (B, 1, N), by Ceil."""
    first_two = g.op("Slice", x, g.const([0]), g.const([2]), g.const([1]))
    z = g.op("Mul", g.op("RandomNormalLike", first_two), _scale(g, 2))
    mean = g.op("ReduceMean", g.op("Add", x, g.op("Concat", z, z, axis=1)), axes=[1], keepdims=1)
    length = g.op("Mul", g.op("Exp", g.op("Mul", mean, g.const(0.3, np.float32))), mask)
    length = g.op("Mul", length, g.op("Mul", _scale(g, 1), g.const(3.0, np.float32)))
    return g.op("Ceil", length)


def _expand(g, x, frames, mask):
    """Repeat each id's column for its frames: (B, CHANNELS, T), plus the mask of T."""
    ends = g.op("CumSum", frames, g.const(2))
    total = g.op("ReduceMax", ends, axes=[1, 2], keepdims=0)
    size = g.op("Cast", g.op("ReduceMax", total, axes=[0], keepdims=0), to=TensorProto.INT64)
    steps = g.op("Range", g.const(0), size, g.const(1))
    at = g.op("Reshape", g.op("Cast", steps, to=TensorProto.FLOAT), g.const([1, -1, 1]))
    starts = g.op("Sub", ends, frames)
    after = g.op("Cast", g.op("GreaterOrEqual", at, starts), to=TensorProto.FLOAT)
    before = g.op("Cast", g.op("Less", at, ends), to=TensorProto.FLOAT)
    path = g.op("Mul", g.op("Mul", after, before), mask)  # (B, T, N)
    spread = g.op("MatMul", x, g.op("Transpose", path, perm=[0, 2, 1]))
    lengths = g.op("Unsqueeze", g.op("Cast", total, to=TensorProto.INT64), g.const([1]))
    return spread, _mask(g, lengths, size)


def _decode(g, rng, prior, mask, odd_rows):
    """(B, CHANNELS, T) to (B, 1, 1, T * HOP)."""
    noise = g.op("Mul", g.op("RandomNormalLike", prior), _scale(g, 0))
    z = g.op("Mul", g.op("Add", prior, noise), mask)
    tone = np.sin(np.arange(HOP) * rng.uniform(0.3, 2.5, (CHANNELS, 1, 1)))
    wave = g.op(
        "ConvTranspose", z, g.const(tone * 0.2, np.float32), strides=[HOP], kernel_shape=[HOP]
    )
    wave = g.op("Unsqueeze", g.op("Tanh", wave), g.const([1]))
    if odd_rows:  # only the first line comes out, as from a real user's odd model
        wave = g.op("Slice", wave, g.const([0]), g.const([1]), g.const([0]))
    g.nodes.append(helper.make_node("Identity", [wave], ["output"]))


def build(*, speakers=2, odd_rows=False, hide_durations=False, nan=False, seed=7):
    """Return the model as an onnx.ModelProto."""
    rng, g = np.random.default_rng(seed), _Graph()
    x, mask = _encode(g, rng, speakers)
    if nan:
        x = g.op("Log", g.op("Neg", g.op("Abs", x)))
    frames = _durations(g, x, mask)
    if hide_durations:  # a second Ceil and a second CumSum: nothing tells which one is meant
        frames = g.op("Ceil", frames)
        g.op("CumSum", frames, g.const(2))
    spread, frame_mask = _expand(g, x, frames, mask)
    _decode(g, rng, spread, frame_mask, odd_rows)
    value = helper.make_tensor_value_info
    inputs = [
        value("input", TensorProto.INT64, ["batch", "phonemes"]),
        value("input_lengths", TensorProto.INT64, ["batch"]),
        value("scales", TensorProto.FLOAT, [3]),
        *([value("sid", TensorProto.INT64, ["batch"])] if speakers > 1 else []),
    ]
    output = value("output", TensorProto.FLOAT, ["rows", 1, 1, "time"])
    graph = helper.make_graph(g.nodes, "vits", inputs, [output], g.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def config(speakers=2, sample_rate=8000):
    """Return the `.onnx.json` that goes with the model."""
    return {
        "audio": {"sample_rate": sample_rate},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {symbol: [number] for number, symbol in enumerate(SYMBOLS)},
        "num_speakers": speakers,
        "speaker_id_map": {f"s{n}": n for n in range(speakers)} if speakers > 1 else {},
        "language": {"code": "en_US"},
    }


def write(folder, name="voice", **options):
    """Write model and configuration; return the model's path."""
    path = Path(folder) / f"{name}.onnx"
    path.write_bytes(build(**options).SerializeToString())
    path.with_name(f"{name}.onnx.json").write_text(json.dumps(config(options.get("speakers", 2))))
    return path


if __name__ == "__main__":
    onnx.save(build(), sys.argv[1])
