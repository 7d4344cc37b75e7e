"""Many small messages written at once: columns of bytes that are put together to rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Column", "join_columns", "varint_column"]


@dataclass(frozen=True, eq=False)
class Column:
    """What stands at one place of every row.

    Parameters
    ----------
    bytes
        ``(rows, width)``.
    kept
        Which of them are written, of the same shape; `None` for all.
    """

    bytes: NDArray[np.uint8]
    kept: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, data: NDArray[np.uint8], lengths: NDArray[np.integer[Any]]) -> Column:
        """Return the column of which so many bytes of each row are written.

        Parameters
        ----------
        data
            ``(…, width)``.
        lengths
            ``(…)``.
        """
        most = int(lengths.max(initial=0))
        data = data[..., :most]
        if (lengths == most).all():
            return cls(data)
        return cls(data, np.arange(most) < lengths[..., np.newaxis])


def varint_column(values: NDArray[np.integer[Any]]) -> tuple[Column, NDArray[np.intp]]:
    """Return numbers that are not negative as protobuf writes them, and how many bytes each takes.

    Parameters
    ----------
    values
        ``(rows,)``.
    """
    most = int(values.max(initial=0))
    if most < 0x80:
        return Column(values.astype(np.uint8)[:, np.newaxis]), np.ones(len(values), np.intp)
    shifts = np.arange(-(-most.bit_length() // 7)) * 7
    groups = values.astype(np.int64)[:, np.newaxis] >> shifts
    lengths = np.maximum(1, (groups > 0).sum(axis=1))
    more = np.arange(len(shifts)) < lengths[:, np.newaxis] - 1
    return Column.of((groups & 0x7F | more << 7).astype(np.uint8), lengths), lengths


def join_columns(rows: int, columns: Sequence[bytes | Column]) -> bytes:
    """Return rows behind one another, each the columns behind one another.

    Parameters
    ----------
    rows
        How many.
    columns
        What stands in them; bytes stand in every row.
    """
    widths = [len(one) if isinstance(one, bytes) else one.bytes.shape[1] for one in columns]
    matrix = np.empty((rows, sum(widths)), np.uint8)
    ragged: list[tuple[slice, NDArray[np.bool_]]] = []
    place = 0
    for column, width in zip(columns, widths, strict=True):
        where = slice(place, place + width)
        if isinstance(column, bytes):
            matrix[:, where] = np.frombuffer(column, np.uint8)
        else:
            matrix[:, where] = column.bytes
            if column.kept is not None:
                ragged.append((where, column.kept))
        place += width
    if not ragged:
        return matrix.tobytes()
    kept = np.ones(matrix.shape, np.bool_)
    for where, mask in ragged:
        kept[:, where] = mask
    return matrix[kept].tobytes()
