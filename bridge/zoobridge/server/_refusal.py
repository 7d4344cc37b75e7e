"""Refusals that are written once and sent many times.

Where far more comes than fits, the refusals take the time that is left for answers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc

from zoobridge.protocol import status_from_error, trailing_metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.errors import ZooBridgeError

__all__ = ["Refusal", "Refusals"]

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}

#: How many are kept, each with a time of its own after which to try again, and for how long.
_KEPT: Final = 16
_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Refusal:
    """An error as gRPC sends it.

    Parameters
    ----------
    code, message
        The status.
    metadata
        What carries its details.
    """

    code: grpc.StatusCode
    message: str
    metadata: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, error: ZooBridgeError) -> Refusal:
        """Write an error."""
        status = status_from_error(error)
        return cls(_CODES[status.code], status.message, tuple(trailing_metadata(status)))

    def send(self, context: grpc.ServicerContext) -> None:
        """End a call with it; always raises, as gRPC wants it."""
        context.set_trailing_metadata(self.metadata)
        context.abort(self.code, self.message)


class Refusals:
    """Writes an error anew a few times a second, and gives out what was written meanwhile.

    Used by one thread, that of gRPC which refuses.

    Parameters
    ----------
    write
        Makes the error, as things are now.
    """

    def __init__(self, write: Callable[[], ZooBridgeError]) -> None:
        self._write = write
        self._kept: list[tuple[float, Refusal]] = []
        self._next = 0

    def next(self) -> Refusal:
        """Return a refusal that is at most a fifth of a second old."""
        now = time.monotonic()
        place = self._next
        self._next = (place + 1) % _KEPT
        if place == len(self._kept):
            self._kept.append((now, Refusal.of(self._write())))
        written, refusal = self._kept[place]
        if now - written > _SECONDS:
            refusal = Refusal.of(self._write())
            self._kept[place] = now, refusal
        return refusal
