"""Networks side by side in one ONNX graph, whose scores are combined there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["RULES", "Member", "RuleName", "ensemble_model"]

RuleName = Literal["mean", "majority", "unanimous"]

#: How the members' probabilities become the ensemble's.
RULES: Final[dict[RuleName, str]] = {
    "mean": "the mean of the members' probabilities",
    "majority": "the share of members that answer a class; where as many answer another, the mean of their "
    "probabilities decides",
    "unanimous": "the mean where all members answer the same class, and the same score for every class "
    "where they do not",
}

#: Of the operators that combine.
_LEAST_OPSET: Final = 13
#: Share of the mean in the scores of a majority: it decides between classes of as many votes, and nothing
#: else with up to hundreds of members.
_TIE: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Member:
    """A network of an ensemble.

    Parameters
    ----------
    model
        With one input.
    output
        Name of the output that holds the scores, ``(N, classes)``.
    softmax
        Whether probabilities are the softmax of its scores.
    order
        ``(classes,)``: its number of each class of the ensemble.
    gain, offset
        What the ensemble's input is multiplied by, and what is then added, to become its input; they fit
        that input with one picture. `None` where the inputs are the same.
    """

    model: onnx.ModelProto
    output: str
    softmax: bool
    order: NDArray[np.int64]
    gain: NDArray[np.float32] | None = None
    offset: NDArray[np.float32] | None = None


def ensemble_model(
    members: Sequence[Member], rule: RuleName, *, turned: tuple[int, int] | None = None
) -> onnx.ModelProto:
    """Return a network with the members' input, ``raw``, and the output ``scores`` ``(N, classes)``.

    Parameters
    ----------
    members
        At least two; one, where pictures are turned.
    rule
        One of :data:`RULES`.
    turned
        The input's axes along Y and X, where each member answers with the mean of its probabilities of the
        eight flips and turns of a picture; `None` for the picture alone.

    Raises
    ------
    InvalidRequestError
        If the networks cannot stand in one graph.
    """
    opset = max(_LEAST_OPSET, *(_opset(one.model) for one in members))
    raw = onnx.ValueInfoProto()
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []
    functions: list[onnx.FunctionProto] = []
    domains: dict[str, int] = {}
    probabilities = []
    for number, one in enumerate(members):
        model = _prefixed(one.model, f"member{number}.", opset)
        for imported in model.opset_import:
            if domains.setdefault(imported.domain, imported.version) != imported.version:
                raise InvalidRequestError(
                    f"the networks use operators of {imported.domain} in two versions; export them "
                    "alike"
                )
        if number == 0:
            raw.CopyFrom(model.graph.input[0])
            raw.name = "raw"
            if turned is not None:
                nodes += _views(raw, turned, constants)
        given = "raw" if turned is None else "views"
        nodes += _input(one, number, given, model.graph.input[0].name, constants)
        nodes += model.graph.node
        constants += model.graph.initializer
        functions += model.functions
        nodes += _probability(one, number, constants)
        probabilities.append(f"probability{number}")
        if turned is not None:
            nodes += _over_views(probabilities[-1], len(one.order), constants)
            probabilities[-1] += ".mean"
    classes = len(members[0].order)
    nodes += _combined(probabilities, rule, classes, constants)
    graph = helper.make_graph(
        nodes,
        "ensemble",
        [raw],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [_batch(raw), classes])],
        constants,
    )
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(*one) for one in domains.items()],
        ir_version=max(one.model.ir_version for one in members),
        producer_name="zoobridge",
        functions=functions,
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def _opset(model: onnx.ModelProto) -> int:
    return max(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))


def _prefixed(model: onnx.ModelProto, prefix: str, opset: int) -> onnx.ModelProto:
    from onnx import compose, version_converter

    if _opset(model) != opset:
        model = version_converter.convert_version(model, opset)
    renamed: onnx.ModelProto = compose.add_prefix(model, prefix)
    # Older exporters list weights among the inputs too.
    weights = {one.name for one in renamed.graph.initializer}
    inputs = [one for one in renamed.graph.input if one.name not in weights]
    del renamed.graph.input[:]
    renamed.graph.input.extend(inputs)
    return renamed


def _batch(value: onnx.ValueInfoProto) -> Any:
    first = value.type.tensor_type.shape.dim[0]
    return first.dim_value or first.dim_param or "N"


def _views(
    raw: onnx.ValueInfoProto, turned: tuple[int, int], constants: list[onnx.TensorProto]
) -> list[onnx.NodeProto]:
    """Put the eight flips and turns of all pictures behind one another, those of a view together."""
    if isinstance(_batch(raw), int):
        raise InvalidRequestError(
            "the network takes a fixed number of pictures, so that it cannot be given eight views of each; "
            "export it with a batch of any size"
        )
    down, across = turned
    exchanged = list(range(len(raw.type.tensor_type.shape.dim)))
    exchanged[down], exchanged[across] = across, down
    bounds = {"first": [-1], "last": [np.iinfo(np.int64).min], "down": [down], "across": [across]}
    constants += [
        numpy_helper.from_array(np.array(value, np.int64), f"flip.{name}")
        for name, value in bounds.items()
    ]

    def flip(value: str, axis: str, name: str) -> onnx.NodeProto:
        inputs = [value, "flip.first", "flip.last", f"flip.{axis}", "flip.first"]
        return helper.make_node("Slice", inputs, [name])

    nodes = [helper.make_node("Transpose", ["raw"], ["exchanged"], perm=exchanged)]
    views = ["raw", "exchanged"]
    for axis in ("down", "across"):
        nodes += [flip(one, axis, f"{one}.{axis}") for one in views]
        views += [f"{one}.{axis}" for one in views]
    return [*nodes, helper.make_node("Concat", views, ["views"], axis=0)]


def _over_views(
    value: str, classes: int, constants: list[onnx.TensorProto]
) -> list[onnx.NodeProto]:
    """Return the mean of the eight views, by operators that all versions have alike."""
    own: dict[str, NDArray[Any]] = {
        "by_view": np.array([8, -1], np.int64),
        "by_class": np.array([-1, classes], np.int64),
        "shares": np.full((1, 8), 1 / 8, np.float32),
    }
    constants += [numpy_helper.from_array(one, f"{value}.{name}") for name, one in own.items()]
    return [
        helper.make_node("Reshape", [value, f"{value}.by_view"], [f"{value}.views"]),
        helper.make_node("MatMul", [f"{value}.shares", f"{value}.views"], [f"{value}.together"]),
        helper.make_node("Reshape", [f"{value}.together", f"{value}.by_class"], [f"{value}.mean"]),
    ]


def _input(
    member: Member, number: int, given: str, name: str, constants: list[onnx.TensorProto]
) -> list[onnx.NodeProto]:
    if member.gain is None or member.offset is None:
        return [helper.make_node("Identity", [given], [name])]
    gain, offset, scaled = f"gain{number}", f"offset{number}", f"scaled{number}"
    constants.append(numpy_helper.from_array(member.gain, gain))
    constants.append(numpy_helper.from_array(member.offset, offset))
    return [
        helper.make_node("Mul", [given, gain], [scaled]),
        helper.make_node("Add", [scaled, offset], [name]),
    ]


def _probability(
    member: Member, number: int, constants: list[onnx.TensorProto]
) -> list[onnx.NodeProto]:
    nodes = []
    value = f"member{number}.{member.output}"
    if member.softmax:
        nodes.append(helper.make_node("Softmax", [value], [f"softmax{number}"], axis=1))
        value = f"softmax{number}"
    order = f"order{number}"
    constants.append(numpy_helper.from_array(member.order.astype(np.int64), order))
    nodes.append(helper.make_node("Gather", [value, order], [f"probability{number}"], axis=1))
    return nodes


def _combined(
    probabilities: list[str], rule: RuleName, classes: int, constants: list[onnx.TensorProto]
) -> list[onnx.NodeProto]:
    if rule == "mean":
        return [helper.make_node("Mean", probabilities, ["scores"])]
    constants += [
        numpy_helper.from_array(np.array([0, 1], np.float32), "no.yes"),
        numpy_helper.from_array(np.array(classes, np.int64), "classes"),
    ]
    nodes = [helper.make_node("Mean", probabilities, ["mean"])]
    votes = []
    for number, value in enumerate(probabilities):
        votes.append(f"vote{number}")
        nodes += [
            helper.make_node("ArgMax", [value], [f"answer{number}"], axis=1, keepdims=0),
            helper.make_node(
                "OneHot", [f"answer{number}", "classes", "no.yes"], [votes[-1]], axis=1
            ),
        ]
    if rule == "majority":
        shares = {"votes.part": 1 - _TIE, "mean.part": _TIE}
        constants += [
            numpy_helper.from_array(np.array(value, np.float32), name)
            for name, value in shares.items()
        ]
        return [
            *nodes,
            helper.make_node("Mean", votes, ["votes"]),
            helper.make_node("Mul", ["votes", "votes.part"], ["votes.weighted"]),
            helper.make_node("Mul", ["mean", "mean.part"], ["mean.weighted"]),
            helper.make_node("Add", ["votes.weighted", "mean.weighted"], ["scores"]),
        ]
    constants += [
        numpy_helper.from_array(np.array(0.5, np.float32), "half"),
        numpy_helper.from_array(np.array(1 / classes, np.float32), "undecided"),
        numpy_helper.from_array(np.array([1], np.int64), "over.classes"),
    ]
    return [
        *nodes,
        # A class that all answer is the only one with a vote of each.
        helper.make_node("Min", votes, ["common"]),
        helper.make_node("ReduceSum", ["common", "over.classes"], ["agreeing"], keepdims=1),
        helper.make_node("Greater", ["agreeing", "half"], ["agreed"]),
        helper.make_node("Where", ["agreed", "mean", "undecided"], ["scores"]),
    ]
