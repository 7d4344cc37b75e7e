"""Until when a call may take."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc

__all__ = ["deadline_of"]


def deadline_of(context: grpc.ServicerContext) -> float | None:
    """Return when a call's deadline passes, by :func:`time.monotonic`; `None` if it has none."""
    remaining: float | None = context.time_remaining()
    # Without a deadline gRPC may state a time longer than any wait accepts.
    if remaining is None or remaining > threading.TIMEOUT_MAX:
        return None
    return time.monotonic() + remaining
