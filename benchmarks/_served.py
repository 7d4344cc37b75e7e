"""A real ``zoobridge serve`` that sees nothing of the user's settings, and that no program finds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.protocol.connection import read

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Served", "served"]

_READY_SECONDS = 60.0
_STOP_SECONDS = 45.0


@dataclass(frozen=True)
class Served:
    """A running server.

    Parameters
    ----------
    address
        ``host:port``.
    token
        The managing token.
    pid
        The server's process.
    ready_seconds
        From the command to the answerable server.
    environment
        Variables with which other programs find it.
    """

    address: str
    token: str
    pid: int
    ready_seconds: float
    environment: dict[str, str]


@contextmanager
def served(*zoos: Path, arguments: tuple[str, ...] = ()) -> Iterator[Served]:
    """Serve zoo folders, and stop the server in the end."""
    with tempfile.TemporaryDirectory(prefix="zoobridge-benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "runtime").mkdir(mode=0o700)
        environment = os.environ | {
            "ZOOBRIDGE_RUNTIME_DIR": str(folder / "runtime"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        start = time.perf_counter()
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "zoobridge", "serve", *map(str, zoos), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield _ready(process, folder, environment, start)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(
    process: subprocess.Popen[bytes], folder: Path, environment: dict[str, str], start: float
) -> Served:
    while process.poll() is None and time.perf_counter() < start + _READY_SECONDS:
        for path in (folder / "runtime").glob("server-*.json"):
            seconds = time.perf_counter() - start
            found = read(path)
            return Served(found.address, found.token, process.pid, seconds, environment)
        time.sleep(0.005)
    raise RuntimeError(f"the server did not start:\n{(folder / 'server.log').read_text('utf-8')}")
