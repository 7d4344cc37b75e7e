"""What this machine can run, for the commands that work without a server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from zoobridge.cli._failure import needs_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.engine import LocalEngine

__all__ = ["local_engine"]


@contextmanager
def local_engine(purpose: str) -> Iterator[LocalEngine]:
    """Open the engine of this machine; it is closed with the context.

    Parameters
    ----------
    purpose
        What it is needed for, as in "adding a model needs …".
    """
    with needs_extra("server", purpose):
        from zoobridge.engine import LocalEngine
    engine = LocalEngine()
    try:
        yield engine
    finally:
        engine.close(grace=0)
