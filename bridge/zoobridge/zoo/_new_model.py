"""What a user says of a network that becomes a package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zoobridge.errors import InvalidRequestError
from zoobridge.imaging import Operation
from zoobridge.zoo._description import ScoreKind
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._identity import is_id, slug
from zoobridge.zoo._label_file import check_distinct, read_label_file
from zoobridge.zoo._layout import StatedLayout
from zoobridge.zoo._library import is_license

__all__ = ["PREPROCESSING", "NewModel"]

#: Named ways from 8-bit intensities to what a network takes.
PREPROCESSING: dict[str, tuple[Operation, ...]] = {
    "none": (),
    "unit": (Operation("scale_linear", {"gain": 1 / 255}),),
    "signed": (Operation("scale_linear", {"gain": 1 / 127.5, "offset": -1.0}),),
    "imagenet": (
        Operation("scale_linear", {"gain": 1 / 255}),
        Operation(
            "fixed_zero_mean_unit_variance",
            {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "axis": "channel"},
        ),
    ),
}


@dataclass(frozen=True)
class NewModel:
    """What a package says of a network, as far as the network does not.

    Parameters
    ----------
    name
        Name for people.
    labels
        A label file, or the class names in the order of the output.
    id
        Id in the zoo; made of the name if empty.
    version
        The package's version.
    description, license, authors
        As in a BioImage.IO description; the licence is an SPDX identifier.
    weights_format
        BioImage.IO name; needed where the file's name does not show it.
    layout
        Layout of the input, as far as the network does not state it.
    preprocessing
        A name of :data:`PREPROCESSING`, or the steps themselves.
    output
        The output that holds the scores, of a network with several; the others are described too.
    scores
        How to postprocess the network's scores.
    score_kind
        What the network's scores are, where it is known.
    intensity_range
        The raw intensities that preprocessing expects; 0 to 255 for the named ways but ``none``.
    config
        Further fields of ``config.zoobridge``.

    Raises
    ------
    InvalidRequestError
        If a value cannot stand in a package.
    """

    name: str
    labels: Path | Sequence[str]
    id: str = ""
    version: str = "1.0.0"
    description: str = ""
    license: str = ""
    authors: Sequence[str] = ()
    weights_format: str = ""
    layout: StatedLayout = field(default_factory=StatedLayout)
    preprocessing: str | Sequence[Operation] = "none"
    output: str = ""
    scores: Literal["as_is", "softmax", "sigmoid"] = "as_is"
    score_kind: ScoreKind | None = None
    intensity_range: tuple[float, float] | None = None
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.labels, Path):
            try:
                object.__setattr__(self, "labels", read_label_file(self.labels))
            except PackageFault as fault:
                raise InvalidRequestError(str(fault), field="labels") from fault
        if not self.labels or not all(label.strip() for label in self.class_names):
            raise InvalidRequestError("each class needs a name; give the labels", field="labels")
        try:
            check_distinct(self.class_names)
        except PackageFault as fault:
            raise InvalidRequestError(str(fault), field="labels") from fault
        if isinstance(self.preprocessing, str) and self.preprocessing not in PREPROCESSING:
            raise InvalidRequestError(
                f"unknown preprocessing {self.preprocessing!r}; use one of: {', '.join(PREPROCESSING)}",
                field="preprocessing",
            )
        if not is_id(self.model_id):
            raise InvalidRequestError(
                f"{self.model_id!r} cannot be an id; use lower-case letters, digits, dots, - and _",
                field="id",
            )
        if self.license and not is_license(self.license):
            raise InvalidRequestError(
                f"{self.license!r} is not an SPDX license identifier; use one such as CC-BY-4.0 or MIT",
                field="license",
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels, read from their file where one was given."""
        return () if isinstance(self.labels, Path) else tuple(self.labels)

    @property
    def model_id(self) -> str:
        """The id, made of the name where none was given."""
        return self.id or slug(self.name)

    @property
    def steps(self) -> tuple[Operation, ...]:
        """The preprocessing steps."""
        if isinstance(self.preprocessing, str):
            return PREPROCESSING[self.preprocessing]
        return tuple(self.preprocessing)

    @property
    def score_steps(self) -> tuple[Operation, ...]:
        """The postprocessing steps of the scores."""
        if self.scores == "as_is":
            return ()
        return (Operation(self.scores, {"axis": "channel"} if self.scores == "softmax" else {}),)

    @property
    def stated_range(self) -> tuple[float, float] | None:
        """The raw intensities that preprocessing expects; `None` where that is not known."""
        if self.intensity_range is None and isinstance(self.preprocessing, str) and self.steps:
            return 0.0, 255.0
        return self.intensity_range
