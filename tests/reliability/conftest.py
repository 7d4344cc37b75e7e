"""Zoos that are served by a separate process, since its death is what is tested."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from served import write_package
from serving import Serving
from sized import FULL

#: Boots systemd: root must be allowed to mount, and the checkout lie outside what the unit hides (/tmp).
collect_ignore_glob = [] if FULL else ["test_service_machine.py"]

_SIDE, _CHANNELS = 64, 16


def working_network(layers):
    """A network that tells bright pictures from dark ones after some convolutions for nothing.

    Each takes about a millisecond of a core, and items of a batch as much as items alone.
    """
    count = 16
    weights = np.stack([np.full(count, 1 / count), np.full(count, -1 / count)], axis=1)
    kernel = np.zeros((_CHANNELS, _CHANNELS, 3, 3), "float32")
    first = np.zeros((_CHANNELS, 1, 1, 1), "float32")
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["raw"]),
        helper.make_node("Tile", ["input", "times"], ["wide"]),
        helper.make_node("Conv", ["wide", "first"], ["hidden0"]),
    ]
    nodes += [
        helper.make_node(
            "Conv", [f"hidden{layer}", "kernel"], [f"hidden{layer + 1}"], pads=[1, 1, 1, 1]
        )
        for layer in range(layers)
    ]
    nodes += [
        helper.make_node(
            "ReduceMean", [f"hidden{layers}"], ["nothing"], axes=[1, 2, 3], keepdims=0
        ),
        helper.make_node("Unsqueeze", ["nothing", "one"], ["none"]),
        helper.make_node("Add", ["raw", "bias"], ["scores"]),
        helper.make_node("Add", ["scores", "none"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "working",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 4, 4])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 2])],
        [
            numpy_helper.from_array(weights.astype("float32"), "weights"),
            numpy_helper.from_array(np.array([0, 255], "float32"), "bias"),
            numpy_helper.from_array(kernel, "kernel"),
            numpy_helper.from_array(first, "first"),
            numpy_helper.from_array(np.array([1, 1, _SIDE // 4, _SIDE // 4], "int64"), "times"),
            numpy_helper.from_array(np.array([1], "int64"), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """A quick model, and two that take some milliseconds of a core, and about twenty."""
    folder = tmp_path_factory.mktemp("zoo")
    write_package(folder / "brightness", "brightness")
    write_package(folder / "working", "working", network=working_network(5))
    write_package(folder / "heavy", "heavy", network=working_network(40))
    return folder


@pytest.fixture(scope="module")
def serve(zoo, tmp_path_factory):
    """Start servers of the zoo; what is left of them ends with the module."""
    servers = []

    def make(*options, zoo=zoo, **fields):
        server = Serving(zoo, tmp_path_factory.mktemp("server"), *options, **fields)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.kill()
