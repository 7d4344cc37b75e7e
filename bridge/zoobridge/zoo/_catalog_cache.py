"""What was read of packages before, kept across restarts: reading one takes seconds, this does not."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.files import write_whole
from zoobridge.zoo._json import from_json, to_json
from zoobridge.zoo._weights import frameworks_by_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.zoo._description import ModelDescription

__all__ = ["Entry", "load_entries", "save_entries", "signature_of"]

#: Of the cache's own layout, and of everything that decides what a description says.
_VERSION = 3
_FILES = 20_000
#: A file changed so shortly before it was read may change again without a new time.
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class Entry:
    """A package as it was when it was read.

    Parameters
    ----------
    signature
        Its :func:`signature_of`.
    settled
        Whether all its files were older than the clock's grain when it was read.
    model
        Its description.
    """

    signature: str
    settled: bool
    model: ModelDescription

    @property
    def intact(self) -> bool:
        """Whether what was unpacked for it is still there."""
        return self.model.root.exists() and all(
            weights.problem or weights.path.exists() for weights in self.model.weights
        )


def signature_of(source: Path) -> tuple[str, bool]:
    """Sum up the files of a package without opening them.

    Parameters
    ----------
    source
        A folder or a zip file.

    Returns
    -------
    signature : str
        Changes when a file is added, removed, renamed or written.
    settled : bool
        Whether no file was changed in the last two seconds.

    Raises
    ------
    OSError
        If the package is gone.
    """
    paths = [source]
    if source.is_dir():
        for folder, folders, names in os.walk(source):
            folders.sort()
            paths.extend(Path(folder, name) for name in sorted(names))
            if len(paths) > _FILES:
                break
    lines = []
    newest = 0
    for path in paths:
        try:
            facts = path.lstat()
        except FileNotFoundError:
            if path == source:
                raise
            continue
        changed = max(facts.st_mtime_ns, facts.st_ctime_ns)
        newest = max(newest, changed)
        name = path.relative_to(source).as_posix()
        lines.append(
            f"{name}|{facts.st_size}|{facts.st_mtime_ns}|{facts.st_ctime_ns}"
            f"|{facts.st_ino}|{facts.st_nlink}"
        )
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest(), time.time_ns() - newest > _SETTLED_NS


def load_entries(path: Path) -> dict[Path, Entry]:
    """Load what was kept; nothing where there is nothing usable."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["version"] != _stamp():
            return {}
        return {
            Path(source): Entry(
                entry["signature"], bool(entry["settled"]), from_json(entry["model"])
            )
            for source, entry in document["packages"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # A cache that cannot be read is recreated.
        return {}


def save_entries(path: Path, entries: Mapping[Path, Entry]) -> None:
    """Keep what was read; a folder that cannot be written costs time at the next start, no more."""
    document = {
        "version": _stamp(),
        "packages": {
            str(source): {
                "signature": entry.signature,
                "settled": entry.settled,
                "model": to_json(entry.model),
            }
            for source, entry in entries.items()
        },
    }
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(document), private=True)


def _stamp() -> list[str]:
    from importlib.metadata import PackageNotFoundError, version

    stamp = [str(_VERSION)]
    for name in ("zoobridge", "bioimageio.spec"):
        try:
            stamp.append(version(name))
        except PackageNotFoundError:
            stamp.append("")
    # A backend that is added later runs weights that nobody read before.
    return [*stamp, *frameworks_by_format()]
