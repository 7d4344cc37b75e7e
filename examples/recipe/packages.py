"""Writing a network and all that is known of it as a BioImage.IO package."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from bioimageio.spec import save_bioimageio_package_as_folder
from bioimageio.spec.common import FileDescr
from bioimageio.spec.model import v0_5
from numpy.typing import NDArray
from PIL import Image

from recipe.architecture import NetworkPlan
from recipe.exports import OPSET, Exported

__all__ = ["Facts", "cover", "write_package"]


@dataclass(frozen=True)
class Facts:
    """What a package says of itself.

    Parameters
    ----------
    id, name, description, license, tags
        As in a BioImage.IO description.
    citations
        Text and DOI, or text and address.
    preprocessing
        Steps from intensities to the network's input.
    zoobridge
        What stands under ``config.zoobridge``.
    saved_model
        Whether the SavedModel goes into the package too.
    """

    id: str
    name: str
    description: str
    license: str
    tags: tuple[str, ...]
    citations: tuple[Mapping[str, str], ...]
    preprocessing: tuple[Mapping[str, Any], ...]
    zoobridge: Mapping[str, Any]
    saved_model: bool


def write_package(
    zoo: Path,
    facts: Facts,
    plan: NetworkPlan,
    files: Exported,
    *,
    documentation: str,
    cover_picture: Image.Image,
    test_picture: NDArray[np.uint8],
    test_scores: NDArray[np.float32],
) -> Path:
    """Write a package into a zoo, in place of the one that was there.

    Parameters
    ----------
    zoo
        The folder of packages.
    facts, plan, files
        The network.
    documentation
        Markdown.
    cover_picture
        Twice as wide as high.
    test_picture
        ``(size, size)``.
    test_scores
        What the network answers to it, before softmax.
    """
    scratch = files.onnx.parent
    np.save(scratch / "test_input.npy", test_picture[None, None].astype(np.float32))
    exponents = np.exp(test_scores - test_scores.max())
    np.save(scratch / "test_output.npy", (exponents / exponents.sum())[None].astype(np.float32))
    (scratch / "documentation.md").write_text(documentation, "utf-8", newline="\n")
    cover_picture.save(scratch / "cover.png", optimize=True)
    model = v0_5.ModelDescr.model_validate(
        {
            "type": "model",
            "format_version": v0_5.ModelDescr.implemented_format_version,
            "id": facts.id,
            "version": "1.0.0",
            "name": facts.name,
            "description": facts.description,
            "license": facts.license,
            "authors": [{"name": "The ZooBridge developers"}],
            "cite": [dict(citation) for citation in facts.citations],
            "tags": list(facts.tags),
            "timestamp": "2026-11-21T00:00:00+00:00",
            "documentation": FileDescr(source=scratch / "documentation.md"),
            "covers": [FileDescr(source=scratch / "cover.png")],
            "inputs": [_input(plan, facts.preprocessing, scratch / "test_input.npy")],
            "outputs": [_output(plan.labels, scratch / "test_output.npy")],
            "weights": _weights(files, saved_model=facts.saved_model),
            "config": {"bioimageio": {}, "zoobridge": dict(facts.zoobridge)},
        }
    )
    target = zoo / facts.id
    shutil.rmtree(target, ignore_errors=True)
    return Path(save_bioimageio_package_as_folder(model, output_path=target))


def cover(pictures: Sequence[NDArray[np.uint8]], *, columns: int, enlarge: int) -> Image.Image:
    """Lay pictures of one size side by side, row after row, with a black seam around each."""
    framed = [np.pad(picture, 1) for picture in pictures]
    rows = [
        np.concatenate(framed[start : start + columns], axis=1)
        for start in range(0, len(framed), columns)
    ]
    sheet = Image.fromarray(np.concatenate(rows, axis=0))
    return sheet.resize((sheet.width * enlarge, sheet.height * enlarge), Image.Resampling.NEAREST)


def _input(
    plan: NetworkPlan, preprocessing: Sequence[Mapping[str, Any]], test: Path
) -> dict[str, Any]:
    return {
        "id": "raw",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": ["grey"]},
            {"type": "space", "id": "y", "size": plan.size},
            {"type": "space", "id": "x", "size": plan.size},
        ],
        "data": {"type": "float32", "range": [0, 255]},
        "test_tensor": FileDescr(source=test),
        "preprocessing": [dict(step) for step in preprocessing],
    }


def _output(labels: Sequence[str], test: Path) -> dict[str, Any]:
    return {
        "id": "scores",
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": list(labels)}],
        "data": {"type": "float32", "range": [0, 1]},
        "test_tensor": FileDescr(source=test),
        "postprocessing": [{"id": "softmax", "kwargs": {"axis": "channel"}}],
    }


def _weights(files: Exported, *, saved_model: bool) -> dict[str, Any]:
    torch_version = version("torch").partition("+")[0]
    weights: dict[str, Any] = {
        "torchscript": {"source": files.torchscript, "pytorch_version": torch_version},
        "onnx": {"source": files.onnx, "opset_version": OPSET, "parent": "torchscript"},
        "keras_v3": {
            "source": files.keras,
            "keras_version": version("keras"),
            "backend": ("tensorflow", version("tensorflow")),
            "parent": "torchscript",
        },
    }
    if saved_model:
        weights["tensorflow_saved_model_bundle"] = {
            "source": files.saved_model,
            "tensorflow_version": version("tensorflow"),
            "parent": "keras_v3",
        }
    return weights
