"""Steps of a worker that take long, and steps that do not come back."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from zoobridge.engine.channel._frames import FrameKind, FrameWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zoobridge.engine.worker._job import Job

__all__ = ["STUCK_EXIT_CODE", "Step", "StepWatch"]

#: Exit code of a worker that ends because a step of it does not.
STUCK_EXIT_CODE: Final = 70

#: A picture that is prepared for longer leaves its place to the next step.
_SLOW_SECONDS: Final = 0.3
#: How long a step may continue after the deadline of its picture, since it ends between two rows or pages.
_GRACE_SECONDS: Final = 0.5
#: How long preparing may take where the caller set no deadline.
_LONGEST_SECONDS: Final = 120.0
#: How long a network may run for nobody. Ending it costs its model's other callers a new start.
_NETWORK_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 0.5
#: The server ends a worker that says nothing, since then not even this watch runs.
_BEAT_SECONDS: Final = 1.0


@dataclass(slots=True, eq=False)
class Step:
    """What a thread does next.

    Parameters
    ----------
    run
        Does it.
    seconds
        How long that is expected to take.
    jobs
        The requests that it works for.
    prepares
        Whether it prepares items of one request; else it runs a network.
    started
        When it began, on the clock of :func:`time.monotonic`.
    replaced
        Whether another thread has taken its place.
    """

    run: Callable[[], None]
    seconds: float
    jobs: Sequence[Job]
    prepares: bool
    started: float = 0.0
    replaced: bool = False

    def stuck(self, now: float) -> bool:
        """Return whether it has run for so long that the worker must be ended."""
        age = now - self.started
        deadline = max(job.deadline for job in self.jobs)
        if self.prepares:
            end = min(deadline, self.started + _LONGEST_SECONDS)
            return age > _GRACE_SECONDS and now > end + _GRACE_SECONDS
        return age > _NETWORK_SECONDS and now > deadline + _GRACE_SECONDS


class StepWatch:
    """Looks at the steps under way from a separate thread.

    Parameters
    ----------
    steps
        The steps under way.
    change
        The lock that guards them.
    replace
        Called with the lock where a step takes long, so that another thread takes its place; returns
        whether one does.
    writer
        Where it reports that the worker is alive, and which request's step does not come back before
        it ends the worker.
    """

    def __init__(
        self,
        steps: set[Step],
        change: threading.Condition,
        *,
        replace: Callable[[], bool],
        writer: FrameWriter,
    ) -> None:
        self._steps = steps
        self._change = change
        self._replace = replace
        self._writer = writer

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._watch, name="step-watch", daemon=True).start()

    def _watch(self) -> None:
        beat = 0.0
        while True:
            with self._change:
                now = time.monotonic()
                for step in self._steps:
                    if step.stuck(now):
                        self._end(step)
                    if step.prepares and not step.replaced and now - step.started > _SLOW_SECONDS:
                        step.replaced = self._replace()
                busy = bool(self._steps)
            if busy and now - beat >= _BEAT_SECONDS:
                beat = now
                with contextlib.suppress(BrokenPipeError):
                    self._writer.send(FrameKind.ALIVE)
            time.sleep(_LOOK_SECONDS if busy else _IDLE_SECONDS)

    def _end(self, step: Step) -> NoReturn:
        seconds = time.monotonic() - step.started
        what = "preparing a picture" if step.prepares else "running the network"
        if step.prepares:
            self._writer.send(FrameKind.STUCK, step.jobs[0].number)
        sys.stderr.write(f"{what} has not ended after {seconds:.1f} s\n")
        sys.stderr.flush()
        # Nothing else ends a thread that is inside a library.
        os._exit(STUCK_EXIT_CODE)
