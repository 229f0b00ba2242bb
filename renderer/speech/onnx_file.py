"""An ONNX model as Barkline reads it: walked, checked, edited, and only then handed on.

References:
    https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from renderer.errors import ModelRefusedError
from renderer.speech.wire import Bytes, Message, WireError

MOST_BYTES = 1 << 30
_MOST_NODES = 100_000
_DEEPEST = 16
_DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
# A model that can loop can run for ever, and no time limit reaches into a C call.
_REFUSED_OPS = frozenset({"Loop", "Scan"})
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
FLOAT, INT64, FLOAT16 = 1, 7, 10
_EXTERNAL = 1


@dataclass(slots=True)
class Node:
    """One operation.

    Attributes:
        op: Its type.
        inputs: Tensor names.
        outputs: Tensor names.
        rest: The node's other fields, without attributes.
        attributes: Raw attribute messages by name.
        graphs: Sub-graphs by attribute name.
    """

    op: str
    inputs: list[str]
    outputs: list[str]
    rest: Message = field(default_factory=Message)
    attributes: dict[str, Message] = field(default_factory=dict)
    graphs: dict[str, Graph] = field(default_factory=dict)

    def integer(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        return self.attributes[name].number(3, default) if name in self.attributes else default

    def encode(self) -> bytes:
        """Return the node's bytes."""
        message = Message()
        for name in self.inputs:
            message.add(1, name)
        for name in self.outputs:
            message.add(2, name)
        message.add(4, self.op)
        message.fields += self.rest.fields
        for name, attribute in self.attributes.items():
            if name in self.graphs:
                kept = [f for f in attribute.fields if f[0] != 6]  # noqa: PLR2004 - its graph
                attribute = Message(kept).add(6, self.graphs[name].encode())  # noqa: PLW2901
            message.add(5, attribute)
        return message.encode()


@dataclass(slots=True)
class Graph:
    """One graph.

    Attributes:
        nodes: In order of execution.
        inputs: (name, raw value info).
        outputs: (name, raw value info).
        rest: Initialisers and everything else, untouched.
        initializers: Names of the initialisers.
    """

    nodes: list[Node]
    inputs: list[tuple[str, Bytes]]
    outputs: list[tuple[str, Bytes]]
    rest: Message
    initializers: set[str]

    def encode(self) -> bytes:
        """Return the graph's bytes."""
        message = Message()
        for node in self.nodes:
            message.add(1, node.encode())
        message.fields += self.rest.fields
        for _, info in self.inputs:
            message.add(11, info)
        for _, info in self.outputs:
            message.add(12, info)
        return message.encode()

    def walk(self) -> Iterator[Node]:
        """Yield every node, those of sub-graphs too."""
        for node in self.nodes:
            yield node
            for graph in node.graphs.values():
                yield from graph.walk()


@dataclass(slots=True)
class Model:
    """A model file.

    Attributes:
        graph: Its main graph.
        opset: Version of the standard operators.
        rest: The file's other fields.
    """

    graph: Graph
    opset: int
    rest: Message

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return Message(list(self.rest.fields)).add(7, self.graph.encode()).encode()


def value_info(name: str, element: int = 0, shape: Sequence[int | str] = ()) -> bytes:
    """Return the declaration of a tensor; without an element type onnxruntime infers it."""
    info = Message().add(1, name)
    if element:
        dims = Message()
        for size in shape:
            dims.add(1, Message().add(1 if isinstance(size, int) else 2, size))
        info.add(2, Message().add(1, Message().add(1, element).add(2, dims)))
    return info.encode()


def element_type(info: Bytes) -> int:
    """Return the element type a value info declares, 0 when it is no tensor."""
    for kind in Message.parse(info).each(2):
        for tensor in Message.parse(kind).each(1):
            return Message.parse(tensor).number(1)
    return 0


class _Walker:
    """Reads graphs and refuses what must not reach onnxruntime."""

    def __init__(self) -> None:
        self.nodes = 0

    def graph(self, data: Bytes, depth: int) -> Graph:
        if depth > _DEEPEST:
            raise ModelRefusedError("The model nests graphs too deeply.")
        message = Message.parse(data)
        names = set()
        for tensor in message.each(5):
            names.add(self.tensor(tensor))
        if any(True for _ in message.each(15)):
            raise ModelRefusedError("The model has sparse weights, which no Piper voice has.")
        kept = [f for f in message.fields if f[0] not in (1, 11, 12)]
        return Graph(
            [self.node(node, depth) for node in message.each(1)],
            [(Message.parse(info).text(1), info) for info in message.each(11)],
            [(Message.parse(info).text(1), info) for info in message.each(12)],
            Message(kept),
            names,
        )

    def node(self, data: Bytes, depth: int) -> Node:
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise ModelRefusedError(f"The model has more than {_MOST_NODES} operations.")
        message = Message.parse(data)
        op, domain = message.text(4), message.text(7)
        if domain not in _DOMAINS or op in _REFUSED_OPS:
            raise ModelRefusedError(
                f"The model uses the operation {domain}:{op}, which no Piper voice needs."
            )
        kept = Message([f for f in message.fields if f[0] not in (1, 2, 4, 5)])
        node = Node(op, message.texts(1), message.texts(2), kept)
        for raw in message.each(5):
            self._attribute(node, Message.parse(raw), depth)
        return node

    def _attribute(self, node: Node, attribute: Message, depth: int) -> None:
        name = attribute.text(1)
        node.attributes[name] = attribute
        for number in (5, 10):  # t, tensors
            for tensor in attribute.each(number):
                self.tensor(tensor)
        if any(True for number in (11, 22, 23) for _ in attribute.each(number)):
            raise ModelRefusedError("The model has lists of graphs or sparse tensors.")
        for graph in attribute.each(6):
            node.graphs[name] = self.graph(graph, depth + 1)

    def tensor(self, data: Bytes) -> str:
        """Check one weight and return its name."""
        message = Message.parse(data)
        name = message.text(8)
        if message.number(14) == _EXTERNAL or any(True for _ in message.each(13)):
            raise ModelRefusedError(
                f"The weight {name!r} lies in another file (external data), which could be any "
                "file of this machine; export the model as one file."
            )
        raw = list(message.each(9))
        width = _SIZES.get(message.number(2))
        if raw and width and math.prod(message.numbers(1)) * width != len(raw[-1]):
            raise ModelRefusedError(f"The weight {name!r} has not the size it says.")
        return name


def read_model(data: Bytes) -> Model:
    """Read and check a model file.

    Raises:
        ModelRefusedError: The file is no ONNX model, is cut off, refers to other files, or holds
            what no voice needs.
    """
    if len(data) > MOST_BYTES:
        raise ModelRefusedError(f"The model is bigger than {MOST_BYTES >> 20} MiB.")
    try:
        return _read(data)
    except WireError as error:
        raise ModelRefusedError(f"This is no complete ONNX model: {error}.") from error


def _read(data: Bytes) -> Model:
    message = Message.parse(data)
    graphs = list(message.each(7))
    opsets = [Message.parse(raw) for raw in message.each(8)]
    versions = [m.number(2) for m in opsets if m.text(1) in ("", "ai.onnx")]
    if len(graphs) != 1 or not versions:
        raise ModelRefusedError("This is no ONNX model: it has no graph or no operator version.")
    if any(True for number in (20, 25) for _ in message.each(number)):
        raise ModelRefusedError("The model holds training graphs or functions; export it without.")
    kept = [f for f in message.fields if f[0] != 7]  # noqa: PLR2004 - the graph
    return Model(_Walker().graph(graphs[0], 0), max(versions), Message(kept))
