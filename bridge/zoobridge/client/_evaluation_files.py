"""The files of an evaluation's report, as they arrive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from zoobridge.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from zoobridge.protocol.v1 import evaluation_pb2 as pb

__all__ = ["save_part", "without_files"]

# Plain names: what a server sends must stay in the folder.
_NAME: Final = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*", re.ASCII)


def save_part(part: pb.EvaluationFile, folder: Path) -> None:
    """Write a part of a file below a folder.

    Raises
    ------
    ServerError
        If the file's name is not a plain one, or parts are missing.
    """
    if _NAME.fullmatch(part.name) is None:
        raise ServerError(f"the server sent a file with the name {part.name!r}")
    path = folder / part.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if part.offset else "wb") as file:
        if file.tell() != part.offset:
            raise ServerError(f"a part of {part.name} is missing")
        file.write(part.data)


def without_files(
    responses: Iterable[pb.EvaluateResponse], folder: Path | None
) -> Iterator[pb.EvaluateResponse]:
    """Yield the responses that are not files, and write those that are below a folder."""
    for response in responses:
        if response.WhichOneof("event") != "file":
            yield response
        elif folder is not None:
            save_part(response.file, folder)
