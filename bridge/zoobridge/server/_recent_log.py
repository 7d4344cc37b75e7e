"""The last records of the log, for the person who manages the server from elsewhere."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from typing import Final

from zoobridge.protocol.v1 import zoo_pb2

__all__ = ["RecentLog"]

_RECORDS: Final = 1_000
_MESSAGE_CHARACTERS: Final = 2_000


class RecentLog(logging.Handler):
    """Keeps what was logged last, without tracebacks; the oldest records are forgotten first.

    Parameters
    ----------
    records
        How many are kept.
    """

    def __init__(self, records: int = _RECORDS) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._kept: deque[zoo_pb2.LogRecord] = deque(maxlen=records)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; logging calls this with the handler's lock held."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - as logging's own handlers: whoever logs is not disturbed
            self.handleError(record)
            return
        self._kept.append(
            zoo_pb2.LogRecord(
                number=next(self._numbers),
                time=record.created,
                level=record.levelname.lower(),
                logger=_sound(record.name),
                message=_sound(message[:_MESSAGE_CHARACTERS]),
            )
        )

    def after(self, number: int) -> list[zoo_pb2.LogRecord]:
        """Return the records after a number; all of them where it was not reached yet."""
        self.acquire()
        try:
            kept = list(self._kept)
        finally:
            self.release()
        if kept and number > kept[-1].number:
            return kept
        return [one for one in kept if one.number > number]


def _sound(text: str) -> str:
    """Return a text that protobuf can carry: file names may hold bytes that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
