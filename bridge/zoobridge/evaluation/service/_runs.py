"""Where the answers of runs are saved, so that an interrupted run can continue."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_run"]

_KEPT_SECONDS: Final = 30 * 24 * 3600.0


def open_run(root: Path, run_id: str, *, restart: bool) -> Path:
    """Return the folder of a run, which then exists.

    Folders of runs that nobody has asked for in thirty days are removed.

    Parameters
    ----------
    root
        Holds the folders of all runs.
    run_id
        Names the run; a plain file name.
    restart
        Whether to forget what the run has done.
    """
    folder = root / run_id
    if restart:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    # Asked for now, whether or not an answer will be added.
    folder.touch()
    limit = time.time() - _KEPT_SECONDS
    for other in root.iterdir():
        with suppress(OSError):
            if other.stat().st_mtime < limit:
                shutil.rmtree(other, ignore_errors=True)
    return folder
