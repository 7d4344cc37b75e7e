"""Threads that answer calls, and whether another call would be answered in time.

gRPC's own bound on concurrent calls refuses without details. Here a call that would wait too long is
refused before it takes a thread and before its message is read, with a time after which to try
again.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from zoobridge.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CallPool", "CallPools", "InPlace"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: Calls that may wait for a thread, however fast they are answered: gRPC buffers up to 64 KiB of
#: the message of each.
_QUEUED_CALLS: Final = 4096
_CONTROL_THREADS: Final = 8
_WATCHING_THREADS: Final = 32
#: Weight of the newest call in the mean of what a call takes.
_SMOOTHING: Final = 0.05
_RETRY_SECONDS: Final = (0.1, 5.0)

#: Unary calls that run a network; they wait for each other and for nothing else.
_CLASSIFYING: Final = frozenset(
    {
        "/zoobridge.v1.ClassificationService/Classify",
        "/inference.GRPCInferenceService/ModelInfer",
    }
)

#: Services of gRPC whose streams stay open without work.
_WATCHING: Final = ("/grpc.health.", "/grpc.reflection.")


class CallPool(ThreadPoolExecutor):
    """Threads for one kind of call.

    What a call will wait is estimated from the calls that wait for a thread and from how long calls
    were seen to hold one, by Little's law. Calls that are still running count with their age, so
    that the estimate grows while nothing comes back.

    Parameters
    ----------
    threads
        Calls that are answered at once.
    name
        Prefix of the threads' names.
    patience
        Seconds that a call may be expected to wait for a thread.
    """

    def __init__(self, threads: int, *, name: str, patience: float) -> None:
        super().__init__(threads, thread_name_prefix=name)
        self.threads = threads
        self._patience = patience
        self._counts = threading.Lock()
        self._queued = 0
        self._running = 0
        self._begun_sum = 0.0
        self._mean_seconds = 0.0

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Queue a call that was accepted."""
        with self._counts:
            self._queued += 1
        return super().submit(partial(self._call, partial(fn, *args, **kwargs)))

    def _call(self, answer: Callable[[], _T]) -> _T:
        begun = time.monotonic()
        with self._counts:
            self._queued -= 1
            self._running += 1
            self._begun_sum += begun
        try:
            return answer()
        finally:
            seconds = time.monotonic() - begun
            with self._counts:
                self._running -= 1
                self._begun_sum -= begun
                self._mean_seconds += _SMOOTHING * (seconds - self._mean_seconds)

    @property
    def queued(self) -> int:
        """Calls that were accepted and wait for a thread."""
        return self._queued

    @property
    def unanswered(self) -> int:
        """Calls that were accepted and are not yet answered."""
        return self._queued + self._running

    def expected_wait(self) -> float:
        """Return the seconds that a call which came now would wait for a thread."""
        with self._counts:
            ahead = self._queued + self._running + 1 - self.threads
            if ahead <= 0:
                return 0.0
            age = time.monotonic() - self._begun_sum / self._running if self._running else 0.0
            return ahead / self.threads * max(self._mean_seconds, age)

    @property
    def full(self) -> bool:
        """Whether a call which came now would wait too long."""
        if self.unanswered < self.threads:
            return False
        return self._queued >= _QUEUED_CALLS or self.expected_wait() > self._patience

    def overloaded(self) -> OverloadedError:
        """Return the error of a call that is not accepted."""
        wait = self.expected_wait()
        return OverloadedError(
            f"{self._queued} calls wait for this server, and another one would wait about "
            f"{wait:.1f} s; send fewer at once, or try again shortly",
            retry_after=_retry_after(wait),
        )


class StreamPool(CallPool):
    """Threads for streams, each of which holds one for as long as it lives; none waits for another.

    Parameters
    ----------
    threads
        Streams that may be open.
    """

    def __init__(self, threads: int) -> None:
        super().__init__(threads, name="zoobridge-stream", patience=0.0)

    @property
    def full(self) -> bool:
        """See :attr:`CallPool.full`."""
        return self.unanswered >= self.threads

    def overloaded(self) -> OverloadedError:
        """See :meth:`CallPool.overloaded`."""
        return OverloadedError(
            f"{self.threads} streams are open, which is as many as this server takes; close one, or "
            "try again shortly",
            retry_after=_retry_after(2.0),
        )


@dataclass(frozen=True)
class CallPools:
    """The threads of a server.

    Calls that describe, load or ask for health have threads of their own: they are answered while
    classifying is refused.

    Parameters
    ----------
    classifying
        Unary calls that run a network.
    streams
        Streams.
    watching
        Streams that wait for news: of health, and by reflection. They hold no work, and nobody waits
        for their end.
    control
        All others.
    """

    classifying: CallPool
    streams: CallPool
    watching: CallPool
    control: CallPool

    @classmethod
    def of(cls, *, threads: int, patience: float) -> CallPools:
        """Return pools of a server that answers `threads` calls at once, half as many of them streams."""
        return cls(
            CallPool(threads, name="zoobridge-call", patience=patience),
            StreamPool(threads // 2),
            StreamPool(_WATCHING_THREADS),
            CallPool(_CONTROL_THREADS, name="zoobridge-control", patience=patience),
        )

    def pool_for(self, method: str, *, streaming: bool) -> CallPool:
        """Return the threads for a method."""
        if streaming:
            return self.watching if method.startswith(_WATCHING) else self.streams
        return self.classifying if method in _CLASSIFYING else self.control

    @property
    def unanswered(self) -> int:
        """Calls that were accepted and whose answer is waited for when the server ends."""
        return self.classifying.unanswered + self.streams.unanswered + self.control.unanswered

    @property
    def all(self) -> tuple[CallPool, ...]:
        """Every pool."""
        return self.classifying, self.streams, self.watching, self.control

    def close(self) -> None:
        """Take no more calls; threads end once they are idle."""
        for pool in self.all:
            pool.shutdown(wait=False)


class InPlace(ThreadPoolExecutor):
    """Runs what it is given on the thread that gives it, which gRPC's own thread is for a refusal."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run it now."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def _retry_after(wait: float) -> float:
    """Return when half of the queue will be gone, spread so that not all come back at once."""
    low, high = _RETRY_SECONDS
    return min(high, max(low, wait / 2)) * random.uniform(1.0, 1.5)  # noqa: S311 - not for secrets
