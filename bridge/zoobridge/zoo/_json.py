"""Model descriptions as plain JSON, for the worker and for the catalog's cache."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.backend import TensorSpec
from zoobridge.imaging import AxisSize, Fit, InputSpec, Interpolation, Operation, OutputSpec
from zoobridge.zoo._description import (
    Author,
    Citation,
    LabelSource,
    ModelDescription,
    NoveltyRule,
    PredictionSetRule,
    ScoreKind,
    TrustClass,
    WeightsDescription,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["from_json", "to_json"]


def to_json(model: ModelDescription) -> dict[str, Any]:
    """Turn a description into dictionaries, lists, strings, numbers and `None`.

    Returns
    -------
    dict
        What :func:`json.dumps` takes and :func:`from_json` turns back.
    """
    document: dict[str, Any] = _plain(model)
    return document


def from_json(document: Mapping[str, Any]) -> ModelDescription:
    """Turn the document of :func:`to_json` back into a description.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not such a document.
    """
    plain = dict(document)
    score_kind = plain["score_kind"]
    rule, novelty = plain["prediction_set"], plain["novelty"]
    return ModelDescription(
        **{
            **plain,
            "root": Path(plain["root"]),
            "source": Path(plain["source"]),
            "input": None if plain["input"] is None else _input(plain["input"]),
            "output": None if plain["output"] is None else _output(plain["output"]),
            "outputs": tuple(
                TensorSpec(**{**entry, "shape": tuple(entry["shape"])})
                for entry in plain["outputs"]
            ),
            "labels": tuple(plain["labels"]),
            "label_source": LabelSource(plain["label_source"]),
            "label_colors": tuple(plain["label_colors"]),
            "score_kind": None if score_kind is None else ScoreKind(score_kind),
            "weights": tuple(_weights(entry) for entry in plain["weights"]),
            "tags": tuple(plain["tags"]),
            "authors": tuple(Author(**entry) for entry in plain["authors"]),
            "citations": tuple(Citation(**entry) for entry in plain["citations"]),
            "documentation_path": _path(plain["documentation_path"]),
            "cover_path": _path(plain["cover_path"]),
            "prediction_set": None if rule is None else PredictionSetRule(**rule),
            "novelty": (
                None
                if novelty is None
                else NoveltyRule(**{**novelty, "reference": Path(novelty["reference"])})
            ),
            "test_inputs": tuple(Path(entry) for entry in plain["test_inputs"]),
            "test_outputs": tuple(Path(entry) for entry in plain["test_outputs"]),
            "warnings": tuple(plain["warnings"]),
        }
    )


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _operations(entries: list[dict[str, Any]]) -> tuple[Operation, ...]:
    return tuple(Operation(entry["id"], dict(entry["kwargs"])) for entry in entries)


def _input(plain: dict[str, Any]) -> InputSpec:
    span = plain["intensity_range"]
    return InputSpec(
        **{
            **plain,
            "sizes": {axis: AxisSize(**size) for axis, size in plain["sizes"].items()},
            "channel_names": tuple(plain["channel_names"]),
            "preprocessing": _operations(plain["preprocessing"]),
            "intensity_range": None if span is None else (span[0], span[1]),
            "fit": Fit(plain["fit"]),
            "interpolation": Interpolation(plain["interpolation"]),
        }
    )


def _output(plain: dict[str, Any]) -> OutputSpec:
    return OutputSpec(**{**plain, "postprocessing": _operations(plain["postprocessing"])})


def _weights(plain: dict[str, Any]) -> WeightsDescription:
    return WeightsDescription(
        **{
            **plain,
            "path": Path(plain["path"]),
            "trust_class": TrustClass(plain["trust_class"]),
            "architecture": dict(plain["architecture"]),
        }
    )
