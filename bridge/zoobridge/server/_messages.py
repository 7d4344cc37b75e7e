"""Models, frameworks and copies as messages of the contract."""

from __future__ import annotations

import logging
import mimetypes
from typing import TYPE_CHECKING, Any, Final

from zoobridge.protocol import PIXEL_DTYPES, enum_number, from_enum
from zoobridge.protocol.v1 import image_pb2, model_pb2, prediction_pb2

if TYPE_CHECKING:
    from enum import StrEnum
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
    return model_pb2.Framework(
        name=state.name,
        version=state.facts.version,
        weights_formats=state.formats,
        devices=state.devices,
        problem=state.facts.problem,
        remedy=state.facts.remedy,
    )


def loaded_message(state: ModelState) -> model_pb2.LoadedModel:
    """Describe a loaded copy."""
    return model_pb2.LoadedModel(
        framework=state.weights.framework,
        weights_format=state.weights.format,
        device=state.device,
        memory_bytes=state.memory_bytes,
        items=state.items,
        confinement=state.confinement,
        load_seconds=state.load_seconds,
        parameters=state.parameters,
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
    return model_pb2.Model(
        id=model.id,
        version=model.version,
        name=model.name,
        description=model.description,
        original_id=model.original_id,
        problem=model.problem,
        weights=[_weights_message(core, model, weights) for weights in model.weights],
        input=_input_message(model.input) if model.input is not None else None,
        labels=model.labels,
        label_source=_value(model_pb2.LabelSource, model.label_source),
        score_kind=_value(prediction_pb2.ScoreKind, model.score_kind),
        score_kind_source=model.score_kind_source,
        default_top_k=model.default_top_k,
        threshold=model.threshold,
        label_colors=model.label_colors,
        license=model.license,
        tags=model.tags,
        calibrated=model.calibrated,
        prediction_set_coverage=model.prediction_set.coverage if model.prediction_set else None,
        novelty_threshold=model.novelty.threshold if model.novelty else None,
        loaded=[
            loaded_message(state) for state in loaded if state.model.reference == model.reference
        ],
    )


def details_message(model: ModelDescription) -> model_pb2.ModelDetails:
    """Return what is too long for a list of models."""
    documentation = _file(model, model.documentation_path, _DOCUMENTATION_BYTES)
    cover = _file(model, model.cover_path, _COVER_BYTES)
    media_type = ""
    if cover and model.cover_path is not None:
        media_type = mimetypes.guess_type(model.cover_path.name)[0] or "application/octet-stream"
    return model_pb2.ModelDetails(
        authors=[
            model_pb2.Author(name=one.name, affiliation=one.affiliation, orcid=one.orcid)
            for one in model.authors
        ],
        citations=[
            model_pb2.Citation(text=one.text, doi=one.doi, url=one.url) for one in model.citations
        ],
        documentation=documentation.decode("utf-8", "replace"),
        cover=cover,
        cover_media_type=media_type,
    )


def _weights_message(
    core: Core, model: ModelDescription, weights: WeightsDescription
) -> model_pb2.Weights:
    problem, remedy = core.choices.obstacle(model, weights)
    return model_pb2.Weights(
        format=weights.format,
        framework=weights.framework,
        trust_class=_value(model_pb2.TrustClass, weights.trust_class),
        problem=problem,
        remedy=remedy,
        size_bytes=weights.size_bytes,
        digest=weights.digest,
    )


def _input_message(spec: InputSpec) -> model_pb2.ModelInput:
    low, high = spec.intensity_range or (None, None)
    return model_pb2.ModelInput(
        axes=spec.axes.replace("N", ""),
        data_type=_data_type(spec.dtype),
        sizes={
            axis: model_pb2.AxisSize(min=size.min, step=size.step)
            for axis, size in spec.sizes.items()
            if axis != "N"
        },
        channel_names=spec.channel_names,
        intensity_low=low,
        intensity_high=high,
        fit=spec.fit.value,
        interpolation=spec.interpolation.value,
    )


def _data_type(dtype: str) -> Any:
    # 0 for a type that no picture can have, such as complex64.
    return enum_number(image_pb2.DataType, dtype) if dtype in PIXEL_DTYPES else 0


def _value(wrapper: Any, member: StrEnum | None) -> Any:
    """Return an enumeration's value; the stubs want a type of their own for each."""
    return from_enum(wrapper, member)


def _file(model: ModelDescription, path: Path | None, max_bytes: int) -> bytes:
    """Return a file of the package; empty where there is none that may be shown."""
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
