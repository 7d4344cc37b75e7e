"""Threads that answer calls, and whether another call would be answered in time.

gRPC's own bound on concurrent calls refuses without details. Here a call that would wait too long is
refused before it takes a thread and before its message is read, with a time after which to try
again.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from zoobridge.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SLOW_CALLS", "AcceptedCall", "CallPool", "CallPools", "InPlace"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: Calls that may wait for a thread, however fast they are answered: gRPC buffers up to 64 KiB of
#: the message of each.
_QUEUED_CALLS: Final = 4096
_CONTROL_THREADS: Final = 8
_WATCHING_THREADS: Final = 32
#: Calls whose message is slow to come, and calls that wait for models to be loaded; each keeps a thread.
SLOW_CALLS: Final = 128
_LOADING_CALLS: Final = 128
_ASIDE_CALLS: Final = SLOW_CALLS + _LOADING_CALLS
#: Weight of the newest call in the mean of what a call takes, and of what it waits for its model.
_SMOOTHING: Final = 0.05
_MODEL_SMOOTHING: Final = 0.25
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


class AcceptedCall:
    """A call that was accepted."""

    __slots__ = ("accepted", "answer", "aside", "begun", "future")

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.future: Future[Any] = Future()
        #: When it came, and when it took a thread, on the clock of :func:`time.monotonic`.
        self.accepted = time.monotonic()
        self.begun = 0.0
        #: Whether it waits for something else than its turn, and does not count meanwhile.
        self.aside = False

    def run(self) -> None:
        try:
            self.future.set_result(self.answer())
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            self.future.set_exception(error)


class CallPool(ThreadPoolExecutor):
    """Threads for one kind of call.

    What a call will wait is estimated from the calls that wait for a thread and from how long calls
    were seen to hold one, by Little's law. Calls that are still running count with their age, so
    that the estimate grows while nothing comes back. To this comes what the last calls had to wait
    for their models once they had a thread: of whom a model would refuse then, few may wait before.

    A call that only waits, for its message or for a model to be loaded, is set aside: it keeps its
    thread, and another takes its place.

    Parameters
    ----------
    threads
        Calls that are answered at once.
    name
        Prefix of the threads' names.
    patience
        Seconds that a call may be expected to wait.
    """

    def __init__(self, threads: int, *, name: str, patience: float) -> None:
        super().__init__(threads + _ASIDE_CALLS, thread_name_prefix=name)
        self.threads = threads
        self._patience = patience
        self._counts = threading.Lock()
        self._queue: deque[AcceptedCall] = deque()
        self._running = 0
        self._aside = 0
        self._begun_sum = 0.0
        self._mean_seconds = 0.0
        self._model_seconds = 0.0
        self._model_seen = 0.0
        self._own = threading.local()

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Queue a call that was accepted."""
        call = AcceptedCall(partial(fn, *args, **kwargs))
        with self._counts:
            self._queue.append(call)
            due = self._take()
        if due is not None:
            super().submit(self._work, due)
        return call.future

    def _work(self, call: AcceptedCall | None) -> None:
        while call is not None:
            self._own.call = call
            call.run()
            self._own.call = None
            seconds = time.monotonic() - call.begun
            with self._counts:
                if call.aside:
                    self._aside -= 1
                else:
                    self._running -= 1
                    self._begun_sum -= call.begun
                    self._mean_seconds += _SMOOTHING * (seconds - self._mean_seconds)
                # What it may still be set aside by finds that it is over.
                call.aside = True
                call = self._take()

    def _take(self) -> AcceptedCall | None:
        """Take the next call that may run; called with the lock."""
        if not self._queue or self._running >= self.threads:
            return None
        call = self._queue.popleft()
        call.begun = time.monotonic()
        self._running += 1
        self._begun_sum += call.begun
        return call

    @property
    def current(self) -> AcceptedCall | None:
        """The call that the current thread answers; `None` where it is not one of these threads."""
        return getattr(self._own, "call", None)

    def set_aside(self, call: AcceptedCall) -> bool:
        """Let another call take the place of one that only waits; return whether it held one."""
        with self._counts:
            if call.aside:
                return False
            call.aside = True
            self._aside += 1
            self._running -= 1
            self._begun_sum -= call.begun
            due = self._take()
        if due is not None:
            super().submit(self._work, due)
        return True

    @property
    def queued(self) -> int:
        """Calls that were accepted and wait for a thread."""
        return len(self._queue)

    @property
    def unanswered(self) -> int:
        """Calls that were accepted and are not yet answered."""
        return len(self._queue) + self._running + self._aside

    def expected_wait(self) -> float:
        """Return the seconds that a call which came now would wait, for a thread and for its model.

        0 while a thread is free.
        """
        with self._counts:
            ahead = len(self._queue) + self._running + 1 - self.threads
            if ahead <= 0:
                return 0.0
            now = time.monotonic()
            age = now - self._begun_sum / self._running if self._running else 0.0
            return ahead / self.threads * max(self._mean_seconds, age) + self._model_wait(now)

    def may_wait(self, seconds: float) -> bool:
        """Return whether the current call may wait so long for its model.

        It may by what it has waited for a thread longer than one that took a thread at once. What it
        asks is what others will have to wait.
        """
        now, call = time.monotonic(), self.current
        with self._counts:
            wait = self._model_wait(now)
            self._model_seconds = wait + _MODEL_SMOOTHING * (seconds - wait)
            self._model_seen = now
        return seconds <= self._patience + (0.0 if call is None else call.begun - call.accepted)

    def _model_wait(self, now: float) -> float:
        """Return what calls wait for their models, less the time since; called with the lock."""
        return max(0.0, self._model_seconds - (now - self._model_seen))

    @property
    def full(self) -> bool:
        """Whether a call which came now would wait too long."""
        waiting = len(self._queue)
        if waiting + self._running < self.threads:
            return False
        return waiting >= _QUEUED_CALLS or self.expected_wait() > self._patience

    def overloaded(self) -> OverloadedError:
        """Return the error of a call that is not accepted."""
        wait = self.expected_wait()
        return OverloadedError(
            f"{self.queued} calls wait for this server, and another one would wait about "
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
    _loading: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(_LOADING_CALLS)
    )

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let others take the place of the current call while it waits for a model to be loaded.

        Raises
        ------
        OverloadedError
            If as many calls as may do so already wait for models.
        """
        if not self._loading.acquire(blocking=False):
            raise OverloadedError(
                f"{_LOADING_CALLS} calls wait for models that are being loaded; try again shortly",
                retry_after=_retry_after(2.0),
            )
        try:
            for pool in (self.classifying, self.control):
                call = pool.current
                if call is not None:
                    pool.set_aside(call)
            yield
        finally:
            self._loading.release()

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
