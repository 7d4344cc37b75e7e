"""Decoding pictures to be shown, in processes that a hostile file may end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from zoobridge.errors import ImageFormatError, LimitError

if TYPE_CHECKING:
    from zoobridge.web._sessions import Session, UploadedPicture

__all__ = ["Decoder"]

_SECONDS = 30.0
_IDLE_SECONDS = 60.0


class _Helper:
    """One process; takes one request at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.last_used = 0.0
        self.busy = False

    async def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self.busy = True
        process = await self._started()
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        done = False
        try:
            async with asyncio.timeout(_SECONDS):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                await process.stdin.drain()
                head = json.loads(await process.stdout.readline() or b"null")
                if head is None:
                    raise ImageFormatError(
                        "this file ended the program that shows pictures", field="picture"
                    )
                data = await process.stdout.readexactly(head["bytes"])
            done = True
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            raise ImageFormatError(
                f"the picture could not be shown within {_SECONDS:.0f} s", field="picture"
            ) from None
        finally:
            self.last_used = time.monotonic()
            self.busy = False
            if not done:
                # Half an answer may be under way: it must not be taken for the next one.
                await self.end()
        return head, data

    async def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "zoobridge.web._render_process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                limit=1 << 20,
            )  # fmt: skip
        return self._process


class Decoder:
    """Shows pictures.

    Parameters
    ----------
    pixels
        Pixels that a plane may have.
    processes
        Processes that decode side by side; started at need, ended when idle.
    """

    def __init__(self, *, pixels: int, processes: int = 2) -> None:
        self._pixels = pixels
        self._helpers = [_Helper() for _ in range(processes)]
        self._free: asyncio.LifoQueue[_Helper] = asyncio.LifoQueue()
        for helper in reversed(self._helpers):
            self._free.put_nowait(helper)

    async def describe(self, session: Session, picture: UploadedPicture) -> dict[str, Any]:
        """Describe a picture; see :class:`zoobridge.web._planes.Described`.

        Raises
        ------
        ImageFormatError
            If it cannot be shown.
        LimitError
            If it is too large to be shown.
        """
        request = {"what": "describe", "path": os.fspath(picture.path), "pixels": self._pixels}
        head, _ = await self._ask(session, request)
        return head

    async def view(self, session: Session, picture: UploadedPicture, view: dict[str, Any]) -> bytes:
        """Return a part of a plane as PNG; see :class:`zoobridge.web._planes.View`.

        Raises
        ------
        ImageFormatError
            If it cannot be shown.
        LimitError
            If it is too large to be shown.
        """
        request = {"what": "view", "path": os.fspath(picture.path), "pixels": self._pixels, **view}
        return (await self._ask(session, request))[1]

    async def end_idle(self) -> None:
        """End the processes that were not used for a while."""
        limit = time.monotonic() - _IDLE_SECONDS
        for helper in self._helpers:
            if not helper.busy and helper.last_used < limit:
                await helper.end()

    async def close(self) -> None:
        """End all processes."""
        for helper in self._helpers:
            await helper.end()

    async def _ask(self, session: Session, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        async with session.decoding:
            helper = await self._free.get()
            try:
                head, data = await helper.ask(request)
            finally:
                self._free.put_nowait(helper)
        if "error" in head:
            kind = LimitError if head["reason"] == LimitError.reason else ImageFormatError
            raise kind(head["error"], field="picture")
        return head, data
