"""Packages of one-matrix networks, for zoos whose models are truly different from each other."""

import json

import numpy as np
from onnx import TensorProto, helper

from package_parts import description, onnx_network

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
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["raw"]),
        *nodes,
    ]
    tensors = {"weights": weights.astype("float32"), "bias": bias.astype("float32")}
    model = onnx_network(
        nodes, tensors, input_shape=(1, side, side), output_shape=shape, output_type=kind
    )
    content = model.SerializeToString()
    (folder / "weights.onnx").write_bytes(content)
    np.save(folder / "test_input.npy", numbers)
    np.save(folder / "test_output.npy", expected)
    document = description(content, folder.name, size=side, labels=labels, version=version)
    document["inputs"][0]["data"]["range"] = [0.0, 255.0]
    if ending == "argmax":
        axes = [{"type": "batch"}]
        values = {"type": str(expected.dtype), "values": list(labels)}
        document["outputs"][0] |= {"axes": axes, "data": values}
    settings = {"fit": "stretch", "interpolation": "box", "intensity_range": [0, 255]}
    if ending in _KINDS:
        settings["score_kind"] = _KINDS[ending]
    document["config"] = {"zoobridge": settings}
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
