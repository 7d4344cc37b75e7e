"""Calls whose message is still to come, and the end of those that only hold a thread.

A call takes a thread before its message is there. A caller that announces messages and sends none
would else hold all threads for as long as it likes, at no cost.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import grpc

    from zoobridge.server._pools import CallPool

__all__ = ["Arrivals"]

_log = logging.getLogger(__name__)

#: A message may take longer as long as no other call waits for the thread.
_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5


class Arrivals:
    """Waits for the message of each call.

    Parameters
    ----------
    pools
        The threads that wait. Where calls queue for them, those that have waited for their message
        for five seconds are cancelled.
    """

    def __init__(self, pools: Sequence[CallPool]) -> None:
        self._waiting: dict[CallPool, dict[grpc.ServicerContext, float]] = {
            pool: {} for pool in pools
        }
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, name="zoobridge-arrivals", daemon=True)
        self._watch.start()

    def message(
        self, pool: CallPool, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> bytes:
        """Return the one message of a call.

        Raises
        ------
        InvalidRequestError
            If the caller sends none.
        grpc.RpcError
            If the caller is gone.
        """
        waiting = self._waiting[pool]
        waiting[context] = time.monotonic()
        try:
            return next(requests)
        except StopIteration as end:
            raise InvalidRequestError("this call takes one message, and none was sent") from end
        finally:
            waiting.pop(context, None)

    def close(self) -> None:
        """Cancel no more calls."""
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            for pool, waiting in self._waiting.items():
                if pool.queued:
                    self._cancel_late(waiting)

    def _cancel_late(self, waiting: dict[Any, float]) -> None:
        due = time.monotonic() - _SECONDS
        late = [context for context, since in list(waiting.items()) if since < due]
        for context in late:
            context.cancel()
        if late:
            _log.warning(
                "cancelled calls whose message did not come, since others wait for their threads "
                "calls=%d",
                len(late),
            )
