"""Where a project is kept, and what identifies it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.client import find_images
from zoobridge.errors import InvalidRequestError
from zoobridge.files import write_whole
from zoobridge.training._gathering import Unlabelled
from zoobridge.zoo import slug

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["picture_paths", "project_folder", "project_id"]


def project_folder(name: str) -> Path:
    """Return the folder of a project among the user's data; different names have different ones."""
    from platformdirs import user_data_path

    folder = f"{slug(name)[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return user_data_path("zoobridge", appauthor=False) / "projects" / folder


def project_id(path: Path, name: str) -> str:
    """Return the id of the project in a file, which is written if it is not there."""
    if path.exists():
        try:
            return str(json.loads(path.read_text("utf-8"))["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRequestError(
                f"{path} describes no project ({error}); name another folder"
            ) from error
    project_id = secrets.token_hex(16)
    write_whole(path, json.dumps({"id": project_id, "name": name}))
    return project_id


def picture_paths(
    pictures: str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Unlabelled],
) -> list[Path | Unlabelled]:
    """Return the files of a folder, a pattern, or paths; pictures with a known digest as they are."""
    if isinstance(pictures, (str, os.PathLike)):
        return list(find_images(pictures).files)
    return [one if isinstance(one, Unlabelled) else Path(one) for one in pictures]
