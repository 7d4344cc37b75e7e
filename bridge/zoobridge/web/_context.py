"""What the parts of the page share, and how they answer."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse

from zoobridge.errors import Code, InvalidRequestError, LimitError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from zoobridge.web._config import WebConfig
    from zoobridge.web._decoder import Decoder
    from zoobridge.web._sessions import Session, Sessions
    from zoobridge.web._studies import Studies
    from zoobridge.web._upstream import Upstream

__all__ = ["Context", "answer_error", "error_record", "json_body", "lines", "session_of"]

_BODY_BYTES: Final = 32 << 20

#: HTTP's word for each kind of error.
_STATUS: Final = {
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 409,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 403,
}


@dataclass(frozen=True)
class Context:
    """What every part of the page needs.

    Parameters
    ----------
    config
        Settings.
    upstream
        The ZooBridge server.
    sessions
        The visitors.
    decoder
        Shows pictures.
    studies
        Studies of human judges.
    log
        What happened last, for who has the managing token.
    """

    config: WebConfig
    upstream: Upstream
    sessions: Sessions
    decoder: Decoder
    studies: Studies
    log: deque[str] = field(default_factory=lambda: deque(maxlen=500))

    def note(self, sentence: str) -> None:
        """Write a line of the log."""
        stamp = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        # What visitors send cannot begin a line.
        self.log.append(f"{stamp} {sentence.encode('unicode_escape').decode()[:500]}")


def session_of(request: Request) -> Session:
    """Return the visitor; the gate lets nobody pass without a session."""
    session: Session = request.state.session
    return session


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request carries.

    Raises
    ------
    InvalidRequestError
        If it carries something else, or too much.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _BODY_BYTES:
            raise LimitError(f"a request may have {_BODY_BYTES >> 20} MiB")
    try:
        found = json.loads(bytes(data) or b"{}")
    except (ValueError, RecursionError):
        raise InvalidRequestError("the request is not JSON") from None
    if not isinstance(found, dict):
        raise InvalidRequestError("the request is not a JSON object")
    return found


def error_record(error: ZooBridgeError) -> dict[str, Any]:
    """Return what the page is answered where something failed."""
    return {"reason": error.reason, "message": error.message, "field": error.field}


async def answer_error(_: Request, error: Exception) -> JSONResponse:
    """Answer with an error's sentence."""
    assert isinstance(error, ZooBridgeError)  # noqa: S101 - registered for this type
    status = 413 if isinstance(error, LimitError) else _STATUS.get(error.code, 500)
    return JSONResponse({"error": error_record(error)}, status_code=status)


async def lines(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Write events as JSON, one a line; what fails under way is the last of them."""
    try:
        async for event in events:
            yield json.dumps(event, separators=(",", ":")).encode() + b"\n"
    except ZooBridgeError as error:
        yield json.dumps({"error": error_record(error)}).encode() + b"\n"
