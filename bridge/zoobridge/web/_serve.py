"""Serving the page."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import uvicorn

from zoobridge.errors import InvalidRequestError
from zoobridge.protocol.connection import is_alive
from zoobridge.web._app import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from zoobridge.web._config import WebConfig

__all__ = ["serve"]

_PREFIX: Final = "zoobridge-web-"
_CONNECTIONS: Final = 512
_LEAVE_SECONDS: Final = 5


def serve(config: WebConfig, *, announce: Callable[[str], None]) -> None:
    """Serve the page until this process is asked to end.

    Parameters
    ----------
    config
        Settings.
    announce
        Called with the address, once the page listens. It holds what makes its visitor the manager
        (on this machine), or what visitors log in with (elsewhere).

    Raises
    ------
    InvalidRequestError
        If the address cannot be listened at.
    """
    listener = _listen(config.host, config.port)
    port = listener.getsockname()[1]
    key = secrets.token_urlsafe(24)
    config = replace(config, login_token=config.login_token or secrets.token_urlsafe(24))
    # uvicorn repeats the signal that ended it; either way what lies here is tidied up.
    signal.signal(signal.SIGTERM, _end)
    with _private_folder() as folder:
        server = uvicorn.Server(
            uvicorn.Config(
                build(config, port=port, key=key, folder=folder),
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=_LEAVE_SECONDS,
                ws="none",
                http="h11",
                lifespan="on",
                ssl_certfile=config.tls_certificate,
                ssl_keyfile=config.tls_key,
            )
        )
        address = _address(config, port, key)
        announce(address)
        if config.open_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        if config.ends_with_input:
            threading.Thread(target=_end_with_input, name="lifeline", daemon=True).start()
        server.run(sockets=[listener])


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _address(config: WebConfig, port: int, key: str) -> str:
    """Return the address to open; what follows ``#`` is never sent, and stands in no log."""
    host = config.names[0] if config.names else config.host
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - shown as a name that can be opened
        host = socket.gethostname()
    if ":" in host:
        host = f"[{host}]"
    return f"{config.scheme}://{host}:{port}/#key={key if config.loopback else config.login_token}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InvalidRequestError(
            f"cannot listen at {host}:{port}: {error.strerror or error}; choose another --port"
        ) from error
    return listener


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Give a folder that only this user can look into; it is removed afterwards.

    A process that was killed leaves its folder: those of processes that are gone are removed first.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        number = re.match(rf"{_PREFIX}(\d+)-", left.name)
        if number and not is_alive(int(number[1])) and _is_mine(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_mine(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    state = folder.lstat()
    return folder.is_dir() and not folder.is_symlink() and state.st_uid == os.getuid()


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT if sys.platform == "win32" else signal.SIGTERM)
