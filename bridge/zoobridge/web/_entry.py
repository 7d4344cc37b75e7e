"""Coming in: sessions, logging in, and what the page is."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoobridge.errors import AuthenticationError, ManagingPermissionError, ZooBridgeError
from zoobridge.web._context import json_body, session_of
from zoobridge.web._security import same_token
from zoobridge.web._sessions import VisitorRole

if TYPE_CHECKING:
    from starlette.requests import Request

    from zoobridge.web._context import Context

__all__ = ["entry_routes"]

# What a wrong token costs whoever guesses.
_WRONG_SECONDS = 0.5


def entry_routes(context: Context, *, key: str) -> list[Route]:
    """Return the routes.

    Parameters
    ----------
    context
        The page.
    key
        What makes a visitor of this machine the manager: part of the address that is printed.
    """
    config = context.config

    async def session(request: Request) -> Response:
        found = request.state.session
        if found is None and not config.loopback:
            return JSONResponse({"role": "none", "login": True})
        if found is None:
            found = context.sessions.create(VisitorRole.VISITOR)
        answer = JSONResponse(await _described(context, found.role))
        _give_cookie(answer, request, found.id)
        return answer

    async def login(request: Request) -> Response:
        token = str((await json_body(request)).get("token", ""))
        role, own = await _proved(token)
        former = request.state.session
        if former is not None:
            # Whoever proves more keeps the pictures, not the cookie.
            fresh = context.sessions.promote(former, role, own)
        else:
            fresh = context.sessions.create(role, own)
        context.note(f"a visitor logged in as {role.name.lower()}")
        answer = JSONResponse(await _described(context, role))
        _give_cookie(answer, request, fresh.id)
        return answer

    async def _proved(token: str) -> tuple[VisitorRole, str]:
        if same_token(token, key):
            return VisitorRole.MANAGER, ""
        if same_token(token, config.login_token):
            return VisitorRole.VISITOR, ""
        try:
            await context.upstream.require_managing(token)
        except ManagingPermissionError:
            # The server's token for classifying.
            return VisitorRole.VISITOR, ""
        except AuthenticationError:
            context.note("a login failed: wrong token")
            await asyncio.sleep(_WRONG_SECONDS)
            raise AuthenticationError("this token is not known here") from None
        return VisitorRole.MANAGER, token

    async def logout(request: Request) -> Response:
        context.sessions.remove(session_of(request))
        answer = JSONResponse({})
        answer.delete_cookie(request.state.cookie, path="/")
        return answer

    def _give_cookie(answer: Response, request: Request, value: str) -> None:
        answer.set_cookie(
            request.state.cookie, value, path="/", httponly=True, samesite="strict",
            secure=config.scheme == "https",
        )  # fmt: skip

    return [
        Route("/api/session", session, methods=["GET"]),
        Route("/api/login", login, methods=["POST"]),
        Route("/api/logout", logout, methods=["POST"]),
    ]


async def _described(context: Context, role: VisitorRole) -> dict[str, Any]:
    uploads = context.config.uploads
    told: dict[str, Any] = {
        "role": role.name.lower(),
        "login": False,
        "version": version("zoobridge"),
        "examples": context.config.pictures is not None,
        "limits": {
            "picture_bytes": uploads.picture_bytes,
            "visitor_pictures": uploads.visitor_pictures,
        },
        "server": None,
    }
    try:
        async with context.upstream.calling() as client:
            info = await client.info(timeout=5)
    except ZooBridgeError as error:
        told["problem"] = error.message
    else:
        told["server"] = {
            "address": info.address,
            "version": info.version,
            "confinement": info.confinement,
            "items": info.limits.items,
        }
    return told
