"""Files of a package: where they may lie, and what they hold."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from zoobridge.zoo._fault import PackageFault

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["content_digest", "file_sha256", "package_file", "refuse_hard_links", "tree_files"]

_TREE_FILES = 20_000


def package_file(root: Path, name: str, *, folder_allowed: bool = False) -> Path:
    """Find a file that a package names.

    Parameters
    ----------
    root
        The package's folder.
    name
        As written in its description.
    folder_allowed
        Whether a folder will do as well.

    Returns
    -------
    Path
        The file, below `root`, reached without links.

    Raises
    ------
    PackageFault
        If it lies elsewhere, is missing, or is linked (by name or by inode) to another place.
    """
    if "://" in name:
        raise PackageFault(
            f"{name} lies on the network, which ZooBridge does not reach; "
            "download the whole package with its files"
        )
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if posix.is_absolute() or windows.anchor or ".." in posix.parts or ".." in windows.parts:
        raise PackageFault(
            f"{name!r} leads outside the package; put the file beside the package's rdf.yaml and name "
            "it there by a relative path"
        )
    path = root
    for part in posix.parts:
        path = path / part
        _refuse_link(path, name)
    try:
        facts = path.lstat()
    except (OSError, ValueError) as error:
        raise PackageFault(f"the file {name} is missing; copy the package again, whole") from error
    if folder_allowed and stat.S_ISDIR(facts.st_mode):
        return path
    if not stat.S_ISREG(facts.st_mode):
        raise PackageFault(f"{name} is not a regular file; put the file itself into the package")
    _refuse_hard_link(facts, name)
    return path


def refuse_hard_links(folder: Path) -> None:
    """Refuse a folder in which some file has another name elsewhere.

    What runs confined to a folder can read all files in it: links by name lead nowhere there, but
    a hard link is the file itself.

    Raises
    ------
    PackageFault
        If there is one.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            _refuse_hard_link(path.lstat(), path.relative_to(folder).as_posix())


def _refuse_hard_link(facts: os.stat_result, name: str) -> None:
    if facts.st_nlink > 1:
        raise PackageFault(
            f"{name} is hard-linked to another place, so that others can change or read along; "
            "copy the package to a separate folder"
        )


def _refuse_link(path: Path, name: str) -> None:
    try:
        # Junctions are Windows' older links; Python knows them from 3.12 on.
        linked = path.is_symlink() or getattr(path, "is_junction", bool)()
    except (OSError, ValueError) as error:
        raise PackageFault(f"the file {name} cannot be read: {error}") from error
    if linked:
        raise PackageFault(
            f"{name} is reached through a link; put the file itself into the package"
        )


def tree_files(folder: Path) -> list[Path]:
    """List the files below a folder, sorted, each reached without links.

    Raises
    ------
    PackageFault
        If one of them is linked elsewhere, or if there are too many.
    """
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        checked = package_file(folder, relative, folder_allowed=True)
        if checked.is_file():
            found.append(checked)
        if len(found) > _TREE_FILES:
            raise PackageFault(f"{folder.name} holds more than {_TREE_FILES} files")
    return found


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(description: bytes, contents: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a description and the files that go with it.

    Parameters
    ----------
    description
        The description file, as it is.
    contents
        Name and SHA-256 of each file.
    """
    digest = hashlib.sha256(hashlib.sha256(description).digest())
    for name, sha256 in contents:
        # Hashed names have a fixed length, so that no two lists run into the same bytes.
        digest.update(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
        digest.update(bytes.fromhex(sha256))
    return digest.hexdigest()
