"""Statistics of a batch, item by item, and the axes that steps name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import BrokenPackageError

__all__ = ["TensorStatistics", "find_axis", "letter_of"]

Array = NDArray[Any]

_LETTERS = {"batch": "N", "b": "N", "channel": "C", "index": "I", "time": "T"}


def letter_of(name: str) -> str:
    """Return the upper-case letter of an axis that BioImage.IO calls `name`."""
    return _LETTERS.get(name, name.upper())


def find_axis(name: str, axes: str) -> int:
    """Return the place of an axis among `axes`.

    Raises
    ------
    BrokenPackageError
        If it is not there.
    """
    letter = letter_of(name)
    if len(letter) != 1 or letter not in axes:
        raise BrokenPackageError(
            f"a processing step names the axis '{name}', which the tensor ({axes}) does not have"
        )
    return axes.index(letter)


class TensorStatistics:
    """Statistics of one tensor, item by item, each computed once.

    Parameters
    ----------
    tensor
        With its batch axis.
    axes
        One letter an axis.
    """

    def __init__(self, tensor: Array, axes: str) -> None:
        self._tensor = tensor
        self._axes = axes
        self._known: dict[object, tuple[Array, Array]] = {}

    def mean_std(self, ids: Sequence[str] | None) -> tuple[Array, Array]:
        """Return mean and (population) standard deviation over `ids`, as ``float64``."""
        where = self._reduced(ids)
        if where not in self._known:
            tensor = self._tensor.astype(np.float64, copy=False)
            mean = tensor.mean(axis=where, keepdims=True)
            std = np.sqrt(np.square(tensor - mean).mean(axis=where, keepdims=True))
            self._known[where] = (mean, std)
        return self._known[where]

    def percentiles(
        self, ids: Sequence[str] | None, low: float, high: float, *, method: Any
    ) -> tuple[Array, Array]:
        """Return two percentiles (0…100) over `ids`."""
        where = self._reduced(ids)
        key = (where, low, high, method)
        if key not in self._known:
            if (low, high) == (0.0, 100.0):
                found = (
                    self._tensor.min(axis=where, keepdims=True),
                    self._tensor.max(axis=where, keepdims=True),
                )
            else:
                fractions = np.array([low / 100, high / 100])
                both = np.quantile(
                    self._tensor, fractions, axis=where, keepdims=True, method=method
                )
                found = (both[0], both[1])
            # An unsigned difference of the two must not wrap.
            lowest, highest = (value.astype(np.float64) for value in found)
            self._known[key] = (lowest, highest)
        return self._known[key]

    def _reduced(self, ids: Sequence[str] | None) -> tuple[int, ...]:
        if ids is None:
            return tuple(i for i, letter in enumerate(self._axes) if letter != "N")
        places = {find_axis(name, self._axes) for name in ids}
        return tuple(sorted(place for place in places if self._axes[place] != "N"))
