"""What a user may ask, as messages of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from zoobridge.errors import InvalidRequestError, RegionError
from zoobridge.protocol import enum_number
from zoobridge.protocol.v1 import classification_pb2 as pb
from zoobridge.protocol.v1 import image_pb2

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "IntensityLike",
    "Planes",
    "Region",
    "RegionLike",
    "Settings",
    "parse_planes",
    "parse_region",
]


@dataclass(frozen=True)
class Region:
    """A place in a picture.

    Parameters
    ----------
    x, y
        The first column and row inside; the picture's first pixel is (0, 0).
    width, height
        Number of columns and rows.
    id
        A name for it, returned with its results.
    mask
        ``(height, width)``: which pixels of the box belong to it; `None` for all of them.
    plane
        Index by axis letter, ``{"Z": 3}``; `None` to look at it in every selected plane.
    """

    x: int
    y: int
    width: int
    height: int
    id: str = ""
    mask: NDArray[Any] | None = field(default=None, compare=False)
    plane: Mapping[str, int] | None = None

    def to_message(self) -> image_pb2.Region:
        """Return the region as a message.

        Raises
        ------
        RegionError
            If its size is not positive, or its mask does not have that size.
        """
        if self.width < 1 or self.height < 1:
            raise RegionError(
                f"a region of {self.width} × {self.height} pixels is empty; "
                "give width and height of at least 1",
                field="regions.box",
            )
        if self.mask is not None and self.mask.shape != (self.height, self.width):
            raise RegionError(
                f"the mask of a region of {self.width} × {self.height} pixels must have the shape "
                f"({self.height}, {self.width}), not {self.mask.shape}",
                field="regions.mask",
            )
        try:
            box = image_pb2.Box(x=self.x, y=self.y, width=self.width, height=self.height)
        except ValueError as error:
            raise RegionError(f"region {self}: {error}", field="regions.box") from error
        plane = None if self.plane is None else image_pb2.Plane(indexes=dict(self.plane))
        mask = b"" if self.mask is None else _packed(self.mask)
        return image_pb2.Region(id=self.id, box=box, mask=mask, plane=plane)


def _packed(mask: NDArray[Any]) -> bytes:
    # Whoever has a mask has NumPy; others need not wait for it.
    from zoobridge.protocol import pack_mask

    return pack_mask(mask)


#: A region, or ``(x, y, width, height)``, or the same as the text ``"x,y,width,height"``.
RegionLike: TypeAlias = Region | Sequence[int] | str

#: Indexes by axis letter, ``{"Z": range(5), "T": 0}``, or a text, ``"Z=0-4,T=0"``.
Planes: TypeAlias = Mapping[str, int | Iterable[int]] | str

#: The name of a rule (``as_is``, ``dtype_range``, ``unit_range``, ``min_max``), or ``(low, high)``.
IntensityLike: TypeAlias = str | tuple[float, float]


def parse_region(given: RegionLike) -> Region:
    """Return a region from its short forms.

    Raises
    ------
    RegionError
        If it is not four whole numbers.
    """
    if isinstance(given, Region):
        return given
    parts = given.split(",") if isinstance(given, str) else list(given)
    try:
        x, y, width, height = (int(part) for part in parts)
    except ValueError:
        raise RegionError(
            f"'{given}' is not a region; give x,y,width,height in whole pixels, such as 10,20,64,64",
            field="regions.box",
        ) from None
    shown = f"{x},{y},{width},{height}"
    return Region(x, y, width, height, id=shown)


def parse_planes(given: Planes) -> dict[str, tuple[int, ...]]:
    """Return a selection of planes, by axis letter, from its short forms.

    In a text, axes are parted by commas, and so are the indexes and the ranges (both ends
    included) of an axis: ``Z=0-4,7,T=0``.

    Raises
    ------
    InvalidRequestError
        If the text cannot be read, or an index is negative.
    """
    if not isinstance(given, str):
        chosen = {
            axis.upper(): (wanted,) if isinstance(wanted, int) else tuple(map(int, wanted))
            for axis, wanted in given.items()
        }
    else:
        chosen = _planes_from_text(given)
    for axis, indexes in chosen.items():
        if len(axis) != 1 or not axis.isalpha() or not indexes or min(indexes) < 0:
            raise InvalidRequestError(
                f"'{given}' is not a selection of planes; give one letter per axis and indexes "
                "from 0, such as Z=0-4,T=0",
                field="planes",
            )
    return chosen


def _planes_from_text(text: str) -> dict[str, tuple[int, ...]]:
    chosen: dict[str, tuple[int, ...]] = {}
    axis = ""
    for part in text.replace(" ", "").split(","):
        name, equals, indexes = part.rpartition("=")
        axis = name.upper() if equals else axis
        first, _, last = indexes.partition("-")
        ends = (first, last or first)
        if not axis or not all(end.isascii() and end.isdigit() for end in ends):
            raise InvalidRequestError(
                f"'{text}' is not a selection of planes; write it as Z=0-4,7,T=0", field="planes"
            )
        low, high = int(ends[0]), int(ends[1])
        if high < low or high - low > 1_000_000:
            raise InvalidRequestError(
                f"'{part}' in '{text}' is not a range; write the smaller index first",
                field="planes",
            )
        chosen[axis] = (*chosen.get(axis, ()), *range(low, high + 1))
    return chosen


@dataclass(frozen=True)
class Settings:
    """Everything of a request but its picture; the same for all pictures of a call.

    The fields are the arguments of ``Client.classify``.
    """

    model: str
    framework: str = ""
    regions: Sequence[RegionLike] | None = None
    planes: Planes | None = None
    top_k: int = 0
    all_scores: bool = False
    activation: bool = False
    threshold: float | None = None
    fit: str = ""
    interpolation: str = ""
    intensity: IntensityLike | None = None
    channels: Sequence[int] = ()
    mask_fill: str = ""
    orientation: str = ""
    series: int | None = None
    values: tuple[float, float] | None = None

    def to_message(self) -> pb.ClassifyRequest:
        """Return a request without a picture.

        Raises
        ------
        InvalidRequestError
            If an option has no such value; the message lists those that there are.
        RegionError
            If a region cannot be one.
        """
        if self.series is not None and self.series < 0:
            raise InvalidRequestError("series is counted from 0", field="image.series")
        if self.top_k < 0 or any(channel < 0 for channel in self.channels):
            raise InvalidRequestError("top_k and channels cannot be negative", field="options")
        values = None
        if self.values is not None:
            values = pb.ValueRange(low=self.values[0], high=self.values[1])
        options = pb.ClassificationOptions(
            top_k=self.top_k,
            all_scores=self.all_scores,
            activation=self.activation,
            threshold=self.threshold,
            fit=_number(pb.Fit, self.fit, "fit"),
            interpolation=_number(pb.Interpolation, self.interpolation, "interpolation"),
            intensity=_intensity(self.intensity),
            channels=self.channels,
            mask_fill=_number(pb.MaskFill, self.mask_fill, "mask_fill"),
            orientation=_number(pb.Orientation, self.orientation, "orientation"),
            values=values,
        )
        planes = {} if self.planes is None else parse_planes(self.planes)
        return pb.ClassifyRequest(
            model=self.model,
            framework=self.framework,
            planes=[
                image_pb2.AxisSelection(axis=axis, indexes=indexes)
                for axis, indexes in planes.items()
            ],
            regions=[parse_region(region).to_message() for region in self.regions or ()],
            options=options,
        )


def _number(wrapper: Any, word: str, name: str) -> Any:
    return enum_number(wrapper, word, field=f"options.{name}")


def _intensity(given: IntensityLike | None) -> pb.Intensity | None:
    if given is None:
        return None
    if isinstance(given, str):
        rule = _number(pb.IntensityRule, given, "intensity.rule")
        if rule == pb.INTENSITY_RULE_EXPLICIT:
            raise InvalidRequestError(
                "intensity 'explicit' needs a range; give (low, high)", field="options.intensity"
            )
        return pb.Intensity(rule=rule)
    low, high = given
    if not low < high:
        raise InvalidRequestError(
            f"intensity ({low}, {high}) is not a range; low must be below high",
            field="options.intensity",
        )
    return pb.Intensity(rule=pb.INTENSITY_RULE_EXPLICIT, low=low, high=high)
