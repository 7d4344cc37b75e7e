"""What all errors have in common."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Code", "ZooBridgeError"]


class Code(IntEnum):
    """Canonical status codes (``google/rpc/code.proto``) that ZooBridge answers with."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class ZooBridgeError(Exception):
    """Any error that ZooBridge answers with.

    Parameters
    ----------
    message
        A sentence for the person at the screen that names the fix.
    field
        The request's field that is at fault, as a path (``image.pixels.axes``); empty if none is.
    metadata
        Further facts by name, for programs: ``{"model": "digits"}``.
    retry_after
        After how many seconds the same call may succeed; `None` where retrying does not help.
    """

    code: ClassVar[Code] = Code.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after
