"""Packages of a zoo's folder: found by their reference, and made beside each other."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError, ServerError
from zoobridge.zoo import read_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.zoo import ModelDescription

__all__ = ["find_package", "new_package"]


def find_package(zoo: Path, model_id: str, version: str) -> ModelDescription:
    """Return what a package of a zoo says.

    Parameters
    ----------
    zoo
        The zoo's folder.
    model_id, version
        Of the model.

    Raises
    ------
    InvalidRequestError
        If no folder of the zoo holds it.
    """
    with TemporaryDirectory(prefix="zoobridge-") as scratch:
        for folder in sorted(path for path in zoo.iterdir() if path.is_dir()):
            if folder.name.startswith(".") or not folder.name.startswith(model_id[:1]):
                continue
            found = read_package(folder, unpack_to=Path(scratch))
            if (found.id, found.version) == (model_id, version):
                return found
    raise InvalidRequestError(f"{model_id} is not a folder of {zoo}; name the zoo's folder (--zoo)")


@contextmanager
def new_package(zoo: Path) -> Iterator[Path]:
    """Give a folder to write a package in, beside those of a zoo; whoever completes it renames it.

    Raises
    ------
    ServerError
        If it cannot be written.
    """
    try:
        folder = Path(mkdtemp(prefix=".making-", dir=zoo))
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise ServerError(
            f"the package cannot be written to {zoo}: {error.strerror or error}"
        ) from error
