"""Writing a network as an ONNX file: small, of standard operations, with free batch and length."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from renderer.errors import TrainingError

OPSET = 17
_MADE = ("cosine", "sine")
LARGEST_HALF = float(np.finfo(np.float16).max)

Axes = Mapping[str, Mapping[int, str]]


def write_graph(graph: nn.Module, example: Sequence[Tensor], axes: Axes, *, half: bool) -> bytes:
    """Return a graph as an ONNX file.

    Args:
        graph: With `inputs` and `outputs`, names in order; in eval mode.
        example: Inputs of any size.
        axes: Input to its free dimensions.
        half: Store weights as float16 (none above `LARGEST_HALF`); they are read as float32.

    Raises:
        TrainingError: A weight is no finite number.
    """
    for name, weight in graph.state_dict().items():
        if not torch.isfinite(weight).all():
            raise TrainingError(f"The weight {name} has values that are no numbers; train again.")
    model = _traced(graph, example, axes)
    _make_fourier(model)
    if half:
        _halve(model, {name for name, _ in graph.named_parameters()})
    model.producer_name, model.producer_version, model.doc_string = "barkline", "", ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _traced(graph: nn.Module, example: Sequence[Tensor], axes: Axes) -> onnx.ModelProto:
    file = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is traced; the parity check is the judge
        torch.onnx.export(
            graph,
            tuple(example),
            file,  # type: ignore[arg-type]
            input_names=list(_names(graph, "inputs")),
            output_names=list(_names(graph, "outputs")),
            dynamic_axes={name: dict(free) for name, free in axes.items()},
            opset_version=OPSET,
            do_constant_folding=False,  # would store what can be computed
            dynamo=False,
        )
    return onnx.load_model_from_string(file.getvalue())


def _names(graph: nn.Module, kind: str) -> Sequence[str]:
    names: Sequence[str] = getattr(graph, kind)
    return names


def _make_fourier(model: onnx.ModelProto) -> None:
    """Replace stored Fourier matrices by the operations that make them when the graph is loaded."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer if tensor.name in _MADE}
    if not stored:
        return
    n_fft, bins = next(iter(stored.values())).dims
    nodes = [
        _integers("fourier_n", n_fft),
        _integers("fourier_bins", bins),
        _integers("fourier_0", 0),
        _integers("fourier_1", 1),
        _constant("fourier_last", np.array([1], np.int64)),
        _constant("fourier_step", np.array(2.0 * np.pi / n_fft, np.float32)),
        helper.make_node("Range", ["fourier_0", "fourier_n", "fourier_1"], ["fourier_t"]),
        helper.make_node("Range", ["fourier_0", "fourier_bins", "fourier_1"], ["fourier_k"]),
        helper.make_node("Unsqueeze", ["fourier_t", "fourier_last"], ["fourier_column"]),
        helper.make_node("Mul", ["fourier_column", "fourier_k"], ["fourier_turns"]),
        helper.make_node("Mod", ["fourier_turns", "fourier_n"], ["fourier_part"]),
        helper.make_node("Cast", ["fourier_part"], ["fourier_real"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["fourier_real", "fourier_step"], ["fourier_angle"]),
        helper.make_node("Cos", ["fourier_angle"], ["cosine"]),
        helper.make_node("Sin", ["fourier_angle"], ["sine"]),
    ]
    kept = [t for t in model.graph.initializer if t.name not in _MADE]
    _replace(model.graph.initializer, kept)
    _replace(model.graph.node, [*nodes, *model.graph.node])


def _halve(model: onnx.ModelProto, parameters: set[str]) -> None:
    """Store weights as float16 behind a cast, which onnxruntime does once, when it loads them."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.name not in parameters or tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        half = f"{tensor.name}.half"
        casts.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
    _replace(model.graph.node, [*casts, *model.graph.node])


def _integers(name: str, value: int) -> onnx.NodeProto:
    return _constant(name, np.array(value, np.int64))


def _constant(name: str, value: Any) -> onnx.NodeProto:  # noqa: ANN401 - an array of any type
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))


def _replace(field: Any, items: Sequence[Any]) -> None:  # noqa: ANN401 - protobuf's containers
    del field[:]
    field.extend(items)
