"""What the packages that tests write have in common: a network in ONNX, and its description."""

import hashlib

import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


def onnx_network(nodes, tensors, *, input_shape, output_shape, output_type=TensorProto.FLOAT):
    """Return a network from ``input`` to ``output``, whose shapes follow the axis of items.

    `tensors` are arrays or tensors by name.
    """
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", *input_shape])],
        [helper.make_tensor_value_info("output", output_type, ["N", *output_shape])],
        [
            given if isinstance(given, onnx.TensorProto) else numpy_helper.from_array(given, name)
            for name, given in tensors.items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def description(weights, name, *, size, labels, version="1.0.0"):
    """Return a sound description of a package of one grey channel.

    Its files are ``weights.onnx``, which holds `weights`, ``test_input.npy`` and ``test_output.npy``.
    """
    return {
        "type": "model",
        "format_version": "0.5.4",
        "id": name,
        "version": version,
        "name": name,
        "description": "A network of the tests.",
        "license": "BSD-3-Clause",
        "authors": [{"name": "Ada Lovelace", "affiliation": "Analytical Engines"}],
        "cite": [{"text": "Lovelace 1843", "doi": "10.1234/5678"}],
        "tags": ["classification"],
        "inputs": [
            {
                "id": "input",
                "axes": [
                    {"type": "batch"},
                    {"type": "channel", "channel_names": ["grey"]},
                    {"type": "space", "id": "y", "size": size},
                    {"type": "space", "id": "x", "size": size},
                ],
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_input.npy"},
            }
        ],
        "outputs": [
            {
                "id": "output",
                "axes": [{"type": "batch"}, {"type": "channel", "channel_names": list(labels)}],
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_output.npy"},
            }
        ],
        "weights": {
            "onnx": {
                "source": "weights.onnx",
                "sha256": hashlib.sha256(weights).hexdigest(),
                "opset_version": OPSET,
            }
        },
    }
