"""The engine's private folder, and those that killed servers have left."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from zoobridge.protocol.connection import is_alive

__all__ = ["make_folder"]

_NAME = re.compile(r"zoobridge-(\d+)-\w+")


def make_folder() -> Path:
    """Make this process's folder for its workers' logs and pictures, readable by its user alone.

    Folders of this user whose process has ended are removed: a server that was killed cannot do that
    itself.
    """
    place = Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        for folder in place.glob("zoobridge-*"):
            match = _NAME.fullmatch(folder.name)
            if match is not None and _is_own(folder) and not is_alive(int(match[1])):
                shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"zoobridge-{os.getpid()}-"))


def _is_own(folder: Path) -> bool:
    if folder.is_symlink():
        return False
    return sys.platform == "win32" or folder.stat().st_uid == os.getuid()
