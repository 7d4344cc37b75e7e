"""The dataset reader for objects: a label image, and a table of what each object is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

from zoobridge.client import Region
from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.datasets._dataset import Dataset, LabelledItem
from zoobridge.evaluation.datasets._tables import (
    TABLE_SUFFIXES,
    check_columns,
    columns_of,
    read_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = ["ObjectReader", "read_label_image"]


class ObjectReader:
    """Reads objects of label images; see :class:`DatasetReader`.

    Parameters
    ----------
    check
        Called with each label image before it is opened; what it raises ends the reading.
    """

    def __init__(self, check: Callable[[Path], None] | None = None) -> None:
        self._check = check

    name = "objects"
    description = (
        "A CSV or Parquet file with the columns image, mask (a label image: each object's pixels "
        "hold its number), object (the number) and label; each object is classified with its mask."
    )
    options: Mapping[str, str] = {
        "image": "The picture of all rows, for a table without the column image.",
        "mask": "The label image of all rows, for a table without the column mask.",
    }

    def fits(self, source: Path) -> bool:
        """Tell whether it is a table with an object and a label."""
        names = columns_of(source) if source.suffix.lower() in TABLE_SUFFIXES else ()
        return "object" in names and "label" in names

    def read(self, source: Path, options: Mapping[str, str]) -> Dataset:
        """Read the table, and the box and mask of each object from the label images.

        Objects that have no row, rows without a class, and rows whose object has no pixel are left
        out with the reason. Paths are relative to the table.

        Raises
        ------
        InvalidRequestError
            If a table or label image cannot be read, lacks a column, or an object is there twice.
        """
        rows = read_table(source)
        names = columns_of(source)
        needed = tuple(name for name in ("image", "mask") if name not in options)
        check_columns(source, names, (*needed, "object", "label"))
        place = source.parent
        tables: dict[tuple[Path, Path], dict[int, str]] = {}
        for number, row in enumerate(rows, start=1):
            image, mask = (
                Path(options[name]) if name in options else _path(place, row, name, source, number)
                for name in ("image", "mask")
            )
            known = tables.setdefault((image, mask), {})
            key = _object(row["object"], f"{source}, row {number}")
            if key in known:
                raise InvalidRequestError(f"{source}, row {number}: object {key} is there twice")
            known[key] = row["label"].strip()
        items: list[LabelledItem] = []
        left_out: list[tuple[str, str]] = []
        for (image, mask), classes in tables.items():
            if self._check is not None:
                self._check(mask)
            _take(image, mask, classes, items, left_out)
        if not items:
            raise InvalidRequestError(f"{source} names no object of its label images")
        return Dataset(tuple(items), tuple(left_out))


def _path(place: Path, row: Mapping[str, str], name: str, source: Path, number: int) -> Path:
    if not row[name]:
        raise InvalidRequestError(f"{source}, row {number}: {name} is empty")
    return place / row[name]


def _object(cell: str, where: str) -> int:
    try:
        number = float(cell)
    except ValueError:
        number = 0.5
    if not number.is_integer() or number < 1:
        raise InvalidRequestError(
            f"{where}: '{cell}' is not an object; give its number in the label image, 1 or more"
        )
    return int(number)


def _take(
    image: Path,
    mask: Path,
    classes: Mapping[int, str],
    items: list[LabelledItem],
    left_out: list[tuple[str, str]],
) -> None:
    pixels = read_label_image(mask)
    # Numbers may be sparse (tracking keeps those of earlier pictures): recounted, densely.
    numbers, dense = np.unique(pixels, return_inverse=True)
    boxes = scipy.ndimage.find_objects(dense.reshape(pixels.shape) + 1)
    places = {int(number): box for number, box in zip(numbers, boxes, strict=True) if number}
    left_out += [
        (f"{image} object {key}", "the table has no row for it")
        for key in sorted(places.keys() - classes.keys())
    ]
    for key, label in classes.items():
        name = f"{image} object {key}"
        if key not in places:
            left_out.append((name, f"the label image {mask.name} has no pixel of it"))
        elif not label:
            left_out.append((name, "the table names no class for it"))
        else:
            rows, columns = places[key]
            region = Region(
                x=columns.start,
                y=rows.start,
                width=columns.stop - columns.start,
                height=rows.stop - rows.start,
                id=str(key),
                mask=pixels[rows, columns] == key,
            )
            items.append(LabelledItem(image, (label,), region))


def read_label_image(path: Path) -> NDArray[Any]:
    """Return a label image: ``(height, width)`` whole numbers, 0 where there is no object.

    Parameters
    ----------
    path
        TIFF, NumPy's ``.npy``, or what Pillow reads (PNG with 8 or 16 bits).

    Raises
    ------
    InvalidRequestError
        If it cannot be read, has other than two axes, or holds other than whole numbers.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in (".tif", ".tiff"):
            import tifffile

            pixels = tifffile.imread(path)
        elif suffix == ".npy":
            pixels = np.load(path, allow_pickle=False)
        else:
            from PIL import Image

            with Image.open(path) as picture:
                if picture.mode not in {"1", "L", "P", "I", "I;16", "I;16B"}:
                    raise ValueError(f"it has the mode {picture.mode}, and is not a label image")
                pixels = np.asarray(picture)
    except (OSError, ValueError) as error:
        raise InvalidRequestError(f"the label image {path} cannot be read: {error}") from error
    pixels = np.squeeze(pixels)
    if pixels.ndim != 2:
        raise InvalidRequestError(
            f"the label image {path} has the shape {pixels.shape}; objects are read from single "
            "planes: save each plane as a label image of its own"
        )
    if not np.issubdtype(pixels.dtype, np.integer) and pixels.dtype != np.bool_:
        raise InvalidRequestError(
            f"the label image {path} holds {pixels.dtype}; its pixels must be whole numbers"
        )
    return pixels
