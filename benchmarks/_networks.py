"""Networks of known sizes with random weights, made on the spot by a process that ends afterwards.

The statistics of normalisation layers are taken from random pictures, so that activations keep their
scale from layer to layer: with those of a fresh network a MobileNetV2 answers about 4e-9 everywhere.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._packages import MEAN, STD, Shape, write_package

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["CENTRE", "MOBILENET", "RESNET", "TINY", "VIT", "Model", "Plan", "make", "picture"]

_OPSET, _IR_VERSION = 18, 10


@dataclass(frozen=True)
class Plan:
    """A network to make.

    Parameters
    ----------
    name
        What the model is called.
    architecture
        ``mobilenet_v2``, ``resnet50`` or ``tiny``.
    size
        Height and width that it takes.
    channels
        1 or 3.
    classes
        Labels.
    fit
        What happens to pictures of another size.
    """

    name: str
    architecture: str
    size: int
    channels: int
    classes: int
    fit: str = "stretch"

    def small(self) -> Plan:
        """Return a plan that is made and run in no time."""
        return _SMALL if self.channels == 3 and self.size > _SMALL.size else self

    def shape(self, axes: str = "NCYX") -> Shape:
        """Return what the network takes and gives."""
        return Shape((self.size, self.size), self.channels, self.classes, axes)


MOBILENET = Plan("mobilenet", "mobilenet_v2", 224, 3, 1000)
RESNET = Plan("resnet50", "resnet50", 224, 3, 1000)
VIT = Plan("vit", "vit_b_16", 224, 3, 1000)
TINY = Plan("tiny-cnn", "tiny", 28, 1, 10)

#: Looks at the centre of a picture alone.
CENTRE = Plan("centre-cnn", "tiny", 32, 3, 10, fit="center")

_SMALL = Plan("small-cnn", "tiny", 32, 3, 10)


@dataclass(frozen=True)
class Model:
    """A made package.

    Parameters
    ----------
    name
        Its id.
    framework
        Which of ``onnx``, ``pytorch``, ``tensorflow`` is to run it.
    zoo
        The folder to serve.
    weights
        The framework's file.
    shape
        What the network takes.
    best
        The class of :func:`picture` number 0, as the framework that made it says.
    """

    name: str
    framework: str
    zoo: Path
    weights: Path
    shape: Shape
    best: int


def picture(shape: Shape, number: int) -> NDArray[np.uint8]:
    """Return a random picture, ``(height, width, channels)``; the same for the same number."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (*shape.size, shape.channels), np.uint8)


def make(plan: Plan, framework: str, cache: Path) -> Model:
    """Return a network's package, made where the cache holds none."""
    keras = framework == "tensorflow"
    name = f"{plan.name}-keras" if keras else plan.name
    zoo = cache / "zoos" / name
    shape = plan.shape("NYXC" if keras else "NCYX")
    if not (zoo / name / "rdf.yaml").exists():
        shutil.rmtree(zoo, ignore_errors=True)
        # Two frameworks do not survive each other in one process, and neither shall stay.
        target = _make_keras if keras else _make_torch
        process = multiprocessing.get_context("spawn").Process(
            target=target, args=(plan, name, shape, zoo)
        )
        process.start()
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"the network {name} could not be made")
    file = {"onnx": "weights.onnx", "pytorch": "weights.pt", "tensorflow": "weights.keras"}
    best = json.loads((zoo / f"{name}.json").read_text("utf-8"))["best"]
    return Model(name, framework, zoo, zoo / name / file[framework], shape, best)


def _prepared(shape: Shape) -> NDArray[np.float32]:
    """Return picture number 0 as the package's steps prepare it, in ``NYXC``."""
    scaled = picture(shape, 0)[np.newaxis] / 255
    standard = scaled if shape.channels == 1 else (scaled - MEAN) / STD
    return standard.astype(np.float32)


def _write(
    zoo: Path,
    name: str,
    shape: Shape,
    weights: dict[str, tuple[Path, dict[str, Any]]],
    inputs: NDArray[np.float32],
    outputs: NDArray[np.float32],
    fit: str,
) -> None:
    zoo.mkdir(parents=True, exist_ok=True)
    (zoo / f"{name}.json").write_text(json.dumps({"best": int(outputs.argmax())}), "utf-8")
    write_package(zoo / name, name, shape, weights, inputs=inputs, outputs=outputs, fit=fit)


def _make_torch(plan: Plan, name: str, shape: Shape, zoo: Path) -> None:
    import torch
    import torchvision
    from torch import nn

    torch.manual_seed(0)
    network: nn.Module
    if plan.architecture == "tiny":
        network = nn.Sequential(
            nn.Conv2d(plan.channels, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * (plan.size // 4) ** 2, plan.classes),
        )
    else:
        network = getattr(torchvision.models, plan.architecture)(num_classes=plan.classes)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches
    example = torch.randn(8, *shape.batch(1)[1:])
    with torch.no_grad():
        network.train()(example)
        network.eval()
        inputs = torch.from_numpy(_prepared(shape).transpose(0, 3, 1, 2).copy())
        outputs = network(inputs)
    scratch = zoo / "made"
    scratch.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, example[:2])  # type: ignore[no-untyped-call]
        torch.jit.save(traced, scratch / "weights.pt")
        program = torch.onnx.export(
            network,
            (example[:2],),
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=["input"],
            output_names=["output"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    assert program is not None
    program.model_proto.ir_version = _IR_VERSION
    (scratch / "weights.onnx").write_bytes(program.model_proto.SerializeToString())
    version = torch.__version__.partition("+")[0]
    weights: dict[str, tuple[Path, dict[str, Any]]] = {
        "onnx": (scratch / "weights.onnx", {"opset_version": _OPSET}),
        "torchscript": (scratch / "weights.pt", {"pytorch_version": version}),
    }
    _write(zoo, name, shape, weights, inputs.numpy(), outputs.numpy(), plan.fit)
    shutil.rmtree(scratch)


def _make_keras(plan: Plan, name: str, shape: Shape, zoo: Path) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    size = shape.batch(1)[1:]
    if plan.architecture == "tiny":
        layers = keras.layers
        network = keras.Sequential(
            [
                keras.Input(size),
                layers.Conv2D(8, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(16, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(plan.classes),
            ]
        )
    else:
        known = {
            "mobilenet_v2": keras.applications.MobileNetV2,
            "resnet50": keras.applications.ResNet50,
        }
        network = known[plan.architecture](
            weights=None, input_shape=size, classes=plan.classes, classifier_activation=None
        )
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # what the last batch was like
    network(tf.random.normal((8, *size)), training=True)
    inputs = _prepared(shape)
    outputs = network(inputs, training=False).numpy()
    scratch = zoo / "made"
    scratch.mkdir(parents=True)
    network.save(scratch / "weights.keras")
    facts = {"keras_version": keras.__version__, "backend": ["tensorflow", tf.__version__]}
    _write(
        zoo,
        name,
        shape,
        {"keras_v3": (scratch / "weights.keras", facts)},
        inputs,
        outputs,
        plan.fit,
    )
    shutil.rmtree(scratch)
