"""Reading a layer plane by plane, whatever holds its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_zoobridge.layers._geometry import PixelBox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari.layers import Image, Labels

__all__ = [
    "JoinedChannels",
    "LabelObject",
    "PlaneSource",
    "find_objects",
    "finite_range",
    "full_resolution",
    "iterate_planes",
]


def full_resolution(layer: Image | Labels) -> Any:
    """Get a layer's array, of a multiscale layer the one with all pixels; nothing is read."""
    return layer.data[0] if layer.multiscale else layer.data


@dataclass(frozen=True)
class JoinedChannels:
    """Several arrays as one, stacked along the last axis; read when sliced.

    Parameters
    ----------
    arrays
        Of the same shape and type.
    """

    arrays: tuple[Any, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The arrays' shape, and how many there are."""
        return (*self.arrays[0].shape, len(self.arrays))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The arrays' type."""
        dtype: np.dtype[Any] = np.dtype(self.arrays[0].dtype)
        return dtype

    def __getitem__(self, key: tuple[Any, ...]) -> NDArray[np.generic]:
        """Read a part of each array; the last entry of the key chooses among the arrays."""
        parts = [np.asarray(array[key[:-1]]) for array in self.arrays[key[-1]]]
        return np.stack(parts, axis=-1)


@dataclass(frozen=True)
class PlaneSource:
    """An image of any number of axes of which planes are read when they are wanted.

    Parameters
    ----------
    name
        What results call it.
    array
        Anything with a shape that answers slices with something NumPy can take: an array, a
        dask array, a Zarr or HDF5 dataset.
    axes
        One upper-case letter an axis; holds Y and X.
    """

    name: str
    array: Any
    axes: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(int(length) for length in self.array.shape)

    def length(self, axis: str) -> int:
        """Length of the axis with this letter; 1 where the image has no such axis."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1

    @property
    def stack_axes(self) -> str:
        """The axes along which there are several planes: all but Y, X and C."""
        return "".join(axis for axis in self.axes if axis not in "YXC")

    @property
    def plane_axes(self) -> str:
        """The axes of one plane as it is read, in the array's order."""
        return "".join(axis for axis in self.axes if axis in "YXC")

    @property
    def frame(self) -> PixelBox:
        """The whole plane."""
        return PixelBox(0, 0, self.length("X"), self.length("Y"))

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one place in a plane, all channels together."""
        return int(np.dtype(self.array.dtype).itemsize) * self.length("C")

    @property
    def in_memory(self) -> bool:
        """Whether looking through all pixels is quick."""
        return all(isinstance(part, np.ndarray) for part in self._parts)

    def values(self) -> tuple[float, float] | None:
        """Return the smallest and the greatest finite value of an image that lies in memory.

        Planes are sent one by one, and the server would look at each by itself. `None` for 8-bit
        pixels, whose range says all.
        """
        if self.array.dtype == np.uint8 or self.array.dtype.kind not in "iuf":
            return None
        return finite_range(self._parts)

    @property
    def _parts(self) -> tuple[Any, ...]:
        return self.array.arrays if isinstance(self.array, JoinedChannels) else (self.array,)

    def read(self, plane: Mapping[str, int], window: PixelBox | None = None) -> NDArray[np.generic]:
        """Read one plane, and of it only the window where one is given.

        Parameters
        ----------
        plane
            Index by letter for each of :attr:`stack_axes`.
        window
            Which rows and columns; has to lie inside :attr:`frame`.

        Returns
        -------
        numpy.ndarray
            With the axes :attr:`plane_axes`.
        """
        box = window or self.frame
        chosen: dict[str, Any] = {
            "Y": slice(box.y, box.y + box.height),
            "X": slice(box.x, box.x + box.width),
            "C": slice(None),
            **plane,
        }
        return np.asarray(self.array[tuple(chosen[axis] for axis in self.axes)])


def finite_range(parts: Iterable[NDArray[Any]]) -> tuple[float, float] | None:
    """Return the smallest and the greatest finite value of all parts; `None` where there is none."""
    low, high = np.inf, -np.inf
    for part in parts:
        if not part.size:
            continue
        ends = float(part.min()), float(part.max())
        if not np.isfinite(ends).all():
            finite = part[np.isfinite(part)]
            if not finite.size:
                continue
            ends = float(finite.min()), float(finite.max())
        low, high = min(low, ends[0]), max(high, ends[1])
    return (low, high) if low <= high else None


def iterate_planes(
    source: PlaneSource, here: Mapping[str, int], along: Sequence[str]
) -> Iterator[dict[str, int]]:
    """List the planes to look at: every index along some axes, the present one along the others.

    Parameters
    ----------
    source
        The image.
    here
        Index by letter of the displayed plane.
    along
        Letters of the axes along which all planes are wanted.
    """
    lengths = [source.length(axis) if axis in along else 1 for axis in source.stack_axes]
    for indexes in np.ndindex(*lengths):
        yield {
            axis: int(index) if axis in along else here[axis]
            for axis, index in zip(source.stack_axes, indexes, strict=True)
        }


@dataclass(frozen=True)
class LabelObject:
    """One object in one plane of a label image.

    Parameters
    ----------
    label
        Its value, not 0.
    box
        Its bounds in that plane.
    area
        How many pixels it has there.
    """

    label: int
    box: PixelBox
    area: int


def find_objects(plane: NDArray[np.integer]) -> list[LabelObject]:
    """Find the objects of a label plane.

    Parameters
    ----------
    plane
        ``(rows, columns)``; 0 is background.

    Returns
    -------
    list of LabelObject
        By ascending label.
    """
    width = plane.shape[1]
    places = np.flatnonzero(plane)
    if not places.size:
        return []
    labels = plane.ravel()[places]
    order = np.argsort(labels, kind="stable")
    labels, places = labels[order], places[order]
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
    ends = np.r_[starts[1:], labels.size]
    rows, columns = np.divmod(places, width)
    # The sort is stable, so each object's rows stay in ascending order.
    top, bottom = rows[starts], rows[ends - 1]
    left, right = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns, starts)
    return [
        LabelObject(
            int(label), PixelBox(int(x0), int(y0), int(x1 - x0 + 1), int(y1 - y0 + 1)), int(area)
        )
        for label, y0, y1, x0, x1, area in zip(
            labels[starts], top, bottom, left, right, ends - starts, strict=True
        )
    ]
