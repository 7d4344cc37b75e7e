"""Messages that are still to come, and the end of calls that only hold a thread or too much memory.

A call takes a thread before its message is there. A caller that announces messages and sends none
would else hold all threads for as long as it likes, at no cost. A stream holds a thread anyway; what
counts of it is the message that arrives.
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
    from collections.abc import Callable, Iterator, Sequence

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
#: A message of a stream that is smaller leaves no memory behind that is worth to be given back.
_LARGE: Final = 1 << 20


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
    end_stream
        Ends a stream that waits for a message.
    """

    def __init__(
        self,
        pools: Sequence[CallPool],
        memory: OwnMemory,
        end_stream: Callable[[grpc.ServicerContext], None],
    ) -> None:
        self._memory = memory
        self._end_stream = end_stream
        self._waiting: dict[CallPool, dict[grpc.ServicerContext, _Awaited]] = {
            pool: {} for pool in pools
        }
        self._streams: dict[grpc.ServicerContext, _Awaited] = {}
        self._large_message = 0.0
        #: Set while there is memory for what arrives.
        self._room = threading.Event()
        self._room.set()
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

    def messages(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """Yield the messages of a stream; none is asked for while memory is short.

        Raises
        ------
        grpc.RpcError
            If the caller is gone.
        """
        while True:
            if not self._room.is_set():
                self._room.wait(_PATIENCE_SECONDS)
            self._streams[context] = _Awaited(context, None, time.monotonic())
            try:
                message = next(requests, None)
            finally:
                self._streams.pop(context, None)
            if message is None:
                return
            if len(message) > _LARGE:
                self._large_message = time.monotonic()
            yield message
            # A stream may wait long for its next message.
            del message

    def drain(self) -> None:
        """Wait for no message much longer."""
        self._draining = True

    def close(self) -> None:
        """Cancel no more calls."""
        self._ended.set()
        self._room.set()

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
            # Whether anything arrives cannot be seen: gRPC hands a message over as a whole.
            streams = [one for one in list(self._streams.values()) if not one.aside]
            if streams:
                pause = min(pause, _MEMORY_SECONDS)
            self._bound_memory(slow, streams)
            if slow or self._large_message > quiet_since:
                given_back, quiet_since = 0, now
            elif (
                given_back < len(_GIVE_BACK_SECONDS)
                and now - quiet_since > _GIVE_BACK_SECONDS[given_back]
            ):
                given_back += 1
                self._memory.give_back()

    def _bound_memory(self, slow: Sequence[_Awaited], streams: Sequence[_Awaited]) -> None:
        """End half of the calls whose messages arrive, the newest ones, where memory is short."""
        arriving = sorted([*slow, *streams], key=lambda one: one.since)
        if not arriving or not self._memory.is_short():
            self._room.set()
            return
        self._room.clear()
        newest = arriving[(len(arriving) + 1) // 2 :]
        _cancel([one for one in newest if one in slow], "memory is short")
        ended = [one for one in newest if one in streams]
        for one in ended:
            one.aside = True
            self._end_stream(one.context)
        if ended:
            _log.warning("ended streams, since memory is short streams=%d", len(ended))

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
