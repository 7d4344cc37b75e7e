"""The pictures that the networks learn from, and those held out from them.

Digits: scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits". It lists
writer after writer, so that a cut through the list keeps most writers on one side of it.

Textures: the photographs of brick, grass and gravel inside scikit-image. Each is cut into a left
part to learn from and a right part that is held out, so that no patch lies in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FIRST_HELD_OUT_COLUMN",
    "FIRST_HELD_OUT_DIGIT",
    "LabelledPictures",
    "digits",
    "held_out_patches",
    "photograph",
    "split_digits",
]

#: Index in scikit-learn's list of the first digit that is held out.
FIRST_HELD_OUT_DIGIT = 1347
#: The first column of each 512 x 512 photograph that is held out.
FIRST_HELD_OUT_COLUMN = 288


@dataclass(frozen=True)
class LabelledPictures:
    """Grey pictures of one size and their classes.

    Parameters
    ----------
    pictures
        ``(count, height, width)``, uint8.
    classes
        ``(count,)``: index of each picture's class.
    places
        Where each came from: its index in the list, or its column and row in the photograph.
    """

    pictures: NDArray[np.uint8]
    classes: NDArray[np.int64]
    places: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.pictures)


def digits() -> LabelledPictures:
    """Return all 1797 digits, 8 x 8 pixels, bright on black; sixteenths become 0 to 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pictures = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    places = tuple((index,) for index in range(len(pictures)))
    return LabelledPictures(pictures, bunch.target.astype(np.int64), places)


def split_digits() -> tuple[LabelledPictures, LabelledPictures]:
    """Return the digits to learn from, and those held out."""
    every, cut = digits(), FIRST_HELD_OUT_DIGIT
    parts = (slice(None, cut), slice(cut, None))
    first, second = (
        LabelledPictures(every.pictures[part], every.classes[part], every.places[part])
        for part in parts
    )
    return first, second


def photograph(name: str, *, held_out: bool) -> NDArray[np.uint8]:
    """Return the part of a photograph that is held out, or the one to learn from.

    Parameters
    ----------
    name
        ``brick``, ``grass`` or ``gravel``.
    held_out
        Which part.

    Returns
    -------
    NDArray
        ``(512, 224)`` if held out, else ``(512, 288)``; uint8.
    """
    from skimage import data

    whole: NDArray[np.uint8] = getattr(data, name)()
    cut = FIRST_HELD_OUT_COLUMN
    return whole[:, cut:] if held_out else whole[:, :cut]


def held_out_patches(labels: tuple[str, ...], *, size: int, step: int) -> LabelledPictures:
    """Return the patches of the held-out parts on a grid.

    Parameters
    ----------
    labels
        The photographs, in the order of the classes.
    size
        Side length of a patch.
    step
        Distance between patches; they overlap each other where it is smaller than `size`.
    """
    pictures, classes, places = [], [], []
    for number, label in enumerate(labels):
        part = photograph(label, held_out=True)
        for row in range(0, part.shape[0] - size + 1, step):
            for column in range(0, part.shape[1] - size + 1, step):
                pictures.append(part[row : row + size, column : column + size])
                classes.append(number)
                places.append((column + FIRST_HELD_OUT_COLUMN, row))
    return LabelledPictures(np.stack(pictures), np.array(classes, np.int64), tuple(places))
