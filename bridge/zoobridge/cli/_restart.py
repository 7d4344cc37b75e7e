"""``serve --restart``: a small process that starts the server again whenever it dies."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import click

from zoobridge.errors import ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

__all__ = ["end_with_parent", "serve_again"]

#: Hidden option of ``serve``: its standard input closes when the process that restarts it has ended.
CHILD_OPTION: Final = "--restarted"

_TOKEN_VARIABLE: Final = "ZOOBRIDGE_SERVE_TOKEN"  # noqa: S105 - a variable's name
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 30.0
#: A server that lived so long before it died is started again without a delay.
_LONG_LIFE: Final = 60.0
_POLL_SECONDS: Final = 0.05


def serve_again(arguments: Sequence[str], *, host: str, port: int) -> int:
    """Run ``zoobridge serve`` in a separate process, and again each time it dies.

    Every server has the same port and the same managing token, so that programs which know them
    find the next one. A server that ends by itself with exit code 0, or was never ready, is not
    started again. SIGTERM and Ctrl-C are passed on.

    Parameters
    ----------
    arguments
        What follows ``zoobridge serve``.
    host, port
        Where it is to listen; a free port is chosen once where `port` is 0.

    Returns
    -------
    int
        Exit code of the last server.

    Raises
    ------
    ServerUnavailableError
        If there is no free port.
    """
    port = port or _free_port(host)
    environment = dict(os.environ)
    environment.setdefault(_TOKEN_VARIABLE, secrets.token_urlsafe(32))
    command = [sys.executable, "-m", "zoobridge", "serve", *arguments]
    command += ["--port", str(port), CHILD_OPTION]
    ending = threading.Event()
    child: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        ending.set()
        for process in child:
            with contextlib.suppress(OSError):
                process.send_signal(number)

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), pass_on)
    delay = _FIRST_DELAY
    ready = False
    while True:
        begun = time.monotonic()
        child[:] = [_start(command, environment)]
        if ending.is_set():
            child[0].terminate()
        code, listened = _wait(child[0], host, port)
        ready = ready or listened
        child.clear()
        if code == 0 or ending.is_set() or not ready:
            return max(0, code) if code >= 0 else 128 - code
        if time.monotonic() - begun > _LONG_LIFE:
            delay = _FIRST_DELAY
        click.echo(
            f"zoobridge: the server {_end_of(code)}; starting it again in {delay:g} s", err=True
        )
        if ending.wait(delay):
            return 0
        delay = min(_LONGEST_DELAY, 2 * delay)


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` once the process that holds the other end of the standard input has ended."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        end()

    threading.Thread(target=watch, name="zoobridge-parent", daemon=True).start()


def _start(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A separate group: Ctrl-C in the terminal reaches the server once, passed on.
    if sys.platform == "win32":
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            env=environment,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True)


def _wait(process: subprocess.Popen[bytes], host: str, port: int) -> tuple[int, bool]:
    """Wait for a server's end; return its exit code, and whether it ever listened."""
    listened = False
    with process:
        while not listened:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_POLL_SECONDS), listened
            listened = _listens(host, port)
        return process.wait(), listened


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((_reachable(host), port), timeout=1.0):
            return True
    except OSError:
        return False


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - looked up


def _free_port(host: str) -> int:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise ServerUnavailableError(
            f"cannot listen at {host}: {error.strerror or error}; choose another --host"
        ) from error


def _end_of(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
