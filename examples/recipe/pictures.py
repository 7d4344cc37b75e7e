"""The held-out pictures beside the zoo: digits, patches, a stack, and a mosaic with regions."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from recipe.splits import (
    FIRST_HELD_OUT_COLUMN,
    LabelledPictures,
    photograph,
)

__all__ = ["write_digits", "write_mosaic", "write_stack", "write_textures"]

_SIDE = 1024
_REGION = 64
_REGIONS_PER_CLASS = 20


def write_digits(folder: Path, held_out: LabelledPictures, *, per_class: int) -> None:
    """Write digits as PNG, eight times as large: the mean of each 8 x 8 block is a pixel of the net.

    Parameters
    ----------
    folder
        Written anew; gets a folder for each class.
    held_out
        What to choose from, evenly through the list.
    per_class
        How many.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(10):
        own = np.flatnonzero(held_out.classes == number)
        for index in own[np.linspace(0, len(own) - 1, per_class).astype(int)]:
            picture = np.kron(held_out.pictures[index], np.ones((8, 8), np.uint8))
            place = held_out.places[index][0]
            _save(picture, folder / str(number) / f"digit-{place}.png")


def write_textures(folder: Path, labels: tuple[str, ...]) -> None:
    """Write six pictures of each class from the held-out parts: one in each format.

    The names say where a picture lies in its photograph.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for label in labels:
        part = photograph(label, held_out=True)
        for number, (column, row, side) in enumerate(
            [(0, 0, 64), (128, 64, 64), (0, 128, 96), (64, 224, 64), (96, 320, 96), (32, 416, 80)]
        ):
            picture = part[row : row + side, column : column + side]
            stem = folder / label / f"{label}-x{column + FIRST_HELD_OUT_COLUMN}-y{row}"
            match number:
                case 0:
                    _save(picture, stem.with_suffix(".png"))
                case 1:
                    _save(np.stack([picture] * 3, axis=-1), stem.with_name(stem.name + "-rgb.png"))
                case 2:
                    _save(picture, stem.with_suffix(".jpg"))
                case 3:
                    _save(picture, stem.with_suffix(".bmp"))
                case 4:
                    tifffile.imwrite(stem.with_suffix(".tif"), picture, compression="adobe_deflate")
                case _:
                    tifffile.imwrite(
                        stem.with_name(stem.name + "-16bit.tif"), picture.astype(np.uint16) * 257
                    )


def write_stack(path: Path, labels: tuple[str, ...]) -> None:
    """Write two planes of each class as one TIFF with the axes ZYX, and a table of their classes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    classes = [labels[number % len(labels)] for number in range(2 * len(labels))]
    planes = []
    for number, label in enumerate(classes):
        row = 60 + 200 * (number // len(labels))
        planes.append(photograph(label, held_out=True)[row : row + 96, 64:160])
    tifffile.imwrite(path, np.stack(planes), imagej=True, metadata={"axes": "ZYX"})
    _table(path.with_name("planes.csv"), ["plane", "class"], list(enumerate(classes)))


def write_mosaic(folder: Path, labels: tuple[str, ...]) -> None:
    """Write a picture of 1024 x 1024 pixels with all classes, and a table of regions in it.

    Each class fills the cells of a Voronoi diagram with its held-out part, mirrored at its edges.
    A region lies in cells of a single class; regions do not overlap.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    seeds = random.uniform(0, _SIDE, size=(21, 2))
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE]
    distance = (rows[..., None] - seeds[:, 0]) ** 2 + (columns[..., None] - seeds[:, 1]) ** 2
    classes = distance.argmin(axis=-1) % len(labels)
    mosaic = np.zeros((_SIDE, _SIDE), np.uint8)
    for number, label in enumerate(labels):
        part = photograph(label, held_out=True)
        spare = [(0, _SIDE - length) for length in part.shape]
        mosaic = np.where(classes == number, np.pad(part, spare, mode="symmetric"), mosaic)
    _save(mosaic, folder / "mosaic.jpg")
    found = [
        (f"r{index:02d}", x, y, _REGION, _REGION, labels[number])
        for index, (x, y, number) in enumerate(_regions(classes, len(labels), random))
    ]
    _table(folder / "regions.csv", ["id", "x", "y", "width", "height", "class"], found)


def _regions(
    classes: NDArray[np.int64], count: int, random: np.random.Generator
) -> Iterator[tuple[int, int, int]]:
    wanted = [_REGIONS_PER_CLASS] * count
    taken = np.zeros(classes.shape, bool)
    while any(wanted):
        x, y = (int(value) for value in random.integers(0, _SIDE - _REGION, size=2))
        box = slice(y, y + _REGION), slice(x, x + _REGION)
        number = int(classes[box].flat[0])
        if wanted[number] and not taken[box].any() and (classes[box] == number).all():
            taken[box] = True
            wanted[number] -= 1
            yield x, y, number


def _save(picture: NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(picture)
    if path.suffix == ".jpg":
        image.save(path, quality=88)
    elif path.suffix == ".png":
        image.save(path, optimize=True)
    else:
        image.save(path)


def _table(path: Path, header: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
