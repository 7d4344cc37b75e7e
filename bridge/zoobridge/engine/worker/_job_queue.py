"""Requests that wait to be prepared."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoobridge.engine.worker._job import Job

__all__ = ["JobQueue"]

#: Of so many steps one is for a stream, where both kinds wait.
_SHARE: Final = 4


class JobQueue:
    """Jobs in the order in which they are prepared: single ones mostly before those of streams."""

    def __init__(self) -> None:
        self._single: deque[Job] = deque()
        self._streamed: deque[Job] = deque()
        self._turn = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._single) + len(self._streamed)

    def append(self, job: Job) -> None:
        """Add a job behind those of its kind."""
        (self._streamed if job.parts else self._single).append(job)

    def popleft(self) -> Job:
        """Take the next job out.

        Raises
        ------
        IndexError
            If no job waits.
        """
        if self._single and self._streamed:
            self._turn = (self._turn + 1) % _SHARE
            return (self._single if self._turn else self._streamed).popleft()
        return (self._single or self._streamed).popleft()
