"""Packages of one-matrix networks, for zoos whose models are truly different from each other."""

import hashlib
import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

ENDINGS = ("softmax", "sigmoid", "logit", "argmax")


def write_linear(folder, weights, bias, labels, *, ending="softmax", version="1.0.0"):
    """Write a package: pixels (0 to 255) times `weights` plus `bias`, and what `ending` says.

    `weights` is ``(side * side, classes)``. The package's id is the folder's name.
    """
    folder.mkdir(parents=True)
    side = int(np.sqrt(len(weights)))
    numbers = np.random.default_rng(3).uniform(0, 255, (1, 1, side, side)).astype("float32")
    raw = numbers.reshape(1, -1) @ weights.astype("float32") + bias.astype("float32")
    expected, nodes, shape, kind = _ending(ending, raw)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["raw"]),
            *nodes,
        ],
        "linear",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, side, side])],
        [helper.make_tensor_value_info("output", kind, ["N", *shape])],
        [
            numpy_helper.from_array(weights.astype("float32"), "weights"),
            numpy_helper.from_array(bias.astype("float32"), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    (folder / "weights.onnx").write_bytes(content)
    np.save(folder / "test_input.npy", numbers)
    np.save(folder / "test_output.npy", expected)
    axes = [{"type": "batch"}]
    data = {"type": str(expected.dtype)}
    if ending == "argmax":
        data["values"] = list(labels)
    else:
        axes.append({"type": "channel", "channel_names": list(labels)})
    document = {
        "type": "model", "format_version": "0.5.4", "id": folder.name, "version": version,
        "name": folder.name, "description": "One matrix.", "license": "BSD-3-Clause",
        "authors": [{"name": "Ada Lovelace"}], "cite": [{"text": "Lovelace", "doi": "10.1234/5"}],
        "tags": ["classification"],
        "inputs": [{
            "id": "input", "data": {"type": "float32", "range": [0.0, 255.0]},
            "axes": [
                {"type": "batch"}, {"type": "channel", "channel_names": ["grey"]},
                {"type": "space", "id": "y", "size": side},
                {"type": "space", "id": "x", "size": side},
            ],
            "test_tensor": {"source": "test_input.npy"},
        }],
        "outputs": [{"id": "output", "axes": axes, "data": data,
                     "test_tensor": {"source": "test_output.npy"}}],
        "weights": {"onnx": {
            "source": "weights.onnx", "sha256": hashlib.sha256(content).hexdigest(),
            "opset_version": 17,
        }},
        "config": {"zoobridge": {
            "fit": "stretch", "interpolation": "box", "intensity_range": [0, 255],
            **({"score_kind": _KINDS[ending]} if ending in _KINDS else {}),
        }},
    }  # fmt: skip
    (folder / "rdf.yaml").write_text(json.dumps(document))
    return folder


_KINDS = {"softmax": "probability", "sigmoid": "independent_probability", "logit": "logit"}


def _ending(ending, raw):
    classes = [raw.shape[1]]
    if ending == "argmax":
        nodes = [
            helper.make_node("ArgMax", ["raw"], ["index"], axis=1, keepdims=0),
            helper.make_node("Cast", ["index"], ["output"], to=TensorProto.UINT8),
        ]
        return raw.argmax(axis=1).astype(np.uint8), nodes, [], TensorProto.UINT8
    if ending == "sigmoid":
        with np.errstate(over="ignore"):
            expected = (1 / (1 + np.exp(-raw))).astype("float32")
        return (
            expected,
            [helper.make_node("Sigmoid", ["raw"], ["output"])],
            classes,
            TensorProto.FLOAT,
        )
    if ending == "logit":
        node = helper.make_node("Identity", ["raw"], ["output"])
        return raw, [node], classes, TensorProto.FLOAT
    shifted = np.exp(raw - raw.max())
    node = helper.make_node("Softmax", ["raw"], ["output"], axis=1)
    return (shifted / shifted.sum()).astype("float32"), [node], classes, TensorProto.FLOAT
