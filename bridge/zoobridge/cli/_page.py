"""The page beside a server that is about to start: a separate process, which ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["page_beside"]

_LEAVE_SECONDS = 10.0


@contextmanager
def page_beside(port: int | None) -> Iterator[None]:
    """Run ``zoobridge web`` on this process' server; nothing happens if `port` is `None`.

    Raises
    ------
    ClickException
        If the extra ``web`` is not installed.
    """
    if port is None:
        yield
        return
    if any(find_spec(name) is None for name in ("starlette", "uvicorn")):
        raise click.ClickException('the page needs its extra; pip install "zoobridge[web]"')
    words = ["--port", str(port), "--of-process", str(os.getpid())]
    process = subprocess.Popen(
        [sys.executable, "-m", "zoobridge", "web", *words],
        # It ends when this pipe does, however this process ends.
        stdin=subprocess.PIPE,
        # Whatever else its user's environment names, the page is of this server.
        env={name: value for name, value in os.environ.items() if name != "ZOOBRIDGE_ADDRESS"},
    )
    try:
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
