"""Writing the weights in each format, and how far their answers differ."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.errors import BackendError
from zoobridge.training.features import architecture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.training.fit import Head

__all__ = ["FORMATS", "PARITY", "Written", "installed_formats", "prepared", "write_weights"]

#: Largest difference between two formats' answers.
PARITY: Final = 1e-5

#: Formats that a package may hold, the module that a format needs, and the program that writes it.
FORMATS: Final = {"onnx": "onnxruntime", "torchscript": "torch", "keras_v3": "tensorflow"}

_PROGRAMS: Final = {"torchscript": "_torchscript", "keras_v3": "_keras"}
_FILES: Final = {"onnx": "weights.onnx", "torchscript": "weights.pt", "keras_v3": "weights.keras"}


@dataclass(frozen=True, eq=False)
class Written:
    """Weights as they were written.

    Parameters
    ----------
    documents
        What a BioImage.IO description says of each format.
    outputs
        What the ONNX file answers to the inputs, by name.
    differences
        Largest difference of each other format's answers from those.
    """

    documents: dict[str, dict[str, Any]]
    outputs: dict[str, NDArray[np.float32]]
    differences: dict[str, float]


def installed_formats() -> tuple[str, ...]:
    """Return the formats that can be written here."""
    return tuple(name for name, module in FORMATS.items() if find_spec(module) is not None)


def prepared(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network is given for intensities from 0 to 255."""
    scaled: NDArray[np.float32] = (
        (pictures - np.float32(architecture.MEAN)) / np.float32(architecture.STANDARD_DEVIATION)
    ).astype(np.float32)
    return scaled


def write_weights(
    folder: Path,
    parameters: dict[str, NDArray[np.float32]],
    head: Head | None,
    inputs: NDArray[np.float32],
    *,
    formats: tuple[str, ...],
    views: int = 1,
) -> Written:
    """Write the network into a folder, and compare what the files answer.

    Parameters
    ----------
    folder
        Where the files go.
    parameters
        Of the backbone.
    head
        What follows the embedding; `None` for the embedding alone, which is written as ONNX only.
    inputs
        Prepared pictures to compare on, ``(N, 3, 224, 224)``.
    formats
        Those to write; ``onnx`` among them.
    views
        Of a picture: 1, or 8 for the mean of its flips and turns.

    Raises
    ------
    BackendError
        If a format cannot be written, or answers differ by more than :data:`PARITY`.
    """
    from zoobridge.training.package._onnx_graph import OPSET, onnx_answers, onnx_bytes

    data = onnx_bytes(parameters, head, views=views)
    (folder / _FILES["onnx"]).write_bytes(data)
    outputs = onnx_answers(data, inputs)
    documents: dict[str, dict[str, Any]] = {"onnx": {"opset_version": OPSET}}
    differences: dict[str, float] = {}
    others = [name for name in formats if name in _PROGRAMS]
    if head is not None and others:
        for name, answers in _twins(
            folder, {**parameters, "views": np.array(views)}, head, inputs, others
        ).items():
            differences[name] = max(
                float(np.abs(answers[key] - expected).max()) for key, expected in outputs.items()
            )
            if not differences[name] <= PARITY:
                raise BackendError(
                    f"the {name} weights answer differently from the ONNX weights, by up to "
                    f"{differences[name]:.2g}; report this as a fault of ZooBridge"
                )
            documents[name] = {**_versions(name), "parent": "onnx"}
    for name, document in documents.items():
        document["source"] = _FILES[name]
    return Written(documents, outputs, differences)


def _twins(
    folder: Path,
    parameters: dict[str, NDArray[Any]],
    head: Head,
    inputs: NDArray[np.float32],
    names: list[str],
) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Run the writers side by side, each in a separate process."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch, ExitStack() as stack:
        given = Path(scratch, "given.npz")
        own: dict[str, Any] = {"classes.weight": head.weight, "classes.bias": head.bias}
        np.savez(given, inputs=inputs, **parameters, **own)  # type: ignore[arg-type]
        running = {}
        for name in names:
            module = f"{__package__}.{_PROGRAMS[name]}"
            answers = Path(scratch, f"{name}.npz")
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", module, given, folder / _FILES[name], answers],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
            # Before it is waited for.
            stack.callback(process.kill)
            running[name] = process
        found = {}
        for name, process in running.items():
            _, errors = process.communicate()
            if process.returncode:
                reason = errors.strip().rpartition("\n")[2]
                raise BackendError(f"the {name} weights cannot be written: {reason}")
            with np.load(Path(scratch, f"{name}.npz")) as file:
                found[name] = dict(file)
        return found


def _versions(name: str) -> dict[str, Any]:
    if name == "torchscript":
        return {"pytorch_version": _version("torch")}
    return {
        "keras_version": _version("keras"),
        "backend": ["tensorflow", _version("tensorflow")],
    }


def _version(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "0"
