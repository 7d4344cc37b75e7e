"""Model packages, made on the spot and kept in a cache folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["MEAN", "STD", "Shape", "write_package"]

#: Of ImageNet, on a scale of 0…1.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Shape:
    """What a network takes and gives.

    Parameters
    ----------
    size
        ``(height, width)``.
    channels
        1 or 3.
    classes
        Labels.
    axes
        ``NCYX`` or ``NYXC``.
    bare
        Take elements as they come, without any preprocessing.
    """

    size: tuple[int, int]
    channels: int
    classes: int
    axes: str = "NCYX"
    bare: bool = False

    def batch(self, count: int) -> tuple[int, ...]:
        """Return the shape of a batch."""
        lengths = {"N": count, "C": self.channels, "Y": self.size[0], "X": self.size[1]}
        return tuple(lengths[axis] for axis in self.axes)


def write_package(
    folder: Path,
    name: str,
    shape: Shape,
    weights: dict[str, tuple[Path, dict[str, Any]]],
    *,
    inputs: NDArray[np.float32],
    outputs: NDArray[np.float32],
    fit: str = "stretch",
) -> None:
    """Write a package.

    Parameters
    ----------
    folder
        Where; must not exist.
    name
        The model's id.
    shape
        What it takes.
    weights
        By format: the file, and what the format says of it.
    inputs, outputs
        The test tensors.
    fit
        What happens to pictures of another size.
    """
    folder.mkdir(parents=True)
    np.save(folder / "test_input.npy", inputs)
    np.save(folder / "test_output.npy", outputs)
    stated = {}
    for form, (file, facts) in weights.items():
        shutil.copyfile(file, folder / file.name)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        stated[form] = {"source": file.name, "sha256": digest, **facts}
    names = ["grey"] if shape.channels == 1 else ["red", "green", "blue"]
    axes = {
        "N": {"type": "batch"},
        "C": {"type": "channel", "channel_names": names},
        "Y": {"type": "space", "id": "y", "size": shape.size[0]},
        "X": {"type": "space", "id": "x", "size": shape.size[1]},
    }
    document = {
        "type": "model",
        "format_version": "0.5.4",
        "id": name,
        "version": "1",
        "name": f"Benchmark {name}",
        "description": "Random weights, for benchmarks.",
        "license": "BSD-3-Clause",
        "authors": [{"name": "The ZooBridge developers"}],
        "cite": [{"text": "Random weights", "doi": "10.1234/5678"}],
        "tags": ["benchmark"],
        "inputs": [
            {
                "id": "input",
                "axes": [axes[axis] for axis in shape.axes],
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_input.npy"},
                "preprocessing": [] if shape.bare else _preprocessing(shape),
            }
        ],
        "outputs": [
            {
                "id": "output",
                "axes": [
                    {"type": "batch"},
                    {"type": "channel", "channel_names": [f"c{n}" for n in range(shape.classes)]},
                ],
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_output.npy"},
            }
        ],
        "weights": stated,
        "config": {"zoobridge": {"fit": fit, "intensity_range": [0, 255], "score_kind": "logit"}},
    }
    (folder / "rdf.yaml").write_text(json.dumps(document), "utf-8")


def _preprocessing(shape: Shape) -> list[dict[str, Any]]:
    scaled = {"id": "scale_linear", "kwargs": {"gain": 1 / 255}}
    if shape.channels == 1:
        return [scaled]
    moments = {"axis": "channel", "mean": list(MEAN), "std": list(STD)}
    return [scaled, {"id": "fixed_zero_mean_unit_variance", "kwargs": moments}]
