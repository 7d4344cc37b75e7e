"""The server's log, as a client sees it."""

from dataclasses import dataclass

__all__ = ["LogRecord"]


@dataclass(frozen=True)
class LogRecord:
    """Something that the server wrote to its log.

    Parameters
    ----------
    number
        Counted from 1 since the server started.
    time
        When, in seconds since 1970.
    level
        ``debug``, ``info``, ``warning``, ``error`` or ``critical``.
    logger
        Part of the server that wrote it.
    message
        What happened, with details as ``key=value``.
    """

    number: int
    time: float
    level: str
    logger: str
    message: str
