"""Chains of steps for 8-bit pixels: the results for 256 values are those for all pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from zoobridge.backend import ByteTable
from zoobridge.imaging._types import Operation

__all__ = ["ByteChain"]

# Steps that treat every element by itself.
_ELEMENTWISE = frozenset(
    {"binarize", "clip", "ensure_dtype", "fixed_zero_mean_unit_variance", "scale_linear", "sigmoid"}
)
_VALUES = 256
# Two roundings of float32, of the largest number that takes part.
_ROUNDING = 2 * float(np.finfo(np.float32).eps)

Run = Callable[[NDArray[Any], str, Sequence[Operation]], NDArray[Any]]


@dataclass(frozen=True)
class _Table:
    """What each value becomes in each channel, and the line that says the same, if there is one.

    Parameters
    ----------
    values
        ``(channels, 256)``.
    gain, offset
        ``float32``, one a channel; no gain where the values lie on no line, and no offset where it
        is zero.
    """

    values: NDArray[Any]
    gain: NDArray[np.float32] | None = None
    offset: NDArray[np.float32] | None = None


class ByteChain:
    """A chain of steps, ready for pixels of 8 bits.

    Parameters
    ----------
    operations
        The steps in order.
    run
        Carries steps out, given values, their axes and the steps.
    dtype
        What the results are turned into; `None`: what the last step gives.
    """

    def __init__(
        self, operations: Sequence[Operation], run: Run, *, dtype: DTypeLike | None = None
    ) -> None:
        self._operations = operations
        self._run = run
        self._dtype = dtype
        self._applies = bool(operations) and all(_is_elementwise(one) for one in operations)
        self._tables: dict[tuple[str, int], _Table] = {}
        self._byte_tables: dict[tuple[str, int], ByteTable] = {}

    def pays(self, batch: NDArray[Any], axes: str) -> bool:
        """Tell whether this chain can take a batch, and is faster than the steps themselves."""
        if batch.dtype != np.uint8 or not self._applies:
            return False
        channels = batch.shape[axes.find("C")] if "C" in axes else 1
        known = (axes, channels) in self._tables
        return known or batch.size >= 2 * _VALUES * channels

    def table(self, batch: NDArray[Any], axes: str) -> ByteTable | None:
        """Return what becomes of the pixels of a batch; `None` where this chain cannot take it.

        Parameters
        ----------
        batch
            Pixels.
        axes
            One upper-case letter an axis of `batch`.
        """
        if batch.dtype != np.uint8 or not self._applies:
            return None
        place = axes.find("C")
        channels = batch.shape[place] if place >= 0 else 1
        known = self._byte_tables.get((axes, channels))
        if known is None:
            values = self._table(axes, channels).values
            known = ByteTable(values, place if place >= 0 else None)
            self._byte_tables[axes, channels] = known
        return known

    def apply(self, batch: NDArray[np.uint8], axes: str) -> NDArray[Any]:
        """Carry the steps out.

        Parameters
        ----------
        batch
            Pixels, in any order of memory.
        axes
            One upper-case letter an axis of `batch`.

        Returns
        -------
        NDArray
            What the steps give; where that is a straight line in ``float32``, to its rounding.
        """
        place = axes.find("C")
        channels = batch.shape[place] if place >= 0 else 1
        table = self._table(axes, channels)
        result: NDArray[Any] = np.empty(batch.shape, table.values.dtype)
        # Channel by channel: what is worked on stays in the cache, wherever the channels lie.
        for channel in range(channels):
            where = (slice(None),) * place + (channel,) if place >= 0 else (...,)
            part = result[where]
            if table.gain is None:
                # Modes other than "clip" look twice; every byte is a place in the table.
                np.take(table.values[channel], batch[where], out=part, mode="clip")
                continue
            part[...] = batch[where]
            part *= table.gain[channel]
            if table.offset is not None:
                part += table.offset[channel]
        return result

    def _table(self, axes: str, channels: int) -> _Table:
        table = self._tables.get((axes, channels))
        if table is None:
            table = self._tables[axes, channels] = self._tabled(axes, channels)
        return table

    def _tabled(self, axes: str, channels: int) -> _Table:
        place = axes.find("C")
        shape = [1] * len(axes)
        if place >= 0:
            shape[place] = channels
        every = np.arange(_VALUES, dtype=np.uint8).reshape([_VALUES] + [1] * len(axes))
        values = self._run(np.broadcast_to(every, [_VALUES, *shape]), f"*{axes}", self._operations)
        values = np.ascontiguousarray(values.reshape(_VALUES, channels).T)
        if self._dtype is not None:
            values = values.astype(self._dtype, copy=False)
        return _on_a_line(values) or _Table(values)


def _is_elementwise(operation: Operation) -> bool:
    kwargs: Mapping[str, Any] = operation.kwargs
    return (
        operation.id in _ELEMENTWISE
        and kwargs.get("min_percentile") is None
        and kwargs.get("max_percentile") is None
        and kwargs.get("axis") in (None, "channel", "c", "C")
    )


def _on_a_line(values: NDArray[Any]) -> _Table | None:
    if values.dtype != np.float32:
        return None
    offset = values[:, 0]
    gain = ((values[:, -1].astype(np.float64) - offset) / (_VALUES - 1)).astype(np.float32)
    line = np.arange(_VALUES, dtype=np.float32) * gain[:, np.newaxis] + offset[:, np.newaxis]
    allowed = _ROUNDING * np.abs(values).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        close = np.abs(line.astype(np.float64) - values) <= allowed
    if not close.all():
        return None
    return _Table(values, gain, offset if offset.any() else None)
