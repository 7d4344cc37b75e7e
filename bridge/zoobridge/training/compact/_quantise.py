"""Static quantisation by ONNX Runtime."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime
from onnxruntime import quantization

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["quantise", "run_onnx"]


class _Reader(quantization.CalibrationDataReader):  # type: ignore[misc]  # untyped
    def __init__(self, name: str, inputs: Iterable[NDArray[Any]]) -> None:
        self._inputs = iter(inputs)
        self._name = name

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        found = next(self._inputs, None)
        return None if found is None else {self._name: found}


def quantise(source: Path, target: Path, inputs: Iterable[NDArray[Any]]) -> None:
    """Write a network whose convolutions have 8-bit weights and activations.

    Weights have a scale for each channel. What follows the convolutions stays as it is: it is small,
    and its rounding would be in the scores.

    Parameters
    ----------
    source, target
        ONNX files.
    inputs
        Batches that the ranges of activations are taken from.
    """
    (given,) = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).get_inputs()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
        warnings.simplefilter("ignore")
        plain = Path(scratch, "plain.onnx")
        quantization.quant_pre_process(source, plain, skip_symbolic_shape=True)
        quantization.quantize_static(
            plain,
            target,
            _Reader(given.name, inputs),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            op_types_to_quantize=["Conv"],
            # Before an activation that bounds them, sums have ranges that eight bits do not resolve.
            extra_options={"OpTypesToExcludeOutputQuantization": ["Conv"]},
        )


def run_onnx(path: Path, inputs: NDArray[Any]) -> list[NDArray[Any]]:
    """Return what a network answers."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answers: list[NDArray[Any]] = session.run(None, {session.get_inputs()[0].name: inputs})
    return answers
