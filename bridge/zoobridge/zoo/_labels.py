"""Class names: from the channel axis, from the list of values, from a label file, or numbered."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

from zoobridge.zoo._description import LabelSource
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import package_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["are_placeholders", "find_labels", "read_label_file"]

_LABEL_WORD = re.compile(r"(^|[^a-z])(labels?|class(es)?|categories|synset|names)([^a-z]|$)")
_LABEL_FILE_BYTES = 16 << 20


def are_placeholders(names: Sequence[str]) -> bool:
    """Tell whether channel names say nothing.

    The format demands names, so converters write ``channel0``, ``channel1`` where there are none.
    """
    return all(re.fullmatch(r"channel[ _-]?\d+", name.lower()) for name in names)


def find_labels(
    *,
    channel_names: Sequence[str],
    values: Sequence[Any],
    count: int,
    attachments: Sequence[str],
    root: Path,
) -> tuple[tuple[str, ...], LabelSource]:
    """Find the class names of an output.

    Parameters
    ----------
    channel_names
        Names of the output's channel axis; empty if it has none.
    values
        The output's ``data.values``; empty if it has none.
    count
        Number of classes; 0 where the output gives a class's number and states no count.
    attachments
        Names of the package's attachments.
    root
        The package's folder.

    Raises
    ------
    PackageFault
        If the names and the output do not agree, or a label file cannot be read.
    """
    if count and channel_names and not are_placeholders(channel_names):
        return tuple(channel_names), LabelSource.CHANNEL_NAMES
    # Numbers may be all that a score can be; only for a class's number do they name classes.
    if values and (count == 0 or all(isinstance(value, str) for value in values)):
        names = tuple(str(value) for value in values)
        return _counted(names, count, "data.values"), LabelSource.DATA_VALUES
    for name in attachments:
        if _is_label_file(name):
            names = read_label_file(package_file(root, name))
            return _counted(names, count, f"the label file {name}"), LabelSource.ATTACHMENT
    if count == 0:
        raise PackageFault(
            "the output gives the number of a class, and nothing names the classes; "
            "name them in the output's data.values or in an attached labels.txt"
        )
    return tuple(f"class {index}" for index in range(count)), LabelSource.NUMBERED


def read_label_file(path: Path) -> tuple[str, ...]:
    """Read class names from a file.

    Text holds one name a line; JSON a list of names, or a mapping of number to name; CSV and TSV
    a name in the last column of each line, a header where the first line's number is none.

    Parameters
    ----------
    path
        A ``.txt``, ``.names``, ``.json``, ``.csv`` or ``.tsv`` file in UTF-8.

    Returns
    -------
    tuple of str
        Without surrounding blanks, in order.

    Raises
    ------
    PackageFault
        If it cannot be read.
    """
    try:
        if path.stat().st_size > _LABEL_FILE_BYTES:
            raise PackageFault(f"the label file {path.name} is larger than 16 MiB")
        text = path.read_text("utf-8-sig")
        suffix = path.suffix.lower()
        if suffix == ".json":
            names = _from_json(json.loads(text))
        elif suffix in (".csv", ".tsv"):
            names = _from_rows(text, "\t" if suffix == ".tsv" else ",")
        else:
            names = [line.strip() for line in text.splitlines()]
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise PackageFault(
            f"the label file {path.name} cannot be read ({error}); write one name a line, in UTF-8"
        ) from error
    while names and not names[-1]:
        names.pop()
    if not names:
        raise PackageFault(f"the label file {path.name} is empty; write one name a line")
    if "" in names:
        raise PackageFault(
            f"line {names.index('') + 1} of the label file {path.name} is empty; give it a name"
        )
    return tuple(names)


def _is_label_file(name: str) -> bool:
    base = name.replace("\\", "/").rpartition("/")[2].lower()
    stem, _, suffix = base.rpartition(".")
    return _LABEL_WORD.search(stem) is not None and suffix in ("txt", "names", "json", "csv", "tsv")


def _counted(names: tuple[str, ...], count: int, where: str) -> tuple[str, ...]:
    if count not in (0, len(names)):
        raise PackageFault(
            f"{where} names {len(names)} classes, but the output has {count}; make the two agree"
        )
    return names


def _from_json(document: object) -> list[str]:
    if isinstance(document, dict):
        try:
            numbered = {int(key): value for key, value in document.items()}
        except ValueError:
            # {"name": number}, as Keras' class_indices.
            numbered = {value: key for key, value in document.items() if isinstance(value, int)}
        if sorted(numbered) != list(range(len(document))):
            raise ValueError("a mapping must hold each number from 0 on once")
        document = [numbered[number] for number in range(len(numbered))]
    if not isinstance(document, list):
        raise ValueError("expected a list of names")  # noqa: TRY004 - a fault of the content
    # ImageNet's class index holds pairs of an id and a name.
    return [str(entry[-1] if isinstance(entry, list) and entry else entry) for entry in document]


def _from_rows(text: str, delimiter: str) -> list[str]:
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    if rows and len(rows[0]) > 1 and not rows[0][0].strip().isdigit():
        rows = rows[1:]
    return [row[-1].strip() for row in rows]
