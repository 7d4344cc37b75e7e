"""Decoding pictures to be shown, in confined processes that a hostile file may end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import ImageFormatError, LimitError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zoobridge.web._sessions import Session, UploadedPicture

__all__ = ["Decoder"]

_SECONDS: Final = 30.0
# After so long a picture gives way to those of other visitors.
_SHARE_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 60.0


class _Helper:
    """One process; takes one request at a time.

    Parameters
    ----------
    folders
        What it may read.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._process: asyncio.subprocess.Process | None = None
        self.last_used = 0.0
        #: Since when it is busy; `None` while it is not.
        self.since: float | None = None
        self.overtaken = False

    async def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Return a request's answer; see :func:`zoobridge.web._render_process.main`.

        Raises
        ------
        ImageFormatError
            If the process ended over it, or it took too long.
        """
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
                    raise self._ended()
                data = await process.stdout.readexactly(head["bytes"])
            done = True
        except TimeoutError:
            raise ImageFormatError(
                f"the picture could not be shown within {_SECONDS:.0f} s", field="picture"
            ) from None
        except (ConnectionError, asyncio.IncompleteReadError):
            raise self._ended() from None
        finally:
            if not done:
                # Half an answer may be under way: it must not be taken for the next one.
                await self.end()
        return head, data

    async def end(self) -> None:
        """End the process; the next request starts another."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def overtake(self) -> None:
        """End what it does, since others wait."""
        self.overtaken = True
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _ended(self) -> ImageFormatError:
        if self.overtaken:
            return ImageFormatError(
                f"the picture took more than {_SHARE_SECONDS:.0f} s to be shown while other visitors "
                "waited; try again",
                field="picture",
            )
        return ImageFormatError(
            "this file ended the program that shows pictures; it can still be classified",
            field="picture",
        )

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "zoobridge.web._render_process",
                *map(os.fspath, self._folders),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                limit=1 << 20,
            )  # fmt: skip
        return self._process


class Decoder:
    """Shows pictures.

    Each visitor's are decoded one by one. Where all processes are busy, visitors for whom little was
    decoded come first, and a picture that takes long gives way.

    Parameters
    ----------
    folders
        Where pictures lie.
    pixels
        Pixels that a picture may have.
    processes
        Processes that decode side by side; started at need, ended when idle.
    """

    def __init__(self, folders: Sequence[Path], *, pixels: int, processes: int = 3) -> None:
        self._pixels = pixels
        self._helpers = [_Helper(folders) for _ in range(processes)]
        self._waiting: dict[tuple[float, int], asyncio.Future[_Helper]] = {}
        self._numbers = itertools.count()

    async def describe(
        self, session: Session, picture: UploadedPicture, series: int | None
    ) -> dict[str, Any]:
        """Describe a picture; see :class:`zoobridge.web._planes.Described`.

        Raises
        ------
        ImageFormatError
            If it cannot be shown.
        LimitError
            If it is too large to be shown.
        """
        request = {"what": "describe", "path": os.fspath(picture.path), "series": series}
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
        request = {"what": "view", "path": os.fspath(picture.path), **view}
        return (await self._ask(session, request))[1]

    async def end_idle(self) -> None:
        """End the processes that were not used for a while."""
        limit = time.monotonic() - _IDLE_SECONDS
        for helper in self._helpers:
            if helper.since is None and helper.last_used < limit:
                await helper.end()

    async def close(self) -> None:
        """End all processes."""
        for helper in self._helpers:
            await helper.end()

    async def _ask(self, session: Session, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        async with session.decoding:
            helper = await self._taken(session)
            try:
                head, data = await helper.ask(request | {"pixels": self._pixels})
            finally:
                session.decoded_seconds += time.monotonic() - (helper.since or time.monotonic())
                self._give_back(helper)
        if "error" in head:
            kind = LimitError if head["reason"] == LimitError.reason else ImageFormatError
            raise kind(head["error"], field="picture")
        return head, data

    async def _taken(self, session: Session) -> _Helper:
        """Wait for a process that is free."""
        for helper in self._helpers:
            if helper.since is None and not self._waiting:
                helper.since = time.monotonic()
                return helper
        key = (session.decoded_seconds, next(self._numbers))
        turn: asyncio.Future[_Helper] = asyncio.get_running_loop().create_future()
        self._waiting[key] = turn
        try:
            while True:
                oldest = min(self._helpers, key=lambda one: one.since or 0.0)
                left = (oldest.since or 0.0) + _SHARE_SECONDS - time.monotonic()
                if left <= 0 and not oldest.overtaken:
                    oldest.overtake()
                done, _ = await asyncio.wait([turn], timeout=max(left, 0.1))
                if done:
                    return turn.result()
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result())
            raise
        finally:
            self._waiting.pop(key, None)

    def _give_back(self, helper: _Helper) -> None:
        """Give a process to the next visitor who waits."""
        helper.last_used, helper.since, helper.overtaken = time.monotonic(), None, False
        for key in sorted(self._waiting):
            turn = self._waiting.pop(key)
            if not turn.done():
                helper.since = time.monotonic()
                turn.set_result(helper)
                return
