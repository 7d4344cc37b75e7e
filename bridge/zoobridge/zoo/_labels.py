"""Class names: from the channel axis, from the list of values, from a label file, or numbered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zoobridge.zoo._description import LabelSource
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import package_file
from zoobridge.zoo._label_file import read_label_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["are_placeholders", "find_labels"]

_LABEL_SUFFIXES = ("txt", "names", "json", "csv", "tsv", "yaml", "yml")
_LABEL_WORD = re.compile(r"(^|[^a-z])(labels?|class(es)?|categories|synset|names)([^a-z]|$)")


def are_placeholders(names: Sequence[str]) -> bool:
    """Tell whether channel names say nothing.

    The format demands names, so converters write ``channel0``, ``channel1`` where the
    model has no names.
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


def _is_label_file(name: str) -> bool:
    base = name.replace("\\", "/").rpartition("/")[2].lower()
    stem, _, suffix = base.rpartition(".")
    return _LABEL_WORD.search(stem) is not None and suffix in _LABEL_SUFFIXES


def _counted(names: tuple[str, ...], count: int, where: str) -> tuple[str, ...]:
    if count not in (0, len(names)):
        raise PackageFault(
            f"{where} names {len(names)} classes, but the output has {count}; make the two agree"
        )
    return names
