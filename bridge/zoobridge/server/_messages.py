"""Models, frameworks and copies as messages of the contract."""

from __future__ import annotations

import logging
import mimetypes
from typing import TYPE_CHECKING, Final

from zoobridge.protocol import PIXEL_DTYPES, to_message
from zoobridge.protocol.v1 import model_pb2

if TYPE_CHECKING:
    from pathlib import Path

    from zoobridge.engine import FrameworkState, ModelState
    from zoobridge.imaging import InputSpec
    from zoobridge.server._core import Core
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["details_message", "framework_message", "loaded_message", "model_message"]

_log = logging.getLogger(__name__)

_DOCUMENTATION_BYTES: Final = 1 << 20
_COVER_BYTES: Final = 8 << 20


def framework_message(state: FrameworkState) -> model_pb2.Framework:
    """Describe a framework."""
    return to_message(
        state.facts,
        model_pb2.Framework,
        name=state.name,
        weights_formats=state.formats,
        devices=state.devices,
        device_problem=state.device_problem,
    )


def loaded_message(state: ModelState) -> model_pb2.LoadedModel:
    """Describe a loaded copy."""
    return to_message(
        state,
        model_pb2.LoadedModel,
        framework=state.weights.framework,
        weights_format=state.weights.format,
    )


def model_message(core: Core, model: ModelDescription, loaded: list[ModelState]) -> model_pb2.Model:
    """Describe a model as far as its package could be read.

    Parameters
    ----------
    core
        Knows what can be used here and now.
    model
        The model.
    loaded
        All copies that the engine has loaded, of whatever model.
    """
    return to_message(
        model,
        model_pb2.Model,
        weights=[_weights_message(core, model, weights) for weights in model.weights],
        input=_input_message(model.input) if model.input is not None else None,
        prediction_set_coverage=model.prediction_set.coverage if model.prediction_set else None,
        novelty_threshold=model.novelty.threshold if model.novelty else None,
        loaded=[
            loaded_message(state) for state in loaded if state.model.reference == model.reference
        ],
    )


def details_message(model: ModelDescription, *, include_cover: bool) -> model_pb2.ModelDetails:
    """Return what is too long for a list of models."""
    documentation = _file(model, model.documentation_path, _DOCUMENTATION_BYTES)
    cover = _file(model, model.cover_path, _COVER_BYTES) if include_cover else b""
    media_type = ""
    if cover and model.cover_path is not None:
        media_type = mimetypes.guess_type(model.cover_path.name)[0] or "application/octet-stream"
    return to_message(
        model,
        model_pb2.ModelDetails,
        documentation=documentation.decode("utf-8", "replace"),
        cover=cover,
        cover_media_type=media_type,
    )


def _weights_message(
    core: Core, model: ModelDescription, weights: WeightsDescription
) -> model_pb2.Weights:
    problem, remedy = core.choices.obstacle(model, weights)
    return to_message(weights, model_pb2.Weights, problem=problem, remedy=remedy)


def _input_message(spec: InputSpec) -> model_pb2.ModelInput:
    low, high = spec.intensity_range or (None, None)
    return to_message(
        spec,
        model_pb2.ModelInput,
        axes=spec.axes.replace("N", ""),
        # A type that no picture can have, such as complex64, is not stated.
        data_type=spec.dtype if spec.dtype in PIXEL_DTYPES else None,
        sizes={axis: size for axis, size in spec.sizes.items() if axis != "N"},
        intensity_low=low,
        intensity_high=high,
    )


def _file(model: ModelDescription, path: Path | None, max_bytes: int) -> bytes:
    """Return a file of the package; empty without one that may be shown."""
    if path is None:
        return b""
    try:
        if not path.resolve().is_relative_to(model.root.resolve()):
            _log.warning("file outside its package model=%s path=%s", model.reference, path)
            return b""
        if path.stat().st_size > max_bytes:
            _log.warning("file too large to show model=%s path=%s", model.reference, path)
            return b""
        return path.read_bytes()
    except OSError as error:
        _log.warning("file unreadable model=%s path=%s why=%r", model.reference, path, str(error))
        return b""
