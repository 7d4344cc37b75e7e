"""The server at work: what ``zoobridge top`` shows, and the logs of the server and of the page."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoobridge.errors import ManagingPermissionError, ZooBridgeError
from zoobridge.web._context import session_of
from zoobridge.web._sessions import VisitorRole

if TYPE_CHECKING:
    from starlette.requests import Request

    from zoobridge.web._context import Context

__all__ = ["watch_routes"]

_ASK_SECONDS: Final = 10.0
# The greatest number that the protocol holds.
_LAST: Final = 2**63 - 1


def watch_routes(context: Context) -> list[Route]:
    """Return the routes."""

    async def statistics(_: Request) -> Response:
        async with context.upstream.calling() as client:
            found = await client.statistics(timeout=_ASK_SECONDS)
        return JSONResponse(asdict(found) | {"at": time.time()})

    async def log(request: Request) -> Response:
        if session_of(request).role < VisitorRole.MANAGER:
            raise ManagingPermissionError("log in with the managing token to see the log")
        problem = ""
        try:
            async with context.upstream.managing(session_of(request).token) as client:
                records = await client.log_records(after=_after(request), timeout=_ASK_SECONDS)
        except ZooBridgeError as error:
            # The page's own log says most while the server does not answer.
            records, problem = [], error.message
        return JSONResponse(
            {
                "lines": list(context.log),
                "visitors": len(context.sessions),
                "records": [asdict(record) for record in records],
                "problem": problem,
            }
        )

    return [
        Route("/api/statistics", statistics, methods=["GET"]),
        Route("/api/log", log, methods=["GET"]),
    ]


def _after(request: Request) -> int:
    """Return the number of the last record that the visitor has."""
    asked = request.query_params.get("after", "0")
    # Python refuses to read numbers of thousands of digits.
    return min(int(asked[:20]), _LAST) if asked.isascii() and asked.isdecimal() else 0
