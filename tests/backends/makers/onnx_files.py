"""Write the ONNX samples into the folder that is named."""

import sys
from pathlib import Path

import numpy as np
import onnx
import oracle
from onnx import TensorProto, helper, numpy_helper


def save(graph: onnx.GraphProto, path: Path, **options: object) -> None:
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )
    onnx.checker.check_model(model)
    onnx.save(model, path, **options)


def network() -> onnx.GraphProto:
    nodes = [
        helper.make_node("Conv", ["picture", "kernel", "kernel_bias"], ["filtered"]),
        helper.make_node("Relu", ["filtered"], ["rectified"]),
        helper.make_node("ReduceMean", ["rectified"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["means", "dense", "dense_bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    shape = ["N", oracle.CHANNELS, oracle.SIZE, oracle.SIZE]
    return helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", oracle.CLASSES])],
        [numpy_helper.from_array(array, name) for name, array in oracle.parameters().items()],
    )


def two_ways() -> onnx.GraphProto:
    """Two inputs and three outputs: their difference, the first untouched, and a constant."""
    tensor = helper.make_tensor_value_info
    return helper.make_graph(
        [
            helper.make_node("Sub", ["left", "right"], ["difference"]),
            helper.make_node("Identity", ["left"], ["same"]),
        ],
        "two_ways",
        [tensor(name, TensorProto.FLOAT, ["N", 3]) for name in ("left", "right")],
        [
            tensor("difference", TensorProto.FLOAT, ["N", 3]),
            tensor("same", TensorProto.FLOAT, ["N", 3]),
        ],
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    save(network(), folder / "network.onnx")
    (folder / "external").mkdir()
    save(
        network(),
        folder / "external" / "network.onnx",
        save_as_external_data=True,
        location="network.data",
        size_threshold=0,
    )
    save(two_ways(), folder / "two_ways.onnx")
    np.save(folder / "done.npy", np.zeros(1))
