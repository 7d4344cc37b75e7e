"""What every request passes: host, origin, session, and the headers of every answer."""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import socket
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from zoobridge.web._config import WebConfig
    from zoobridge.web._sessions import Sessions

__all__ = ["API_POLICY", "PAGE_POLICY", "REPORT_POLICY", "Gate", "same_token"]

#: Scripts, styles and pictures of this very page alone, and no text is ever taken as markup.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

#: Answers for programs are never shown as a page.
API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"

#: A report holds its styles and pictures; it runs nothing and asks nobody.
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'; sandbox"
)

_SAFE: Final = frozenset({"GET", "HEAD"})
_OPEN: Final = frozenset({"/api/session", "/api/login"})


def same_token(given: str, expected: str) -> bool:
    """Compare in constant time; an empty token is never the same."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


class Gate:
    """Lets a request pass to the application, or answers it with what is wrong.

    Parameters
    ----------
    app
        The application.
    config, port
        Where the page listens.
    sessions
        The visitors.
    """

    def __init__(self, app: ASGIApp, *, config: WebConfig, port: int, sessions: Sessions) -> None:
        self._app = app
        self._config = config
        self._sessions = sessions
        self._port = port
        self.cookie = f"zoobridge-{port}" if config.scheme == "http" else f"__Host-zoobridge-{port}"
        self._names = {"localhost", config.host.lower(), *(one.lower() for one in config.names)}
        if not config.loopback:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Only HTTP requests are served.
            await send({"type": "websocket.close", "code": 1008})
            return
        path: str = scope["path"]
        refused = self._refusal(scope["method"], path, Headers(scope=scope))
        policy = API_POLICY if path.startswith("/api/") else PAGE_POLICY

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy)
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
                headers["cross-origin-opener-policy"] = "same-origin"
                headers["cross-origin-resource-policy"] = "same-origin"
                headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
                headers.setdefault(
                    "cache-control", "no-store" if path.startswith("/api/") else "no-cache"
                )
                if self._config.scheme == "https":
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        if refused is not None:
            status, reason, sentence = refused
            response = JSONResponse(
                {"error": {"reason": reason, "message": sentence}}, status_code=status
            )
            await response(scope, receive, answer)
            return
        session = self._sessions.find(_cookie(Headers(scope=scope), self.cookie))
        scope.setdefault("state", {})["session"] = session
        scope["state"]["cookie"] = self.cookie
        if path.startswith("/api/") and session is None and path not in _OPEN:
            response = JSONResponse(
                {"error": {"reason": "SESSION", "message": "log in, or reload the page"}},
                status_code=401,
            )
            await response(scope, receive, answer)
            return
        if session is None:
            await self._app(scope, receive, answer)
            return
        session.busy += 1
        try:
            await self._app(scope, receive, answer)
        finally:
            session.busy -= 1

    def _refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str, str] | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return (
                421,
                "HOST",
                f"this page is not served as '{host[:200]}'; if that is a name of this machine, "
                "start it with --name",
            )
        if method in _SAFE:
            if path.startswith("/api/") and headers.get("sec-fetch-site") == "cross-site":
                return 403, "ORIGIN", "other pages may not read from this one"
            return None
        if headers.get("origin") != f"{self._config.scheme}://{host}":
            return 403, "ORIGIN", "other pages may not write to this one"
        return None

    def _is_ours(self, host: str) -> bool:
        """Tell whether a Host header names this page.

        A page of another name that was made to point here (DNS rebinding) carries that name.
        """
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not name:
            name, port = host, ""
        usual = 443 if self._config.scheme == "https" else 80
        if port != str(self._port) and not (port == "" and self._port == usual):
            return False
        name = name.lower().strip("[]")
        if name in self._names:
            return True
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(name)
            return address.is_loopback or not self._config.loopback
        return False


def _cookie(headers: Headers, name: str) -> str:
    found: Iterable[str] = headers.getlist("cookie")
    for text in found:
        try:
            morsel = SimpleCookie(text).get(name)
        except CookieError:
            continue
        if morsel is not None:
            return morsel.value
    return ""
