"""Tables of labelled pictures: CSV and Parquet, and the dataset reader for a path and a label a row."""

from __future__ import annotations

import csv
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.datasets._dataset import LABEL_SEPARATOR, Dataset, LabelledItem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["TABLE_SUFFIXES", "TableReader", "columns_of", "read_table"]

#: Endings of the files that are read as tables.
TABLE_SUFFIXES = (".csv", ".parquet")


def columns_of(path: Path) -> tuple[str, ...]:
    """Return the names of a table's columns; none where the file is not a table."""
    try:
        if path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return tuple(next(csv.reader(file), ()))
        return tuple(_parquet().read_schema(path).names)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError):
        return ()


def read_table(path: Path) -> list[dict[str, str]]:
    """Return a table's rows, every cell as text; empty cells are empty texts.

    Raises
    ------
    InvalidRequestError
        If the file cannot be read as CSV (UTF-8) or Parquet, or a row has more cells than columns.
    """
    kind = "Parquet" if path.suffix.lower() == ".parquet" else "CSV"
    try:
        rows = _parquet_rows(path) if kind == "Parquet" else _csv_rows(path)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise InvalidRequestError(f"{path} cannot be read as {kind}: {error}") from error
    return rows


def _csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.reader(file, strict=True)
        names = next(table, [])
        rows = []
        for cells in table:
            if len(cells) > len(names):
                raise ValueError(
                    f"line {table.line_num} has {len(cells)} cells under {len(names)} columns"
                )
            if any(cells):
                rows.append(dict(zip_longest(names, cells, fillvalue="")))
    return rows


def _parquet_rows(path: Path) -> list[dict[str, str]]:
    table = _parquet().read_table(path)
    return [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise InvalidRequestError(
            'reading Parquet needs pyarrow; pip install "zoobridge[evaluation]"'
        ) from error
    return pyarrow.parquet


class TableReader:
    """Reads a table with a path and a label in each row; see :class:`DatasetReader`."""

    name = "table"
    description = (
        "A CSV or Parquet file with the columns path (relative to the file, or absolute) and label; "
        f"a column labels in its place holds several classes, parted by {LABEL_SEPARATOR}, or none."
    )
    options: Mapping[str, str] = {
        "path": "The column of the paths; path if not given.",
        "label": "The column of the classes; label, or else labels, if not given.",
        "separator": "What parts several classes in a cell; given, every cell may hold several.",
    }

    def fits(self, source: Path) -> bool:
        """Tell whether it is a table with a path and a label."""
        names = set(columns_of(source)) if source.suffix.lower() in TABLE_SUFFIXES else set()
        return "path" in names and bool(names & {"label", "labels"})

    def read(self, source: Path, options: Mapping[str, str]) -> Dataset:
        """Read the table.

        Raises
        ------
        InvalidRequestError
            If the file cannot be read, lacks a column or a cell, or has no row.
        """
        rows = read_table(source)
        names = columns_of(source)
        path_column = options.get("path", "path")
        label_column = options.get("label") or ("label" if "label" in names else "labels")
        check_columns(source, names, (path_column, label_column))
        separator = options.get("separator", "")
        if not separator and label_column == "labels":
            separator = LABEL_SEPARATOR
        items = []
        for number, row in enumerate(rows, start=1):
            if not row[path_column]:
                raise InvalidRequestError(f"{source}, row {number}: {path_column} is empty")
            cell = row[label_column]
            labels = tuple(part.strip() for part in cell.split(separator)) if separator else (cell,)
            labels = tuple(dict.fromkeys(part for part in labels if part))
            if not labels and not separator:
                raise InvalidRequestError(f"{source}, row {number}: {label_column} is empty")
            items.append(LabelledItem(source.parent / row[path_column], labels))
        if not items:
            raise InvalidRequestError(f"{source} names no picture")
        return Dataset(tuple(items), multi_label=bool(separator))


def check_columns(source: Path, names: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    InvalidRequestError
        With the columns that are lacking, and those that there are.
    """
    if lacking := [name for name in wanted if name not in names]:
        raise InvalidRequestError(
            f"{source} lacks the column {', '.join(lacking)}; it has {', '.join(names) or 'none'}"
        )
