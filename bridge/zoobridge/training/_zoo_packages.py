"""Packages of a zoo's folder, by the reference of their models."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError
from zoobridge.zoo import read_package

if TYPE_CHECKING:
    from zoobridge.zoo import ModelDescription

__all__ = ["find_package"]


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
        folders = [path for path in zoo.glob("[!.]*") if path.is_dir()]
        # Packages are named by their models as a rule: that one is read first.
        for folder in sorted(folders, key=lambda one: (not one.name.startswith(model_id), one)):
            found = read_package(folder, unpack_to=Path(scratch))
            if (found.id, found.version) == (model_id, version):
                return found
    raise InvalidRequestError(f"{model_id} is not a folder of {zoo}; name the zoo's folder (--zoo)")
