"""What a package may say under ``config.zoobridge``.

This module imports pydantic, so it is imported lazily, by readers of packages alone. The table in
``docs/zoo-format.md`` is made of :class:`PackageConfig`.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

__all__ = ["PackageConfig", "config_table"]

_Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class PredictionSet(BaseModel):
    """Which classes are in an answer's prediction set."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    coverage: float = Field(gt=0, lt=1)
    least_score: float = Field(ge=0, le=1)


class Novelty(BaseModel):
    """How unlike the training pictures an item is."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    output: str
    reference: str
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    neighbours: int = Field(5, ge=1, le=100)
    threshold: float = Field(ge=0, le=1)


class Ensemble(BaseModel):
    """Which models a network holds, and how it combines their probabilities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: tuple[str, ...] = Field(min_length=1)
    rule: Literal["mean", "majority", "unanimous"]
    views: Literal[1, 8] = 1


class PackageConfig(BaseModel):
    """All that ZooBridge understands and the BioImage.IO format has no field for."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    fit: Literal["stretch", "pad", "crop", "center", "refuse"] = Field(
        "stretch",
        description="How a picture reaches a size that the model takes: stretched, scaled until it "
        "lies inside and padded, scaled until it covers and cropped, cropped or padded around the "
        "centre without scaling, or refused.",
    )
    interpolation: Literal["nearest", "bilinear", "bicubic", "box", "lanczos"] = Field(
        "bilinear", description="How pixels between pixels are found when a picture is scaled."
    )
    channel_order: tuple[str, ...] = Field(
        (),
        description="Meaning of the input's channels in the tensor's order, such as "
        "`[blue, green, red]`; replaces the `channel_names` of the input.",
    )
    intensity_range: tuple[float, float] | None = Field(
        None,
        description="The raw intensities that the first preprocessing step expects, such as "
        "`[0, 255]`; else the input's `data.range`, else 0 to 255 where its `data.type` is `uint8`.",
    )
    threshold: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Minimum score for a class to count as positive, where scores are independent.",
    )
    default_top_k: int = Field(
        5,
        ge=1,
        le=1_000,
        description="Number of classes that are returned where the caller does not state it.",
    )
    class_colors: dict[str, _Color] = Field(
        {},
        description='Colours of classes by label, such as `{benign: "#00aa00"}`; the other '
        "classes get distinct hues.",
    )
    output: str = Field(
        "",
        description="Id of the output that holds the classes, where it is not the first that could.",
    )
    score_kind: Literal["probability", "independent_probability", "logit", "label_only"] | None = (
        Field(
            None,
            description="What the scores are where the postprocessing does not show it, since softmax "
            "or sigmoid sits inside the network; else it is measured on the test output.",
        )
    )

    calibrated: bool = Field(
        default=False,
        description="The probabilities were calibrated on pictures that the model had not learnt "
        "from.",
    )
    prediction_set: PredictionSet | None = Field(
        None,
        description="Which classes are in the prediction set that each answer carries: those whose "
        "probability is at least `least_score`; `coverage` is how often the set holds the true class.",
    )
    novelty: Novelty | None = Field(
        None,
        description="How unlike the training pictures an item is: the mean cosine distance between "
        "its embedding (the output `output`) and the `neighbours` nearest rows of `reference`, a "
        "`.npy` file of the package with the given `sha256`. Clients warn above `threshold`.",
    )

    ensemble: Ensemble | None = Field(
        None,
        description="For people: the models (`id@version`) that the network holds side by side, and the "
        "`rule` by which it combines their probabilities: `mean`, `majority` or `unanimous`; "
        "with `views: 8` over a picture's flips and turns.",
    )

    @field_validator("intensity_range")
    @classmethod
    def _range_rises(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not (math.isfinite(value[1] - value[0]) and value[0] < value[1]):
            raise ValueError("the first number must be smaller than the second")
        return value


_PARTS: Final[dict[str, type[BaseModel]]] = {
    "PredictionSet": PredictionSet,
    "Novelty": Novelty,
    "Ensemble": Ensemble,
}


def config_table() -> str:
    """Return the fields of :class:`PackageConfig` as a Markdown table."""
    lines = ["| field | values | default | meaning |", "| --- | --- | --- | --- |"]
    for name, schema in PackageConfig.model_json_schema()["properties"].items():
        default = json.dumps(value) if isinstance(value := schema.get("default"), bool) else value
        shown = "" if default in (None, "", [], {}) else f"`{default}`"
        lines.append(f"| `{name}` | {_values(schema)} | {shown} | {schema['description']} |")
    return "\n".join(lines) + "\n"


def _values(schema: dict[str, Any]) -> str:
    options = schema.get("anyOf")
    if isinstance(options, list):
        schema = next(option for option in options if option.get("type") != "null")
    if "$ref" in schema:
        fields = _PARTS[schema["$ref"].split("/")[-1]].model_json_schema()["properties"]
        return "mapping with " + ", ".join(f"`{name}`" for name in fields)
    if isinstance(enum := schema.get("enum"), list):
        return ", ".join(f"`{value}`" for value in enum)
    if "prefixItems" in schema:
        return "two numbers"
    words = {
        "boolean": "`true`, `false`",
        "array": "list of names",
        "object": "mapping of label to colour",
        "integer": "whole number",
        "number": "number",
        "string": "name",
    }
    kind = words[str(schema["type"])]
    if "minimum" in schema and "maximum" in schema:
        kind += f", {schema['minimum']:g} to {schema['maximum']:g}"
    return kind
