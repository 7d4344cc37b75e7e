"""Calls whose message is still to come, and the end of those that only hold a thread.

A call takes a thread before its message is there. A caller that announces messages and sends none
would else hold all threads for as long as it likes, at no cost.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import InvalidRequestError
from zoobridge.server._pools import SLOW_CALLS, AcceptedCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import grpc

    from zoobridge.server._own_memory import OwnMemory
    from zoobridge.server._pools import CallPool

__all__ = ["Arrivals"]

_log = logging.getLogger(__name__)

#: A call whose message takes longer is set aside: soon where others wait for its place.
_SOON_SECONDS: Final = 0.02
_SLOW_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.2
#: A message may take longer unless a stream waits for the thread, or the server is about to end.
_PATIENCE_SECONDS: Final = 5.0
#: How often the memory that messages take is looked at, while some take longer.
_MEMORY_SECONDS: Final = 0.05
#: So long after the last message that took longer, memory is given back: what calls held that were
#: answered by then.
_GIVE_BACK_SECONDS: Final = (1.0, 3.0, 10.0, 30.0)
_LAST_SECONDS: Final = 1.0


@dataclass(eq=False, slots=True)
class _Awaited:
    """A message that is waited for, since when, and for which call."""

    context: grpc.ServicerContext
    call: AcceptedCall | None
    since: float
    aside: bool = False


class Arrivals:
    """Waits for the message of each call.

    Parameters
    ----------
    pools
        The threads that wait. Calls that wait longer than most are set aside, the oldest of too many
        cancelled.
    memory
        What messages take while they arrive; where it is too much, the newest calls are cancelled.
    """

    def __init__(self, pools: Sequence[CallPool], memory: OwnMemory) -> None:
        self._memory = memory
        self._waiting: dict[CallPool, dict[grpc.ServicerContext, _Awaited]] = {
            pool: {} for pool in pools
        }
        self._draining = False
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
        waiting[context] = _Awaited(context, pool.current, time.monotonic())
        try:
            return next(requests)
        except StopIteration as end:
            raise InvalidRequestError("this call takes one message, and none was sent") from end
        finally:
            waiting.pop(context, None)

    def drain(self) -> None:
        """Wait for no message much longer."""
        self._draining = True

    def close(self) -> None:
        """Cancel no more calls."""
        self._ended.set()

    def _look(self) -> None:
        pause, quiet_since, given_back = _LOOK_SECONDS, 0.0, len(_GIVE_BACK_SECONDS)
        while not self._ended.wait(pause):
            now, pause = time.monotonic(), _LOOK_SECONDS
            slow: list[_Awaited] = []
            for pool, waiting in self._waiting.items():
                awaited = list(waiting.values())
                if awaited:
                    self._review(pool, awaited, now)
                    slow += [one for one in awaited if one.since < now - _MEMORY_SECONDS]
                if slow:
                    pause = min(pause, _MEMORY_SECONDS)
                if pool.queued:
                    pause = _SOON_SECONDS
            if slow:
                given_back, quiet_since = 0, now
                self._bound_memory(slow)
            elif (
                given_back < len(_GIVE_BACK_SECONDS)
                and now - quiet_since > _GIVE_BACK_SECONDS[given_back]
            ):
                given_back += 1
                self._memory.give_back()

    def _bound_memory(self, slow: list[_Awaited]) -> None:
        """Cancel half of the calls whose messages arrive, the newest ones, where memory is short."""
        if len(slow) > 1 and self._memory.is_short():
            slow.sort(key=lambda one: one.since)
            _cancel(slow[len(slow) // 2 :], "memory is short")

    def _review(self, pool: CallPool, awaited: Sequence[_Awaited], now: float) -> None:
        due = now - (_SOON_SECONDS if pool.queued else _SLOW_SECONDS)
        for one in awaited:
            if one.since < due and not one.aside and one.call is not None:
                one.aside = pool.set_aside(one.call)
        late = [one for one in awaited if one.aside][:-SLOW_CALLS]
        if self._draining:
            late = [one for one in awaited if one.since < now - _LAST_SECONDS]
        elif pool.full:
            late += [one for one in awaited if one.since < now - _PATIENCE_SECONDS]
        _cancel(late, "others wait for their place")


def _cancel(late: Sequence[_Awaited], why: str) -> None:
    for one in late:
        context: Any = one.context
        context.cancel()
    if late:
        _log.warning("cancelled calls whose message did not come calls=%d why=%r", len(late), why)
