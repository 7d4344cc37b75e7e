"""ImageJ's tables as pandas' tables.

One call through the gateway costs a fraction of a millisecond and arrays travel element by element,
so a column is packed on Java's side and comes as one text or one block of bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from py4j.java_gateway import JavaGateway

__all__ = ["frame"]

# No text in a table holds it.
_SEPARATOR = "\x1f"


def frame(gateway: JavaGateway, table: Any) -> pd.DataFrame:
    """Return a ``ResultsTable`` as a data frame.

    A column is numeric where every cell is a number; numbers come with all their digits, texts as
    they are shown, ImageJ's own label column as ``Label``.

    Parameters
    ----------
    gateway
        The channel to ImageJ.
    table
        An ``ij.measure.ResultsTable``.
    """
    import pandas as pd

    size = table.size()
    columns: dict[str, Any] = {}
    if size and table.getLabel(0) is not None:
        columns["Label"] = [table.getLabel(row) for row in range(size)]
    for index in range(table.getLastColumn() + 1):
        if not table.columnExists(index):
            continue
        name = table.getColumnHeading(index)
        numbers = _numbers(gateway, table, index, size)
        texts = _texts(gateway, table, name) if size and np.isnan(numbers).any() else None
        columns[name] = numbers if texts is None or _shows_numbers(texts, numbers) else texts
    return pd.DataFrame(columns)


def _numbers(gateway: JavaGateway, table: Any, index: int, size: int) -> NDArray[np.float64]:
    """Return a column's numbers; NaN where a cell holds a text."""
    if not size:
        return np.empty(0)
    block = gateway.jvm.java.nio.ByteBuffer.allocate(8 * size)
    block.asDoubleBuffer().put(table.getColumnAsDoubles(index))
    return np.frombuffer(block.array(), ">f8").astype(np.float64)


def _texts(gateway: JavaGateway, table: Any, name: str) -> list[str]:
    # Arrays.asList is not found for an array of strings by its name alone.
    jvm = gateway.jvm
    kinds = gateway.new_array(jvm.java.lang.Class, 1)
    kinds[0] = jvm.java.lang.Class.forName("[Ljava.lang.Object;")
    arguments = gateway.new_array(jvm.java.lang.Object, 1)
    arguments[0] = table.getColumnAsStrings(name)
    as_list = jvm.java.lang.Class.forName("java.util.Arrays").getMethod("asList", kinds)
    cells = as_list.invoke(None, arguments)
    return str(jvm.java.lang.String.join(_SEPARATOR, cells)).split(_SEPARATOR)


def _shows_numbers(texts: list[str], numbers: NDArray[np.float64]) -> bool:
    """Whether the cells without a number are shown as such, rather than as a text."""
    return (
        all(
            text in {"NaN", ""}
            for text, number in zip(texts, numbers, strict=True)
            if np.isnan(number)
        )
        and not np.isnan(numbers).all()
    )
