"""The results of a call as a sequence, a table and a picture in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from zoobridge.client._result import Result
from zoobridge.client._table import columns, html

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from zoobridge.client._folders import LeftOut
    from zoobridge.errors import ZooBridgeError

__all__ = ["Results"]


class Results(Sequence[Result]):
    """The results of a call, in the order of the pictures given and of the items in each.

    Parameters
    ----------
    results
        The results.
    left_out
        What else lay in the folders that were given, and why it was not classified.

    Examples
    --------
    >>> results = client.classify("digits", "scans/")  # doctest: +SKIP
    >>> results[0].label  # doctest: +SKIP
    '7'
    >>> results.to_pandas()  # doctest: +SKIP
    """

    def __init__(self, results: Iterable[Result], *, left_out: Iterable[LeftOut] = ()) -> None:
        self._results = tuple(results)
        self._left_out = tuple(left_out)

    @overload
    def __getitem__(self, index: int) -> Result: ...

    @overload
    def __getitem__(self, index: slice) -> Results: ...

    def __getitem__(self, index: int | slice) -> Result | Results:
        if isinstance(index, slice):
            return Results(self._results[index], left_out=self._left_out)
        return self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    @property
    def errors(self) -> tuple[Result, ...]:
        """The results that hold an error."""
        return tuple(result for result in self._results if result.error is not None)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What else lay in the folders that were given, and why it was not classified."""
        return self._left_out

    @property
    def unlike_training(self) -> tuple[Result, ...]:
        """The results whose items are unlike the pictures that the model was trained on."""
        return tuple(one for one in self._results if one.novelty and one.novelty.exceeded)

    @property
    def labels(self) -> tuple[str, ...]:
        """The best class of each item; empty where it failed."""
        return tuple(result.label for result in self._results)

    def raise_for_errors(self) -> Results:
        """Raise the first item's error if any item failed, else return these results.

        Raises
        ------
        ZooBridgeError
            Of the type that the item's error has; its message names the item.
        """
        for result in self._results:
            if result.error is not None:
                raise _named(result)
        return self

    def _columns(self, top: int) -> tuple[str, ...]:
        reliability = any(one.prediction_set or one.novelty for one in self._results)
        return columns(top=top, errors=bool(self.errors), reliability=reliability)

    def to_records(self) -> list[dict[str, Any]]:
        """Return one dictionary for each item, all with the same keys: the table's columns."""
        top = max((len(result.top) for result in self._results), default=1)
        wanted = self._columns(top)
        rows = [result.to_record(top=top) for result in self._results]
        return [{name: row[name] for name in wanted} for row in rows]

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row for each item.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError('pandas is missing; pip install "zoobridge[pandas]"') from error
        top = max((len(result.top) for result in self._results), default=1)
        return pd.DataFrame(self.to_records(), columns=list(self._columns(top)))

    def __repr__(self) -> str:
        failed = len(self.errors)
        head = f"<Results: {len(self)} items" + (f", {failed} failed" if failed else "")
        head += (f", {len(self.left_out)} files left out" if self.left_out else "") + ">"
        lines = [_line(result) for result in self._results[:10]]
        more = [f"… and {len(self) - 10} more"] if len(self) > 10 else []
        return "\n".join([head, *lines, *more])

    def _repr_html_(self) -> str:
        shown = Results(self._results[:50])
        note = f"{len(self)} items, {len(self.errors)} failed"
        note += f", {len(self.left_out)} files left out" if self.left_out else ""
        return html(shown.to_records(), note=note)


def _named(result: Result) -> ZooBridgeError:
    """Return a result's error with the item's name before its sentence."""
    error = result.error
    assert error is not None  # noqa: S101 - the caller asked for failed results only
    where = ", ".join(part for part in (result.image, result.plane, result.region) if part)
    return type(error)(
        f"{where}: {error.message}",
        field=error.field,
        metadata=error.metadata,
        retry_after=error.retry_after,
    )


def _line(result: Result) -> str:
    where = " ".join(part for part in (result.image, result.plane, result.region) if part)
    if result.error is not None:
        return f"  {where}: {type(result.error).__name__}: {result.error.message}"
    score = "" if result.score is None else f" {result.score:.4g}"
    return f"  {where}: {result.label}{score}"
