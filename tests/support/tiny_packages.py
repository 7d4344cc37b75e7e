"""Small real packages, made on the spot."""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from package_parts import description, onnx_network

CLASSES = 3
SIZE = 4


def onnx_model(*, classes=CLASSES, size=SIZE, softmax=False, seed=0, external=""):
    """A network of one matrix: the picture's pixels times a weight for each class."""
    weights = np.random.default_rng(seed).normal(size=(size * size, classes)).astype("float32")
    tensor = numpy_helper.from_array(weights, "weights")
    if external:
        onnx.external_data_helper.set_external_data(tensor, external)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["raw" if softmax else "output"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["raw"], ["output"]))
    shapes = {"input_shape": (1, size, size), "output_shape": (classes,)}
    return onnx_network(nodes, {"weights": tensor}, **shapes), weights


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Recipe:
    """A package about to be written: change `document`, then `write()`."""

    def __init__(self, folder, *, softmax=False):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        model, self.weights = onnx_model(softmax=softmax)
        (self.folder / "weights.onnx").write_bytes(model.SerializeToString())
        self.test_input = (
            np.random.default_rng(1).uniform(size=(1, 1, SIZE, SIZE)).astype("float32")
        )
        raw = self.test_input.reshape(1, -1) @ self.weights
        if softmax:
            raw = np.exp(raw) / np.exp(raw).sum()
        self.test_output = raw.astype("float32")
        np.save(self.folder / "test_input.npy", self.test_input)
        np.save(self.folder / "test_output.npy", self.test_output)
        self.document = description(
            (self.folder / "weights.onnx").read_bytes(),
            "tiny-net",
            size=SIZE,
            labels=["brick", "grass", "gravel"],
        )
        self.document |= {"name": "Tiny net", "description": "Distinguishes three textures."}

    @property
    def input(self):
        return self.document["inputs"][0]

    @property
    def output(self):
        return self.document["outputs"][0]

    def channel_names(self, names):
        self.output["axes"][1]["channel_names"] = names

    def config(self, **fields):
        self.document["config"] = {"zoobridge": fields}

    def file(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def attach(self, name, content):
        self.file(name, content)
        self.document.setdefault("attachments", []).append({"source": name})

    def write(self):
        from bioimageio.spec.utils import write_yaml

        write_yaml(self.document, self.folder / "rdf.yaml")
        return self.folder

    def zipped(self, *, inside=""):
        folder = self.write()
        target = folder.with_suffix(".zip")
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, inside + path.relative_to(folder).as_posix())
        shutil.rmtree(folder)
        return target


def add_package(zoo, name="tiny", **fields):
    """Write a package of that id into a zoo."""
    recipe = Recipe(zoo / name)
    recipe.document.update({"id": name, **fields})
    recipe.write()
    return recipe


def add_stack_package(zoo, name="stacks"):
    """Write a package whose network takes stacks of three planes, and answers the brightest one."""
    recipe = Recipe(zoo / name)
    weights = np.kron(np.eye(CLASSES), np.ones((SIZE * SIZE, 1))).astype("float32")
    shape = (1, CLASSES, SIZE, SIZE)
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["output"]),
    ]
    model = onnx_network(nodes, {"weights": weights}, input_shape=shape, output_shape=(CLASSES,))
    recipe.file("weights.onnx", model.SerializeToString())
    recipe.document["weights"]["onnx"]["sha256"] = sha256(recipe.folder / "weights.onnx")
    stack = np.random.default_rng(1).uniform(size=(1, *shape)).astype("float32")
    np.save(recipe.folder / "test_input.npy", stack)
    np.save(recipe.folder / "test_output.npy", stack.reshape(1, -1) @ weights)
    recipe.input["axes"].insert(2, {"type": "space", "id": "z", "size": CLASSES})
    recipe.document["id"] = name
    recipe.write()
    return recipe


def age(folder):
    """Set back all times, as if the package had lain there for a while."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (1_600_000_000, 1_600_000_000))
