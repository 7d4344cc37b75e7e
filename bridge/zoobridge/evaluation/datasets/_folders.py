"""The dataset reader for one folder per class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.client import why_no_image
from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.datasets._dataset import Dataset, LabelledItem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FolderReader"]


class FolderReader:
    """Reads a folder with one sub-folder per class; see :class:`DatasetReader`."""

    name = "folders"
    description = "A folder with one sub-folder of pictures for each class, named as the class."
    options: Mapping[str, str] = {
        "labels": "A text file with one class a line: only their folders are taken, and each must be there."
    }

    def fits(self, source: Path) -> bool:
        """Tell whether it is a folder."""
        return source.is_dir()

    def read(self, source: Path, options: Mapping[str, str]) -> Dataset:
        """Read every picture below each class's folder.

        Raises
        ------
        InvalidRequestError
            If it is not a folder, a class of the label file has no sub-folder, or there is no picture.
        """
        if not source.is_dir():
            raise InvalidRequestError(f"{source} is not a folder; give one with a folder per class")
        classes = _classes(Path(options["labels"])) if "labels" in options else None
        items: list[LabelledItem] = []
        left_out: list[tuple[str, str]] = []
        entries = [path for path in sorted(source.iterdir()) if not path.name.startswith(".")]
        folders = [path for path in entries if path.is_dir()]
        missing = sorted(set(classes or ()) - {folder.name for folder in folders})
        if missing:
            raise InvalidRequestError(f"{source} has no folder for {', '.join(missing)}")
        for folder in folders:
            if classes is not None and folder.name not in classes:
                left_out.append((str(folder), "its class is not among those of the label file"))
                continue
            for path in sorted(folder.rglob("*")):
                if path.is_dir() or path.name.startswith("."):
                    continue
                if why := why_no_image(path):
                    left_out.append((str(path), why))
                else:
                    items.append(LabelledItem(path, (folder.name,)))
        left_out += [
            (str(path), "it lies beside the folders of the classes")
            for path in entries
            if path.is_file()
        ]
        if not items:
            raise InvalidRequestError(f"{source} holds no picture in a folder of a class")
        return Dataset(tuple(items), tuple(left_out))


def _classes(path: Path) -> frozenset[str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"the label file {path} cannot be read: {error}") from error
    found = frozenset(line.strip() for line in lines if line.strip())
    if not found:
        raise InvalidRequestError(f"the label file {path} is empty; write one class a line")
    return found
