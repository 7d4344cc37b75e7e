"""What the description of a package says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.training.features import architecture
from zoobridge.zoo import newest_format, plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["BACKBONE_CITATIONS", "model_document", "test_picture"]

#: What everybody who uses the backbone cites.
BACKBONE_CITATIONS: Final = (
    {
        "text": "M. Tan, Q. V. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural "
        "Networks. ICML, 2019.",
        "doi": "10.48550/arXiv.1905.11946",
    },
    {
        "text": "R. Liu: Higher accuracy on vision models with EfficientNet-Lite. TensorFlow Blog, "
        "2020.",
        "url": "https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html",
    },
)


def test_picture(seed: int) -> NDArray[np.float32]:
    """Return a made-up picture ``(1, 3, 224, 224)``, 0 to 255, for a package's test tensors."""
    random = np.random.default_rng(seed)
    coarse = random.random((architecture.CHANNELS, 8, 8)) * 255
    size = architecture.SIDE // 8
    grid = np.kron(coarse, np.ones((size, size)))
    ramp = np.linspace(-20, 20, architecture.SIDE)
    return np.clip(grid + ramp + ramp[:, None], 0, 255).round().astype(np.float32)[None]


def model_document(
    *,
    model_id: str,
    version: str,
    name: str,
    description: str,
    labels: Sequence[str],
    tags: Sequence[str],
    config: dict[str, Any],
    authors: Sequence[str] = (),
    license_id: str = "",
    citations: Sequence[dict[str, str]] = (),
    attachments: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a BioImage.IO description without its weights.

    Parameters
    ----------
    model_id, version, name, description, tags, authors, license_id
        As in the description.
    labels
        The classes; none for the embedding model, whose embedding is what is served.
    config
        ``config.zoobridge``.
    citations
        Beside those of the backbone.
    attachments
        Further files of the package.
    """
    side = architecture.SIDE // 32
    embedding = {
        "id": "embedding",
        "axes": [{"type": "batch"}, {"type": "index", "size": architecture.DIMENSIONS}],
        "data": {"type": "float32"},
        "test_tensor": {"source": "test_embedding.npy"},
    }
    outputs = [embedding]
    if labels:
        scores = {
            "id": "scores",
            "axes": [{"type": "batch"}, {"type": "channel", "channel_names": list(labels)}],
            "data": {"type": "float32", "range": [0, 1]},
            "test_tensor": {"source": "test_scores.npy"},
        }
        activation = {
            "id": "activation",
            "axes": [
                {"type": "batch"},
                {"type": "index", "size": len(labels)},
                {"type": "space", "id": "y", "size": side},
                {"type": "space", "id": "x", "size": side},
            ],
            "data": {"type": "float32"},
            "test_tensor": {"source": "test_activation.npy"},
        }
        outputs = [scores, embedding, activation]
    document: dict[str, Any] = {
        "type": "model",
        "format_version": newest_format(),
        "id": model_id,
        "version": version,
        "name": plain_name(name),
        "description": description,
        "documentation": {"source": "README.md"},
        "authors": [{"name": author} for author in authors],
        "cite": [*map(dict, citations), *map(dict, BACKBONE_CITATIONS)],
        "tags": list(tags),
        "inputs": [_input()],
        "outputs": outputs,
        "attachments": [{"source": source} for source in attachments],
        "config": {
            "bioimageio": {"reproducibility_tolerance": _tolerances(len(labels))},
            "zoobridge": {"fit": "stretch", "intensity_range": [0, 255], **config},
        },
    }
    if license_id:
        document["license"] = license_id
    return document


def _tolerances(classes: int) -> list[dict[str, Any]]:
    """Return what may differ: of the scores, since the format refuses more than 1 % of the greatest."""
    if not classes:
        return []
    absolute = min(1e-4, 0.005 / classes)
    return [
        {
            "absolute_tolerance": absolute,
            "relative_tolerance": 1e-3,
            "output_ids": ["scores"],
        }
    ]


def _input() -> dict[str, Any]:
    return {
        "id": "raw",
        "axes": [
            {"type": "batch"},
            {"type": "channel", "channel_names": ["red", "green", "blue"]},
            {"type": "space", "id": "y", "size": architecture.SIDE},
            {"type": "space", "id": "x", "size": architecture.SIDE},
        ],
        "data": {"type": "float32", "range": [0, 255]},
        "test_tensor": {"source": "test_input.npy"},
        "preprocessing": [
            {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}},
            {
                "id": "fixed_zero_mean_unit_variance",
                "kwargs": {
                    "mean": architecture.MEAN,
                    "std": architecture.STANDARD_DEVIATION,
                },
            },
            {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}},
        ],
    }
