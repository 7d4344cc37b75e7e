"""The report of an evaluation as messages of the contract."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from zoobridge.evaluation.report._mistakes import find_mistakes
from zoobridge.evaluation.report._report import repeating_command, write_report
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zoobridge.evaluation.comparison._comparison import Comparison
    from zoobridge.evaluation.datasets._dataset import Dataset

__all__ = ["report_files"]

_PART: Final = 1 << 20
_PICTURES: Final = 60
_PICTURE_BYTES: Final = 64 << 20


def report_files(
    comparison: Comparison,
    dataset: Dataset,
    *,
    request: pb.EvaluateRequest,
    folder: Path,
    check: Callable[[Path], None] | None,
) -> Iterator[pb.EvaluateResponse]:
    """Write the report, and yield its files and pictures of mistakes, part by part.

    Parameters
    ----------
    comparison, dataset
        What to report.
    request
        What was asked for, for the command that repeats the comparison.
    folder
        Where to write the report.
    check
        Called with each picture's file before it is read.
    """
    mapping = dict(request.mapping)
    command = repeating_command(
        comparison,
        request.data,
        reader=request.reader,
        options=dict(request.options),
        mapping=mapping,
        measures=request.measures,
        rank_by=request.rank_by,
        seed=request.seed,
        resamples=request.resamples,
    )
    write_report(comparison, dataset, folder, command=command, mapping=mapping)
    for path in sorted(folder.iterdir()):
        yield from _parts(path.name, path.read_bytes())
    names: dict[int, str] = {}
    left = _PICTURE_BYTES
    records = []
    for mistake in find_mistakes(comparison, dataset):
        path = dataset.items[mistake.item].path
        if mistake.item not in names and len(names) < _PICTURES:
            if check is not None:
                check(path)
            content = _content(path, left)
            names[mistake.item] = _name(mistake.item, path) if content else ""
            left -= len(content)
            yield from _parts(names[mistake.item], content)
        picture = names.get(mistake.item, "")
        records.append(asdict(mistake) | {"name": str(path), "picture": picture})
    yield from _parts("mistakes.json", json.dumps(records).encode())


def _name(item: int, path: Path) -> str:
    plain = re.fullmatch(r"\.[A-Za-z0-9]{1,8}", path.suffix)
    return f"mistakes/{item}{path.suffix if plain else ''}"


def _content(path: Path, most: int) -> bytes:
    """Return a picture's bytes; nothing where it has more than `most`, or is gone by now."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError:
        return b""
    return content if len(content) <= most else b""


def _parts(name: str, content: bytes) -> Iterator[pb.EvaluateResponse]:
    for offset in range(0, len(content), _PART):
        part = pb.EvaluationFile(name=name, offset=offset, data=content[offset : offset + _PART])
        yield pb.EvaluateResponse(file=part)
