"""Finding a server, and starting one in the background."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.client._probe import check_speaks_grpc
from zoobridge.client._transport import resolve
from zoobridge.errors import ServerUnavailableError
from zoobridge.protocol.connection import ConnectionFile, discover, runtime_dir

if TYPE_CHECKING:
    from zoobridge.client._transport import Endpoint

__all__ = ["find_server"]


def find_server(
    address: str | None,
    *,
    token: str | None,
    ca: str | os.PathLike[str] | None,
    tls: bool | None,
    start: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
) -> Endpoint:
    """Decide which server to use, and start one if none is running and `start` names a zoo.

    Takes what :func:`~zoobridge.client.connect` takes.

    Raises
    ------
    ServerUnavailableError
        If no server runs, and none is to be started or none can be; or if another program
        listens at the address.
    InvalidRequestError
        If the address cannot be one, or `ca` cannot be read.
    """
    try:
        endpoint = resolve(address, token=token, ca=ca, tls=tls)
    except ServerUnavailableError:
        if start is None or address is not None:
            raise
    else:
        check_speaks_grpc(endpoint)
        return endpoint
    _start(start)
    return resolve(address, token=token, ca=ca, tls=tls)


def _start(
    zoo: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], *, timeout: float = 60.0
) -> ConnectionFile:
    """Start ``zoobridge serve`` in the background and wait until it is ready.

    The server outlives this process; ``zoobridge stop`` ends it. What it logs goes to
    ``server.log`` in the runtime folder.

    Parameters
    ----------
    zoo
        The zoo's folder, or several.
    timeout
        Seconds to wait.

    Raises
    ------
    ServerUnavailableError
        If it does not become ready; the message holds the last that it logged.
    """
    folders = [zoo] if isinstance(zoo, str | os.PathLike) else list(zoo)
    folder = runtime_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "server.log"
    known = {connection.path for connection in discover()}
    with log.open("wb") as sink:
        process = _launch([os.fspath(Path(one).resolve()) for one in folders], sink.fileno())
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for connection in discover():
            if connection.path not in known:
                # Popen would warn that the process still runs, which is the very intention.
                process.returncode = 0
                return connection
        if process.poll() is not None:
            raise ServerUnavailableError(f"the server did not start: {_last_line(log)}")
        time.sleep(0.05)
    process.terminate()
    process.wait()
    raise ServerUnavailableError(
        f"the server was not ready after {timeout:g} s: {_last_line(log)}; its log is {log}"
    )


def _launch(folders: list[str], output: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "zoobridge", "serve", *folders]
    if sys.platform == "win32":
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP,
        )
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
