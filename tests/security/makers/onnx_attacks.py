"""Write hostile ONNX files: FOLDER CANARY SECRET PORT."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

folder, canary, secret = (Path(argument) for argument in sys.argv[1:4])
LENGTH = secret.stat().st_size


def save(name, nodes, initializers=(), *, width=4, domains=()):
    graph = helper.make_graph(
        nodes,
        "attack",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", width])],
        list(initializers),
    )
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(name, 1) for name in domains)]
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


def external(location):
    """A tensor whose bytes are a file's."""
    tensor = TensorProto(name="stolen", data_type=TensorProto.UINT8, dims=[1, LENGTH])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(LENGTH))):
        tensor.external_data.add(key=key, value=value)
    return tensor


reading = [helper.make_node("Cast", ["stolen"], ["y"], to=TensorProto.FLOAT)]
for kind in ("hard", "symbolic", "parent", "absolute"):
    location = {
        "hard": "weights.data",
        "symbolic": "weights.data",
        "parent": os.path.relpath(secret, folder / "parent"),
        "absolute": str(secret),
    }[kind]
    save(f"{kind}/model.onnx", reading, [external(location)], width=LENGTH)
(folder / "hard" / "weights.data").hardlink_to(secret)
(folder / "symbolic" / "weights.data").symlink_to(secret)

save("custom/model.onnx", [helper.make_node("Evil", ["x"], ["y"], domain="evil")], domains=["evil"])
# Any shared library will do: what counts is whether it comes into the process.
core = Path(np.__file__).parent.rglob("_multiarray_tests*.so")
shutil.copy(next(core), folder / "custom" / "custom_ops.so")
two = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])
save("double.onnx", [helper.make_node("Mul", ["x", "two"], ["y"])], [two])
