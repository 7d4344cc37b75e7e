"""The application: its parts, and what runs beside them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from zoobridge.errors import ZooBridgeError
from zoobridge.web._classify import classify_routes
from zoobridge.web._context import Context, answer_error
from zoobridge.web._decoder import Decoder
from zoobridge.web._entry import entry_routes
from zoobridge.web._judge import judge_routes
from zoobridge.web._pictures import picture_routes
from zoobridge.web._runs import run_routes
from zoobridge.web._security import Gate
from zoobridge.web._sessions import Sessions
from zoobridge.web._studies import Studies
from zoobridge.web._upstream import Upstream
from zoobridge.web._watch import watch_routes
from zoobridge.web._zoo import zoo_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from zoobridge.web._config import WebConfig

__all__ = ["build"]

_ASSETS: Final = Path(__file__).parent / "assets"
_TIDY_SECONDS: Final = 15.0


def build(config: WebConfig, *, port: int, key: str, folder: Path) -> Starlette:
    """Build the application.

    Parameters
    ----------
    config
        Settings.
    port
        Where it listens.
    key
        What makes a visitor the manager; part of the address that is printed.
    folder
        Private folder for what visitors leave.
    """
    sessions = Sessions(folder, config.uploads)
    shown = [folder] if config.pictures is None else [folder, config.pictures]
    context = Context(
        config=config,
        upstream=Upstream(config.server),
        sessions=sessions,
        decoder=Decoder(shown, pixels=config.uploads.picture_pixels),
        studies=Studies(config.studies or folder / "studies"),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tidying = asyncio.create_task(_tidy(context))
        try:
            yield
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)
            context.sessions.close()
            await context.decoder.close()
            await context.upstream.close()

    async def index(_: Request) -> Response:
        return FileResponse(_ASSETS / "index.html")

    async def nothing(_: Request) -> Response:
        return JSONResponse({"error": {"reason": "NOT_FOUND", "message": "unknown address"}}, 404)

    return Starlette(
        routes=[
            Route("/", index, methods=["GET"]),
            *entry_routes(context, key=key),
            *zoo_routes(context),
            *picture_routes(context),
            *classify_routes(context),
            *run_routes(context),
            *judge_routes(context),
            *watch_routes(context),
            Route("/api/{rest:path}", nothing),
            Mount("/assets", StaticFiles(directory=_ASSETS)),
        ],
        middleware=[Middleware(Gate, config=config, port=port, sessions=sessions)],
        exception_handlers={ZooBridgeError: answer_error, ClientDisconnect: _nobody},
        lifespan=lifespan,
    )


async def _nobody(_: Request, _error: Exception) -> Response:
    """Answer a visitor who left while sending."""
    return Response(status_code=499)


async def _tidy(context: Context) -> None:
    """Forget who is gone and end what is idle, now and then."""
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        context.sessions.expire()
        await context.decoder.end_idle()
