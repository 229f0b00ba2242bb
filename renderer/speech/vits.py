"""What a VITS graph has to give away: its durations, and control over its random numbers.

Two edits are made when a voice is loaded, both to the copy in memory:

* The durations (frames per phoneme id) become an output: the one `Ceil`, else what the one
  `CumSum` sums. Inside an `If` both branches hand them out.
* Every `RandomNormalLike` and `RandomUniformLike` becomes a look-up in an input of its own, so
  that the numbers come from the seed of the row. Row b of the input is a stream; element [c, t]
  takes number t · C + c of it. The order by time makes a row's numbers independent of how far the
  batch is padded. How many numbers were taken is an output, so that a stream that was too short
  is noticed (it wraps) and the batch is run again with a longer one.

References:
    Kim, Kong & Son 2021, "Conditional Variational Autoencoder with Adversarial Learning for
    End-to-End Text-to-Speech" (the random z of the duration predictor and of the prior).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from renderer.errors import ModelRefusedError
from renderer.speech.onnx_file import FLOAT, INT64, Graph, Model, Node, value_info
from renderer.speech.wire import FIXED32, Message

_PREFIX = "barkline_"
_LOWEST_OPSET = 13
_UNSEEDED = frozenset({"RandomNormal", "RandomUniform", "Multinomial", "Bernoulli"})
_SEEDED = {"RandomNormalLike": "normal", "RandomUniformLike": "uniform"}
_ATTRIBUTE_INT, _ATTRIBUTE_TENSOR, _ATTRIBUTE_INTS = 2, 4, 7


@dataclass(frozen=True, slots=True)
class NoiseInput:
    """One random place of the graph.

    Attributes:
        name: Input (B, N) float32: a stream of numbers per row.
        need: Output (1,) int64: how many numbers of a row were taken.
        kind: `normal` (mean 0, deviation 1) or `uniform` (0–1).
    """

    name: str
    need: str
    kind: str


@dataclass(frozen=True, slots=True)
class Opened:
    """An edited model.

    Attributes:
        data: The model's bytes, for onnxruntime.
        audio: Name of the output that is the sound.
        durations: Name of the output that is the durations, or "".
        noises: The random places.
        has_speakers: Whether there is an input `sid`.
    """

    data: bytes
    audio: str
    durations: str
    noises: tuple[NoiseInput, ...]
    has_speakers: bool


def _node(op: str, inputs: list[str], output: str, **integers: int | list[int]) -> Node:
    node = Node(op, inputs, [output])
    for name, value in integers.items():
        attribute = Message().add(1, name)
        if isinstance(value, int):
            attribute.add(3, value).add(20, _ATTRIBUTE_INT)
        else:
            for one in value:
                attribute.add(8, one)
            attribute.add(20, _ATTRIBUTE_INTS)
        node.attributes[name] = attribute
    return node


def _constant(output: str, element: int, values: list[int] | list[float], scalar: bool) -> Node:
    tensor = Message().add(2, element)
    if not scalar:
        tensor.add(1, len(values))
    tensor.add(9, struct.pack(f"<{len(values)}{'q' if element == INT64 else 'f'}", *values))
    value = Message().add(1, "value").add(5, tensor).add(20, _ATTRIBUTE_TENSOR)
    return Node("Constant", [], [output], attributes={"value": value})


def _float(node: Node, name: str, default: float) -> float:
    for number, wire, value in node.attributes.get(name, Message()).fields:
        if number == 2 and wire == FIXED32 and not isinstance(value, int):  # noqa: PLR2004
            return float(struct.unpack("<f", value)[0])
    return default


@dataclass(slots=True)
class _Editor:
    noises: list[NoiseInput] = field(default_factory=list)

    def edit(self, graph: Graph) -> dict[str, str]:
        """Edit one graph; return what it can hand out: key → tensor."""
        offers = self._durations(graph)
        nodes: list[Node] = []
        for node in graph.nodes:
            if node.op in _SEEDED and node.inputs:
                nodes += self._look_up(node, offers)
                continue
            if node.op == "If" and node.graphs:
                offers.update(self._branches(node))
            nodes.append(node)
        graph.nodes = nodes
        return offers

    def _durations(self, graph: Graph) -> dict[str, str]:
        ceils = [n.outputs[0] for n in graph.nodes if n.op == "Ceil"]
        sums = [n.inputs[0] for n in graph.nodes if n.op == "CumSum"]
        for found in (ceils, sums):
            if len(found) == 1:
                return {"durations": found[0]}
        return {}

    def _branches(self, node: Node) -> dict[str, str]:
        """Edit both branches of an `If` and make it hand out what they can."""
        before = len(self.noises)
        offers = {name: self.edit(graph) for name, graph in node.graphs.items()}
        keys = {"durations"} if all("durations" in o for o in offers.values()) else set()
        keys |= {noise.need for noise in self.noises[before:]}
        handed: dict[str, str] = {}
        for number, key in enumerate(sorted(keys)):
            out = f"{_PREFIX}{node.outputs[0]}_{number}"
            for name, graph in node.graphs.items():
                inner = f"{out}_{name}"
                source = offers[name].get(key)
                if source is None:  # a branch without this random place takes no numbers
                    graph.nodes.append(_constant(inner, INT64, [0], scalar=False))
                else:
                    graph.nodes.append(_node("Identity", [source], inner))
                graph.outputs.append((inner, value_info(inner)))
            node.outputs.append(out)
            handed[key] = out
        return handed

    def _look_up(self, node: Node, offers: dict[str, str]) -> list[Node]:
        """Replace a random node by a look-up in an input."""
        k = len(self.noises)
        p = f"{_PREFIX}noise{k}"
        kind = _SEEDED[node.op]
        noise = NoiseInput(p, f"{p}_need", kind)
        self.noises.append(noise)
        offers[noise.need] = f"{p}_per_row"
        if kind == "normal":
            shift, scale = _float(node, "mean", 0.0), _float(node, "scale", 1.0)
        else:
            shift = _float(node, "low", 0.0)
            scale = _float(node, "high", 1.0) - shift
        return [
            _constant(f"{p}_zero", INT64, [0], scalar=False),
            _constant(f"{p}_zero_", INT64, [0], scalar=True),
            _constant(f"{p}_one_", INT64, [1], scalar=True),
            _constant(f"{p}_last", INT64, [-1], scalar=False),
            _constant(f"{p}_shift", FLOAT, [shift], scalar=True),
            _constant(f"{p}_scale", FLOAT, [scale], scalar=True),
            _node("Shape", [node.inputs[0]], f"{p}_shape"),
            _node("Gather", [f"{p}_shape", f"{p}_zero"], f"{p}_rows", axis=0),
            _node("Gather", [f"{p}_shape", f"{p}_last"], f"{p}_time", axis=0),
            _node("Size", [node.inputs[0]], f"{p}_size"),
            _node("Div", [f"{p}_size", f"{p}_rows"], f"{p}_per_row"),
            _node("Squeeze", [f"{p}_per_row", f"{p}_zero"], f"{p}_count"),
            _node("Range", [f"{p}_zero_", f"{p}_count", f"{p}_one_"], f"{p}_range"),
            _node("Shape", [p], f"{p}_given"),
            _node("Gather", [f"{p}_given", f"{p}_last"], f"{p}_length", axis=0),
            _node("Mod", [f"{p}_range", f"{p}_length"], f"{p}_index"),
            _node("Gather", [p, f"{p}_index"], f"{p}_taken", axis=1),
            _node("Concat", [f"{p}_rows", f"{p}_time", f"{p}_last"], f"{p}_by_time", axis=0),
            _node("Reshape", [f"{p}_taken", f"{p}_by_time"], f"{p}_frames"),
            _node("Transpose", [f"{p}_frames"], f"{p}_channels", perm=[0, 2, 1]),
            _node("Reshape", [f"{p}_channels", f"{p}_shape"], f"{p}_plain"),
            _node("Mul", [f"{p}_plain", f"{p}_scale"], f"{p}_scaled"),
            _node("Add", [f"{p}_scaled", f"{p}_shift"], f"{p}_shifted"),
            _node("CastLike", [f"{p}_shifted", node.inputs[0]], node.outputs[0]),
        ]


def _check_signature(model: Model) -> None:
    from renderer.speech.onnx_file import element_type

    graph = model.graph
    wanted = {"input": INT64, "input_lengths": INT64, "scales": FLOAT}
    given = {n: element_type(i) for n, i in graph.inputs if n not in graph.initializers}
    speakers = given.pop("sid", INT64)
    if given != wanted or speakers != INT64:
        raise ModelRefusedError(
            "This is no Piper voice: its inputs have to be `input` and `input_lengths` (int64), "
            f"`scales` (float) and, with speakers, `sid` (int64); they are {sorted(given)}."
        )
    if not graph.outputs or element_type(graph.outputs[0][1]) != FLOAT:
        raise ModelRefusedError("This is no Piper voice: its first output is no float tensor.")


def open_vits(model: Model) -> Opened:
    """Edit a checked model so that its durations and its random numbers are in our hands.

    Args:
        model: From `read_model`; it is changed.

    Raises:
        ModelRefusedError: It has not the inputs and outputs of a Piper voice, or has random
            numbers that cannot be repeated.
    """
    _check_signature(model)
    graph = model.graph
    ops = {node.op for node in graph.walk()}
    if ops & _UNSEEDED:
        raise ModelRefusedError(
            f"The model draws random numbers by {', '.join(sorted(ops & _UNSEEDED))}, which "
            "cannot be repeated; export it with RandomNormalLike."
        )
    if ops & set(_SEEDED) and model.opset < _LOWEST_OPSET:
        raise ModelRefusedError(
            f"The model is of ONNX opset {model.opset}; export it with {_LOWEST_OPSET} or newer."
        )
    audio = graph.outputs[0][0]
    editor = _Editor()
    offers = editor.edit(graph)
    for key, tensor in offers.items():
        graph.nodes.append(_node("Identity", [tensor], f"{_PREFIX}{key}"))
        graph.outputs.append((f"{_PREFIX}{key}", value_info(f"{_PREFIX}{key}")))
    for noise in editor.noises:
        graph.inputs.append((noise.name, value_info(noise.name, FLOAT, ["batch", noise.name])))
    noises = tuple(NoiseInput(n.name, f"{_PREFIX}{n.need}", n.kind) for n in editor.noises)
    durations = f"{_PREFIX}durations" if "durations" in offers else ""
    has_speakers = any(name == "sid" for name, _ in graph.inputs)
    return Opened(model.encode(), audio, durations, noises, has_speakers)
