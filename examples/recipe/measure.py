"""Running a network of the demo zoo with ONNX Runtime alone, to measure how often it is right."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = ["onnx_scores", "prepare_digits", "prepare_textures", "right"]


def prepare_digits(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring ``(count, 8, 8)`` pictures into the digits network's form: 0 to 1."""
    return (pictures[:, None] / 255).astype(np.float32)


def prepare_textures(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bring ``(count, 64, 64)`` pictures into the textures network's form: mean 0, deviation 1."""
    values = pictures[:, None].astype(np.float32)
    mean = values.mean(axis=(1, 2, 3), keepdims=True)
    deviation = values.std(axis=(1, 2, 3), keepdims=True)
    return ((values - mean) / (deviation + 1e-6)).astype(np.float32)


def onnx_scores(path: Path, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scores (logits) of prepared pictures, ``(count, classes)``."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    scores: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    return scores


def right(path: Path, inputs: NDArray[np.float32], classes: NDArray[np.int64]) -> int:
    """Count the prepared pictures whose best score is that of their class."""
    return int((onnx_scores(path, inputs).argmax(axis=1) == classes).sum())
