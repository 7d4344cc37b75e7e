"""Writing the network as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zoobridge.training.features import architecture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zoobridge.training.fit import Head

__all__ = ["IR_VERSION", "OPSET", "onnx_answers", "onnx_bytes"]

#: Old enough for every ONNX Runtime since 1.16.
OPSET: Final = 17
IR_VERSION: Final = 8


def onnx_bytes(
    parameters: dict[str, NDArray[np.float32]], head: Head | None, *, views: int = 1
) -> bytes:
    """Return an ONNX model that takes prepared pictures ``(N, 3, 224, 224)``.

    Parameters
    ----------
    parameters
        Of the backbone.
    head
        What follows the embedding. Without one the only output is ``embedding``; with one there
        are ``scores``, ``embedding`` and ``activation``.
    views
        Of a picture: 1, or 8 for scores of the mean of its flips and turns. Embedding and activation are
        those of the unchanged picture.
    """
    graph = _Graph()
    raw = "raw" if views == 1 else _turned(graph, "raw")
    embedding, places = _backbone(graph, raw, parameters)
    mean = embedding
    if views > 1:
        mean, embedding = _over_views(graph, embedding, [architecture.DIMENSIONS])
    graph.add("Identity", [embedding], "embedding")
    outputs: list[tuple[str, Sequence[str | int]]]
    outputs = [("embedding", ["N", architecture.DIMENSIONS])]
    if head is not None:
        maps = _classifier(graph, head, mean, places)
        if views > 1:
            _, maps = _over_views(graph, maps, graph.constants["map"][1:].tolist())
        graph.add("Identity", [maps], "activation")
        count, side = len(head.bias), architecture.SIDE // 32
        outputs = [
            ("scores", ["N", count]),
            *outputs,
            ("activation", ["N", count, side, side]),
        ]
    side = architecture.SIDE
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet_lite0",
            [helper.make_tensor_value_info("raw", TensorProto.FLOAT, ["N", 3, side, side])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in outputs
            ],
            [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="zoobridge",
    )
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


class _Graph:
    """Nodes and constants as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[np.generic]] = {}

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants[name] = value
        return name

    def scalar(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, np.float32))


@dataclass(frozen=True)
class _Places:
    """A part of the embedding: the map that it is the mean of, and what that is divided by."""

    value: str
    deviation: str
    divisor: str
    channels: int
    side: int


def _turned(graph: _Graph, raw: str) -> str:
    """Add the eight views of each picture, in the order of :func:`~..features.view`; all of a view first."""
    last = np.array([np.iinfo(np.int64).min])

    def flip(value: str, axis: int, name: str) -> str:
        inputs = [
            graph.constant("flip.start", np.array([-1])),
            graph.constant("flip.end", last),
            graph.constant(f"flip.axis{axis}", np.array([axis])),
            graph.constant("flip.step", np.array([-1])),
        ]
        return graph.add("Slice", [value, *inputs], name)

    views = []
    for first in (raw, flip(raw, 3, "flipped")):
        views.append(first)
        for _ in range(3):
            name = f"view{len(views)}"
            across = graph.add("Transpose", [views[-1]], f"{name}.across", perm=[0, 1, 3, 2])
            views.append(flip(across, 2, name))
    return graph.add("Concat", views, "views", axis=0)


def _over_views(graph: _Graph, value: str, shape: list[int]) -> tuple[str, str]:
    """Add the mean over the eight views, and the first view; return both."""
    wanted = graph.constant(f"{value}.by_view", np.array([8, -1, *shape], np.int64))
    by_view = graph.add("Reshape", [value, wanted], f"{value}.views")
    mean = graph.add("ReduceMean", [by_view], f"{value}.mean_view", axes=[0], keepdims=0)
    first = graph.constant("first", np.array(0, np.int64))
    return mean, graph.add("Gather", [by_view, first], f"{value}.first_view", axis=0)


def _backbone(
    graph: _Graph, raw: str, parameters: dict[str, NDArray[np.float32]]
) -> tuple[str, list[_Places]]:
    """Add the backbone; return the embedding, and the maps that its parts are means of."""
    value = _convolution(graph, architecture.stem(), raw, parameters)
    parts: list[str] = []
    places: list[_Places] = []
    for block in architecture.blocks():
        before = value
        for convolution in block.convolutions:
            value = _convolution(graph, convolution, value, parameters)
        if block.residual:
            value = graph.add("Add", [value, before], f"{value}.sum")
        if block.feature:
            unit, spread = _statistics(graph, value)
            parts += [unit, spread]
            channels, side = block.convolutions[-1].outputs, block.convolutions[-1].side
            places += [
                _Places(value, "", f"{value}.mean.divisor", channels, side),
                _Places(
                    f"{value}.square",
                    f"{value}.deviation",
                    f"{value}.deviation.divisor",
                    channels,
                    side,
                ),
            ]
    last = _convolution(graph, architecture.head(), value, parameters)
    means = _mean(graph, last)
    parts.append(_unit(graph, means))
    places.append(_Places(last, "", f"{means}.divisor", architecture.HEAD, architecture.SIDE // 32))
    joined = graph.add("Concat", parts, "parts", axis=1)
    scale = graph.scalar("parts.scale", architecture.part_scale())
    return graph.add("Mul", [joined, scale], "parts.joined"), places


def _convolution(
    graph: _Graph,
    convolution: architecture.Convolution,
    value: str,
    parameters: dict[str, NDArray[np.float32]],
) -> str:
    name = convolution.name
    before, after = architecture.padding(convolution)
    result = graph.add(
        "Conv",
        [
            value,
            graph.constant(f"{name}.weight", parameters[f"{name}.weight"]),
            graph.constant(f"{name}.bias", parameters[f"{name}.bias"]),
        ],
        f"{name}.sums",
        kernel_shape=[convolution.kernel] * 2,
        strides=[convolution.stride] * 2,
        pads=[before, before, after, after],
        group=convolution.outputs if convolution.depthwise else 1,
    )
    if not convolution.bounded:
        return result
    bounds = [graph.scalar("bound.low", 0), graph.scalar("bound.high", 6)]
    return graph.add("Clip", [result, *bounds], name)


def _mean(graph: _Graph, value: str) -> str:
    return graph.add("ReduceMean", [value], f"{value}.mean", axes=[2, 3], keepdims=0)


def _statistics(graph: _Graph, value: str) -> list[str]:
    """Add the mean and the standard deviation of each channel, each scaled to length 1."""
    kept = graph.add("ReduceMean", [value], f"{value}.kept", axes=[2, 3], keepdims=1)
    gap = graph.add("Sub", [value, kept], f"{value}.gap")
    square = graph.add("Mul", [gap, gap], f"{value}.square")
    variance = _mean(graph, square)
    epsilon = graph.scalar("epsilon", architecture.EPSILON)
    lifted = graph.add("Add", [variance, epsilon], f"{value}.lifted")
    deviation = graph.add("Sqrt", [lifted], f"{value}.deviation")
    return [_unit(graph, _mean(graph, value)), _unit(graph, deviation)]


def _unit(graph: _Graph, value: str) -> str:
    length = graph.add("ReduceL2", [value], f"{value}.length", axes=[1], keepdims=1)
    lifted = graph.add(
        "Max", [length, graph.scalar("epsilon", architecture.EPSILON)], f"{value}.divisor"
    )
    return graph.add("Div", [value, lifted], f"{value}.unit")


def _classifier(graph: _Graph, head: Head, embedding: str, places: Sequence[_Places]) -> str:
    """Add scores and maps; return the maps."""
    weight = graph.constant("classes.weight", np.ascontiguousarray(head.weight.T))
    bias = graph.constant("classes.bias", head.bias)
    logits = graph.add("Gemm", [embedding, weight, bias], "logits")
    graph.add("Softmax", [logits], "scores", axis=1)
    local = graph.add("Concat", [_local(graph, one) for one in places], "places", axis=1)
    part = head.weight * np.float32(architecture.map_scale())
    shares = graph.add("MatMul", [graph.constant("classes.map", part), local], "shares")
    side = architecture.SIDE // 32
    shape = np.array([0, len(head.bias), side, side], np.int64)
    return graph.add("Reshape", [shares, graph.constant("map", shape)], "shares.map")


def _local(graph: _Graph, one: _Places) -> str:
    """Add what each place of the activation map adds to a part of the embedding; see ``map_scale``."""
    side = architecture.SIDE // 32
    name, value = f"{one.divisor}.places", one.value
    if one.side > side:
        width = [one.side // side] * 2
        value = graph.add(
            "AveragePool", [value], f"{name}.pooled", kernel_shape=width, strides=width
        )
    shape = np.array([0, one.channels, side**2], np.int64)
    flat = graph.add("Reshape", [value, graph.constant(f"{name}.shape", shape)], f"{name}.flat")
    if one.deviation:
        across = graph.constant(f"{name}.across", np.array([0, one.channels, 1], np.int64))
        deviation = graph.add("Reshape", [one.deviation, across], f"{name}.deviation")
        lifted = graph.add(
            "Add", [flat, graph.scalar("epsilon", architecture.EPSILON)], f"{name}.lifted"
        )
        flat = graph.add("Div", [lifted, deviation], f"{name}.distances")
    lengths = graph.add(
        "Reshape",
        [one.divisor, graph.constant("one", np.array([0, 1, 1], np.int64))],
        f"{name}.length",
    )
    return graph.add("Div", [flat, lengths], name)


def onnx_answers(data: bytes, inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Run a model that :func:`onnx_bytes` made; return its outputs by name.

    Parameters
    ----------
    data
        The model.
    inputs
        Prepared pictures.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"raw": inputs}), strict=True))
