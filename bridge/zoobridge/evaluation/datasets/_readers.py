"""The dataset readers that there are: built in, or added by packages."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.datasets._folders import FolderReader
from zoobridge.evaluation.datasets._objects import ObjectReader
from zoobridge.evaluation.datasets._tables import TableReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from zoobridge.evaluation.datasets._dataset import Dataset, DatasetReader

__all__ = ["ENTRY_POINT_GROUP", "read_dataset", "readers"]

#: Packages add readers under this entry-point group; each is a class that is called without arguments.
ENTRY_POINT_GROUP: Final = "zoobridge.dataset_readers"


def readers(*, check: Callable[[Path], None] | None = None) -> Mapping[str, DatasetReader]:
    """Return all dataset readers by name, the built-in ones first.

    Parameters
    ----------
    check
        Called by the built-in ones with each file that the data name, before they open it.

    Raises
    ------
    InvalidRequestError
        If a package adds a reader under a name that is taken.
    """
    found: dict[str, DatasetReader] = {
        one.name: one for one in (FolderReader(), TableReader(), ObjectReader(check))
    }
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        reader: DatasetReader = entry.load()()
        if reader.name in found:
            raise InvalidRequestError(
                f"two dataset readers are called {reader.name}; uninstall the one of {entry.value}"
            )
        found[reader.name] = reader
    return found


def read_dataset(
    source: Path,
    *,
    reader: str = "",
    options: Mapping[str, str] | None = None,
    check: Callable[[Path], None] | None = None,
) -> Dataset:
    """Read labelled pictures.

    Parameters
    ----------
    source
        A folder or file.
    reader
        Name of the reader; empty for the one that fits.
    options
        Options of the reader.
    check
        Called by the built-in readers with each file that the data name, before they open it; what
        it raises ends the reading.

    Raises
    ------
    InvalidRequestError
        If no reader has that name or option, none or several fit, or the reader refuses the source.
    """
    known = readers(check=check)
    if reader and reader not in known:
        raise InvalidRequestError(
            f"no dataset reader is called {reader}; there are {', '.join(known)}"
        )
    if not source.exists():
        raise InvalidRequestError(f"{source} does not exist")
    chosen = known[reader] if reader else _fitting(source, known)
    given = dict(options or {})
    if wrong := sorted(given.keys() - chosen.options.keys()):
        there = ", ".join(chosen.options) or "none"
        raise InvalidRequestError(
            f"the dataset reader {chosen.name} has no option {', '.join(wrong)}; there are {there}"
        )
    return chosen.read(source, given)


def _fitting(source: Path, known: Mapping[str, DatasetReader]) -> DatasetReader:
    fitting = [one for one in known.values() if one.fits(source)]
    if len(fitting) > 1:
        names = ", ".join(one.name for one in fitting)
        raise InvalidRequestError(f"several dataset readers take {source}; name one of {names}")
    if not fitting:
        raise InvalidRequestError(
            f"no dataset reader takes {source}; give a folder with a folder per class, or a CSV "
            "or Parquet file with the columns path and label"
        )
    return fitting[0]
