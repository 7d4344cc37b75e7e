"""Pytest fixtures: a served zoo.

The plugin is found by itself where ZooBridge is installed. In a test::

    def test_my_model_tells_cats_from_dogs(zoobridge_server):
        zoo = zoobridge_server("path/to/zoo")
        result = zoo.client.classify("pets", "cat.png")
        assert result[0].label == "cat"
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.client import Client

    ServeZoo = Callable[..., "ServedZoo"]

__all__ = ["ServedZoo", "zoobridge_server"]

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 45.0


@dataclass(frozen=True)
class ServedZoo:
    """A server of its own process, which sees nothing of the user's settings.

    Parameters
    ----------
    address
        ``host:port``.
    token
        The managing token.
    process
        The server.
    folder
        Its runtime, configuration and cache folders lie below it.
    """

    address: str
    token: str
    process: subprocess.Popen[bytes]
    folder: Path

    @cached_property
    def client(self) -> Client:
        """A client with the managing token; closed when the server is stopped."""
        from zoobridge.client import connect

        return connect(self.address, token=self.token)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which other programs, such as ``zoobridge``, find this server."""
        return _environment(self.folder)

    @property
    def log(self) -> str:
        """What the server has written to standard error."""
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def stop(self) -> int:
        """Ask the server to end as a user would, and wait; return its exit status."""
        if "client" in self.__dict__:
            self.client.close()
        if self.process.poll() is None:
            _interrupt(self.process)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


@pytest.fixture(scope="session")
def zoobridge_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeZoo]:
    """Start ``zoobridge serve`` on one or more zoo folders.

    The fixture is a function: ``zoobridge_server(*folders, arguments=())`` starts a server on a
    free port, waits until it is ready, and returns a :class:`ServedZoo`; `arguments` are further
    options of ``zoobridge serve``. Servers that were started in the same way are shared, and all
    are stopped at the end of the session.
    """
    started: dict[tuple[str, ...], ServedZoo] = {}

    def serve(*zoos: str | os.PathLike[str], arguments: tuple[str, ...] = ()) -> ServedZoo:
        words = (*(os.fspath(Path(zoo).resolve()) for zoo in zoos), *arguments)
        served = started.get(words)
        if served is None or served.process.poll() is not None:
            served = _start(words, tmp_path_factory.mktemp("zoobridge"))
            started[words] = served
        return served

    yield serve
    for served in started.values():
        served.stop()


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ZooBridge keeps everything below `folder`.

    The runtime folder has a variable of ours. The others are those that ``platformdirs`` names: on
    Windows it asks the system for them, but for its own variables.
    """
    from zoobridge.protocol.connection import RUNTIME_DIR_VARIABLE

    return os.environ | {
        RUNTIME_DIR_VARIABLE: str(folder / "runtime"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(folder / "appdata"),
    }


def _start(words: tuple[str, ...], folder: Path) -> ServedZoo:
    from zoobridge.protocol.connection import read

    (folder / "runtime").mkdir(mode=0o700)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "zoobridge", "serve", *words],
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    limit = time.monotonic() + _READY_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        for path in (folder / "runtime").glob("server-*.json"):
            connection = read(path)
            return ServedZoo(connection.address, connection.token, process, folder)
        time.sleep(0.02)
    process.kill()
    process.wait()
    said = (folder / "server.log").read_text("utf-8", "replace")
    raise RuntimeError(f"zoobridge serve {' '.join(words)} did not start; it said:\n{said}")


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    # Windows has no SIGTERM that a process could hear.
    process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
