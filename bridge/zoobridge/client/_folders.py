"""Which files of a folder are pictures, and why the others are left out."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from zoobridge.errors import InvalidRequestError
from zoobridge.protocol import START_BYTES, kind_of_file

__all__ = [
    "IMAGE_SUFFIXES",
    "FoundImages",
    "LeftOut",
    "find_images",
    "find_labelled",
    "why_no_image",
]

#: Endings of files that are taken for pictures without a look inside, in lower case.
IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff"),
    *(".bmp", ".gif", ".webp"),
)

# Folders that systems and programs make beside what people put there.
_SYSTEM_FOLDERS = frozenset(
    {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__pycache__"}
)


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not classified, and why."""

    path: Path
    why: str


@dataclass(frozen=True)
class FoundImages:
    """What a path stands for.

    Parameters
    ----------
    files
        The pictures, in order of their names.
    left_out
        What else lies there.
    """

    files: tuple[Path, ...]
    left_out: tuple[LeftOut, ...] = ()


def find_images(given: str | os.PathLike[str]) -> FoundImages:
    """Return the files that a path stands for.

    A folder stands for the pictures in it and in its subfolders: files with a picture's ending
    (:data:`IMAGE_SUFFIXES`), and those whose first bytes are a picture's. A pattern
    (``scans/**/*.tif``) stands for the files that match; parts of it that exist are taken as they
    are, brackets and all. Anything else stands for itself, whether it exists or not: a missing file
    gives an error in its result.

    Raises
    ------
    InvalidRequestError
        If a folder holds no picture, or nothing matches the pattern.
    """
    path = Path(given)
    if path.is_dir():
        return _in_folder(path)
    if glob.has_magic(os.fspath(given)) and not path.exists():
        matches = glob.iglob(_pattern(path), recursive=True)  # noqa: PTH207 - Path.glob is relative
        found = tuple(sorted(one for one in map(Path, matches) if one.is_file()))
        if not found:
            raise InvalidRequestError(f"no file matches {path}", field="image")
        return FoundImages(found)
    return FoundImages((path,))


def find_labelled(
    source: str | os.PathLike[str],
) -> tuple[list[tuple[Path, str]], list[LeftOut]]:
    """Return the pictures of a folder that has a sub-folder for each class, each with its class.

    Sub-folders without a picture are returned as what is left out; hidden ones are no classes.

    Raises
    ------
    InvalidRequestError
        If it has fewer than two sub-folders.
    """
    folders = sorted(
        one for one in Path(source).iterdir() if one.is_dir() and not one.name.startswith(".")
    )
    if len(folders) < 2:
        raise InvalidRequestError(
            f"{source} has no sub-folder for each class; make one for each, with its pictures"
        )
    files: list[tuple[Path, str]] = []
    left_out: list[LeftOut] = []
    for folder in folders:
        try:
            files += [(path, folder.name) for path in find_images(folder).files]
        except InvalidRequestError as error:
            left_out.append(LeftOut(folder, error.message))
    return files, left_out


def why_no_image(path: Path) -> str:
    """Return why a file is not classified as part of a folder; empty where it is."""
    if path.name.startswith("."):
        return "a hidden file"
    if path.is_symlink() and not path.exists():
        return "a link to a file that does not exist"
    if not path.is_file():
        return "not a regular file"
    return "" if path.suffix.lower() in IMAGE_SUFFIXES else _why_no_content(path)


def _why_no_content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            kind = kind_of_file(file.read(START_BYTES), path.name)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if kind is None:
        return "not a picture of a known format"
    if kind.decoded or (kind.library and find_spec(kind.library) is not None):
        return ""
    if kind.library:
        return f'{kind.name}; install what reads it: pip install "zoobridge[formats]"'
    return f"{kind.name}; {kind.way_out}"


def _in_folder(folder: Path) -> FoundImages:
    files: list[Path] = []
    left_out: list[LeftOut] = []

    def unreadable(error: OSError) -> None:
        left_out.append(LeftOut(Path(error.filename), f"cannot be read ({error.strerror})"))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        for name in list(folders):
            inner = Path(place, name)
            why = ""
            if name.startswith("."):
                why = "a hidden folder"
            elif name in _SYSTEM_FOLDERS:
                why = "a folder of the system"
            elif inner.is_symlink():
                why = "a link to a folder"
            elif name.removesuffix(".files") in names and name.endswith(".oif.files"):
                why = f"the planes of {name.removesuffix('.files')}"
            if why:
                folders.remove(name)
                left_out.append(LeftOut(inner, why))
        for name in names:
            path = Path(place, name)
            why = why_no_image(path)
            if why:
                left_out.append(LeftOut(path, why))
            else:
                files.append(path)
    left_out.sort(key=lambda one: one.path)
    if not files:
        raise InvalidRequestError(
            f"the folder {folder} holds no picture{_named(left_out)}", field="image"
        )
    return FoundImages(tuple(sorted(files)), tuple(left_out))


def _named(left_out: list[LeftOut]) -> str:
    if not left_out:
        return ""
    first = "; ".join(f"{one.path.name}: {one.why}" for one in left_out[:3])
    more = f"; and {len(left_out) - 3} more" if len(left_out) > 3 else ""
    return f" ({first}{more})"


def _pattern(path: Path) -> str:
    """Return a pattern whose first parts, as far as they exist, stand for themselves."""
    there = Path(path.anchor)
    parts = path.parts[1:] if path.anchor else path.parts
    for count, part in enumerate(parts):
        if not (there / part).exists():
            return os.path.join(glob.escape(os.fspath(there)), *parts[count:])  # noqa: PTH118
        there /= part
    return glob.escape(os.fspath(there))
