"""The eight flips and turns of a picture (the dihedral group D4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["VIEWS", "view"]

#: How many there are.
VIEWS: Final = 8


def view(array: NDArray[Any], axes: str, number: int) -> NDArray[Any]:
    """Return one of the views of a picture.

    Parameters
    ----------
    array
        The picture, of any number of axes and any type.
    axes
        One letter an axis; ``Y`` and ``X`` are among them.
    number
        0 for the unchanged picture; 1 to 3 for quarter turns; 4 to 7 for the same, flipped.
    """
    plane = axes.index("Y"), axes.index("X")
    flipped = np.flip(array, plane[1]) if number >= 4 else array
    return np.ascontiguousarray(np.rot90(flipped, number % 4, plane))
