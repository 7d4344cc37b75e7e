"""How the programs of one user find a running server: the connection file.

A server that is ready publishes a small JSON file in the user's runtime folder and removes it when
it ends. Clients take the newest one whose server is alive. The file holds the managing token, so
only its owner may read it.

The folder is ``$ZOOBRIDGE_RUNTIME_DIR`` if that is set, else the one that ``platformdirs`` names as
the user's runtime folder for ``zoobridge``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import stat
import sys
import time
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import platformdirs

from zoobridge.errors import ServerUnavailableError
from zoobridge.files import write_whole

__all__ = [
    "PRIVATE_VARIABLES",
    "RUNTIME_DIR_VARIABLE",
    "ConnectionFile",
    "discover",
    "is_alive",
    "publish",
    "read",
    "request_stop",
    "runtime_dir",
]

#: Environment variable that names another runtime folder.
RUNTIME_DIR_VARIABLE = "ZOOBRIDGE_RUNTIME_DIR"

#: Environment variables that name a server or allow something on it. A process that works for a server
#: starts without them, so that it has no other rights than those it is given.
PRIVATE_VARIABLES = frozenset(
    {
        *("ZOOBRIDGE_ADDRESS", "ZOOBRIDGE_TOKEN", "ZOOBRIDGE_CA", "ZOOBRIDGE_SERVE_TOKEN"),
        *("ZOOBRIDGE_SERVE_CLASSIFICATION_TOKEN", "ZOOBRIDGE_SERVE_TRAINING_TOKEN"),
    }
)


@dataclass(frozen=True)
class ConnectionFile:
    """What a server publishes to its user's programs.

    Parameters
    ----------
    address
        ``host:port``, as a gRPC channel takes it.
    token
        The managing token.
    pid
        The server's process id.
    ca
        Path of the certificate to check the server's by, PEM; empty where it serves without TLS.
    version
        Version of ZooBridge.
    started
        When it was ready, in seconds since 1970 (:func:`time.time`).
    path
        Where this was read from or written to; not part of the file.
    """

    address: str
    token: str
    pid: int
    ca: str = ""
    version: str = ""
    started: float = 0.0
    path: Path | None = None

    @property
    def stop_path(self) -> Path | None:
        """The file that asks this server to end, where there are no signals to ask it by."""
        return None if self.path is None else self.path.with_suffix(".stop")

    @property
    def stop_requested(self) -> bool:
        """Whether :func:`request_stop` left that file; a server on Windows looks now and then."""
        return self.stop_path is not None and self.stop_path.exists()

    def remove(self) -> None:
        """Remove the file; nothing happens if it is gone already."""
        for path in (self.path, self.stop_path):
            if path is not None:
                path.unlink(missing_ok=True)


def runtime_dir() -> Path:
    """Return the folder of the connection files; it need not exist."""
    named = os.environ.get(RUNTIME_DIR_VARIABLE)
    if named:
        return Path(named)
    with warnings.catch_warnings():
        # It warns where a system has no runtime folder and it takes one below /tmp, which serves.
        warnings.simplefilter("ignore", UserWarning)
        return platformdirs.user_runtime_path("zoobridge", appauthor=False)


def _is_private(folder: Path) -> bool:
    """Whether nobody but this user could have put a file here.

    A runtime folder may lie below ``/tmp``, where another user can make it first and plant a file
    that sends pictures to a server of theirs. A symbolic link is for this user or root to make:
    somebody else's may lead elsewhere a moment later.
    """
    if sys.platform == "win32":
        return True
    state = folder.stat()
    return (
        folder.lstat().st_uid in (os.getuid(), 0)
        and state.st_uid == os.getuid()
        and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _is_own(path: Path) -> bool:
    """Whether this user wrote a file, in whatever folder it lies."""
    if sys.platform == "win32":
        return True
    state = path.lstat()
    return stat.S_ISREG(state.st_mode) and state.st_uid == os.getuid()


def publish(
    address: str, token: str, *, ca: str = "", version: str = "", pid: int | None = None
) -> ConnectionFile:
    """Write this server's connection file, at once and readable by its owner only.

    Parameters
    ----------
    address, token, ca, version
        As in :class:`ConnectionFile`.
    pid
        The server's process; this one if not given.

    Returns
    -------
    ConnectionFile
        Call its :meth:`~ConnectionFile.remove` when the server ends.

    Raises
    ------
    ServerUnavailableError
        If the folder belongs to somebody else, or others may write in it.
    OSError
        If the file cannot be written.
    """
    folder = runtime_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(folder):
        raise ServerUnavailableError(
            f"the runtime folder {folder} belongs to another user, or others may write in it; "
            f"set {RUNTIME_DIR_VARIABLE} to a folder of your own (mode 700)"
        )
    number = os.getpid() if pid is None else pid
    target = folder / f"server-{number}-{secrets.token_hex(4)}.json"
    connection = ConnectionFile(
        address=address,
        token=token,
        pid=number,
        ca=ca,
        version=version,
        started=time.time(),
        path=target,
    )
    content = asdict(connection)
    del content["path"]
    write_whole(target, json.dumps(content), private=True)
    return connection


def read(path: Path) -> ConnectionFile:
    """Read a connection file.

    Raises
    ------
    ValueError
        If it is not one.
    OSError
        If it cannot be read.
    """
    content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a connection file")  # noqa: TRY004 - the value is wrong
    try:
        connection = ConnectionFile(
            address=str(content["address"]),
            token=str(content["token"]),
            pid=int(content["pid"]),
            ca=str(content.get("ca", "")),
            version=str(content.get("version", "")),
            started=float(content.get("started", 0.0)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a connection file: {error} is missing or wrong") from error
    return replace(connection, path=path)


def discover() -> list[ConnectionFile]:
    """Return the living servers of this user on this machine, newest first.

    Files of processes that have ended are removed. Files that are not connection files or that another
    user wrote, and a folder that others may write in, are ignored.
    """
    folder = runtime_dir()
    if not folder.is_dir() or not _is_private(folder):
        return []
    found = []
    for path in folder.glob("server-*.json"):
        try:
            if not _is_own(path):
                continue
            connection = read(path)
        except (OSError, ValueError):
            continue
        if is_alive(connection.pid):
            found.append(connection)
        else:
            with contextlib.suppress(OSError):
                connection.remove()
    return sorted(found, key=lambda connection: connection.started, reverse=True)


def request_stop(connection: ConnectionFile) -> None:
    """Ask a server of this machine to end once its accepted work is answered.

    It gets a SIGTERM; on Windows, where that would end it at once, :attr:`ConnectionFile.stop_path`
    is written instead.

    Raises
    ------
    OSError
        If the process is not this user's, or the file cannot be written.
    """
    if sys.platform == "win32":
        if connection.stop_path is not None:
            connection.stop_path.touch()
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(connection.pid, signal.SIGTERM)


if sys.platform == "win32":

    def is_alive(pid: int) -> bool:
        """Tell whether a process of this machine is running."""
        # os.kill(pid, 0) would send Ctrl-C here, so the process is asked for its exit code.
        import ctypes

        query_limited_information, still_active = 0x1000, 259
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(query_limited_information, 0, pid)
        if not handle:
            return False
        try:
            code = ctypes.c_ulong()
            found = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            return bool(found) and code.value == still_active
        finally:
            kernel.CloseHandle(handle)
else:

    def is_alive(pid: int) -> bool:
        """Tell whether a process of this machine is running."""
        if pid <= 0:
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except OverflowError:
            return False
        except PermissionError:
            return True
        return True
