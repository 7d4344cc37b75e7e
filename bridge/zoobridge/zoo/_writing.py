"""Writing a package's description, and the place in a zoo where the package goes."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.errors import BrokenPackageError, InvalidRequestError, ServerError
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import file_sha256
from zoobridge.zoo._identity import slug
from zoobridge.zoo._library import check_written, write_description
from zoobridge.zoo._package import read_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.zoo._description import ModelDescription

__all__ = ["finish_package", "new_package", "package_folder", "plain_name"]


def package_folder(zoo: Path, model_id: str, version: str) -> Path:
    """Choose a package's folder: the id, or with the version where another one has it.

    Raises
    ------
    InvalidRequestError
        If that version is there already.
    """
    target = zoo / model_id
    if not target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
        present = read_package(target, unpack_to=Path(scratch))
    versioned = zoo / f"{model_id}-{slug(version)}"
    if (present.id == model_id and present.version == version) or versioned.exists():
        raise InvalidRequestError(
            f"{model_id} {version} is in the zoo already; give another version or id, or remove it",
            field="version",
        )
    return versioned


def plain_name(name: str) -> str:
    """Write a name as BioImage.IO allows it: ASCII, and at least five characters long."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_+\- ()]+", "-", ascii_only).strip("- ")[:64]
    return plain if len(plain) >= 5 else f"{plain} model".strip().rjust(5, "m")


def finish_package(document: dict[str, Any], folder: Path) -> ModelDescription:
    """Write the description beside the files that it names, and check the package.

    Parameters
    ----------
    document
        A BioImage.IO model description; the SHA-256 of its test tensors are filled in.
    folder
        Holds all the files.

    Raises
    ------
    BrokenPackageError
        If the package is not valid, or could not be used.
    OSError
        If it cannot be written.
    """
    for tensor in (*document["inputs"], *document["outputs"]):
        tensor["test_tensor"]["sha256"] = file_sha256(folder / tensor["test_tensor"]["source"])
    try:
        write_description(document, folder / "rdf.yaml")
        check_written(folder)
        with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
            model = read_package(folder, unpack_to=Path(scratch))
    except PackageFault as fault:
        raise BrokenPackageError(f"the package would not be valid: {fault}") from fault
    if model.problem:
        raise BrokenPackageError(f"the package would not be usable: {model.problem}")
    return model


@contextmanager
def new_package(zoo: Path) -> Iterator[Path]:
    """Give a hidden folder in a zoo to write a package in; it is gone afterwards unless it was renamed.

    Raises
    ------
    ServerError
        If it cannot be written.
    """
    try:
        zoo.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".making-", dir=zoo))
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise ServerError(
            f"the package cannot be written to {zoo}: {error.strerror or error}"
        ) from error
