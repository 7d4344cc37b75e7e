"""What to say where the system gives no more file descriptors."""

from __future__ import annotations

import errno
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zoobridge.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["descriptors_needed", "out_of_descriptors"]

_RETRY_SECONDS = 1.0


def out_of_descriptors(error: OSError, what: str) -> OverloadedError | None:
    """Return the error to answer with where a system call failed for lack of file descriptors.

    Parameters
    ----------
    error
        What the system call raised.
    what
        What they were needed for, as in "cannot …".

    Returns
    -------
    OverloadedError or None
        `None` where it failed for another reason.
    """
    if error.errno not in (errno.EMFILE, errno.ENFILE):
        return None
    return OverloadedError(
        f"cannot {what}: the server has as many files and connections open as it may"
        f"{_limit(error)}; raise the limit of open files (ulimit -n, LimitNOFILE= of a systemd unit, "
        "the nofile limit of a container), unload models, or close connections",
        retry_after=_RETRY_SECONDS,
    )


@contextmanager
def descriptors_needed(what: str) -> Iterator[None]:
    """Turn the want of descriptors within a block into its error.

    Raises
    ------
    OverloadedError
        If the system gives no more.
    """
    try:
        yield
    except OSError as error:
        known = out_of_descriptors(error, what)
        if known is None:
            raise
        raise known from error


def _limit(error: OSError) -> str:
    if error.errno != errno.EMFILE or sys.platform == "win32":
        return ""
    import resource

    return f" ({resource.getrlimit(resource.RLIMIT_NOFILE)[0]})"
