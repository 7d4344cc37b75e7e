"""A network may have outputs beside its scores, in every weights format and before the scores."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tiny_packages import SIZE, Recipe, sha256

MAKERS = Path(__file__).parent / "makers"
BRIGHT = np.arange(SIZE * SIZE, dtype="float32").reshape(SIZE, SIZE)
FRAMEWORKS = {
    "onnx": "onnx",
    "torchscript": "pytorch",
    "keras_v3": "tensorflow",
    "tensorflow_saved_model_bundle": "tensorflow",
}

#: Several starts of each framework take their time on a busy machine.
pytestmark = pytest.mark.timeout(900)


def onnx_file(matrix):
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["input", "input"], ["map"]),
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node("MatMul", ["flat", "matrix"], ["output"]),
        ],
        "two",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, SIZE, SIZE])],
        [
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", 1, SIZE, SIZE]),
            helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", matrix.shape[1]]),
        ],
        [numpy_helper.from_array(matrix, "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A package for each weights format; its description names a map first, then the scores."""
    zoo = tmp_path_factory.mktemp("several")
    made = tmp_path_factory.mktemp("made")
    found = {}
    for kind in FRAMEWORKS:
        recipe = Recipe(zoo / kind)
        recipe.document["id"] = kind.replace("_", "-")
        if not found:
            np.save(made / "matrix.npy", recipe.weights)
            (made / "weights.onnx").write_bytes(onnx_file(recipe.weights))
            for program in ("several_torch", "several_tensorflow"):
                subprocess.run(
                    [sys.executable, str(MAKERS / f"{program}.py"), str(made)],
                    check=True,
                    env=os.environ | {"TMPDIR": str(made)},
                )
        np.save(recipe.folder / "test_map.npy", 2 * recipe.test_input)
        recipe.document["outputs"].insert(
            0,
            {
                "id": "map",
                "axes": recipe.input["axes"],
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_map.npy"},
            },
        )
        recipe.document["weights"] = {kind: weights(kind, made, recipe)}
        found[kind] = (recipe.write(), recipe.weights)
    return zoo, found


def weights(kind, made, recipe):
    if kind == "tensorflow_saved_model_bundle":
        folder = recipe.folder / "saved_model"
        folder.parent.mkdir(exist_ok=True)
        (made / "saved_model").rename(folder)
        return {"source": "saved_model", "tensorflow_version": "2.18"}
    name = {"onnx": "weights.onnx", "torchscript": "weights.pt", "keras_v3": "weights.keras"}[kind]
    file = recipe.file(name, (made / name).read_bytes())
    return {"source": name, "sha256": sha256(file)} | {
        "onnx": {"opset_version": 17},
        "torchscript": {"pytorch_version": "2.10"},
        "keras_v3": {"keras_version": "3.13.2", "backend": ["tensorflow", "2.18"]},
    }[kind]


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_the_first_output_that_holds_classes_is_served(packages, zoobridge_server, kind):
    zoo, found = packages
    client = zoobridge_server(zoo).client
    result = client.classify(kind.replace("_", "-"), BRIGHT, all_scores=True)[0]
    assert result.error is None
    assert result.model.weights_format == kind
    assert result.model.framework == FRAMEWORKS[kind]
    np.testing.assert_allclose(result.scores, BRIGHT.reshape(-1) @ found[kind][1], rtol=1e-4)


@pytest.mark.parametrize("kind", FRAMEWORKS)
def test_such_a_package_is_valid(packages, tmp_path, kind):
    package, _ = packages[1][kind]
    done = subprocess.run(
        [sys.executable, "-m", "zoobridge", "validate", str(package)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
