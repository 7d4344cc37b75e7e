"""Comparisons that visitors start: progress, partial tables, cancelling, and reports."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from zoobridge.errors import InvalidRequestError, LimitError, UnknownModelError
from zoobridge.web._context import json_body, lines, session_of
from zoobridge.web._security import REPORT_POLICY
from zoobridge.web._sessions import UploadedPicture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from zoobridge.web._context import Context
    from zoobridge.web._sessions import Session

__all__ = ["run_routes"]

_AT_ONCE: Final = 4
_OF_ONE: Final = 2
_KEPT: Final = 10
_FILES: Final = {
    "measures.csv": "text/csv",
    "answers.csv": "text/csv",
    "mapping.csv": "text/csv",
    "report.json": "application/json",
}


class ComparisonTask:
    """One comparison.

    Parameters
    ----------
    folder
        Its private folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: Pictures of mistakes that were laid out for it, by id. They go with it.
        self.pictures: dict[str, UploadedPicture] = {}
        self.state: dict[str, Any] = {"progress": None, "rows": [], "end": None, "error": None}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        """Whether it is under way."""
        return self._task is not None and not self._task.done()

    def start(self, asked: dict[str, Any]) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(asked))

    def cancel(self) -> None:
        """End it; nothing happens where it has ended."""
        if self._task is not None:
            self._task.cancel()

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the state whenever it changed, until the end."""
        while True:
            changed = self._changed
            yield self.state
            if not self.active:
                return
            await changed.wait()

    def _change(self, **parts: Any) -> None:
        self.state = self.state | parts
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _complete(self, end: dict[str, Any]) -> None:
        """Add to the end of the work how its files are found."""
        end["tables"] = [name for name in _FILES if (self.folder / "report" / name).exists()]
        for mistake in end["mistakes"]:
            self._adopt(mistake)

    def _adopt(self, mistake: dict[str, Any]) -> None:
        """Give a picture that was laid out for this comparison an id to open it by."""
        place = mistake.pop("path", "")
        if place:
            number = f"{self.folder.name}-{Path(place).stem}"
            self.pictures[number] = UploadedPicture(number, mistake["name"], Path(place), 0)
            mistake["picture"] = number

    async def _run(self, asked: dict[str, Any]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "zoobridge.web._run_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            limit=64 << 20,
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            await process.stdin.drain()
            while line := await process.stdout.readline():
                event = json.loads(line)
                if end := event.get("end"):
                    self._complete(end)
                self._change(**event)
            if self.state["end"] is None and self.state["error"] is None:
                self._change(error="the comparison ended before it was done")
        except asyncio.CancelledError:
            self._change(error="cancelled")
            raise
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            # Anyone who follows sees that it is no longer active.
            asyncio.get_running_loop().call_soon(self._change)


def run_routes(context: Context) -> list[Route]:
    """Return the routes."""

    async def start(request: Request) -> Response:
        session = session_of(request)
        body = await json_body(request)
        active = [run for run in session.runs.values() if run.active]
        if len(active) >= _OF_ONE or context.sessions.active_runs >= _AT_ONCE:
            raise LimitError("other comparisons are under way; wait for their end")
        asked = await asyncio.to_thread(_asked, session, body)
        choice = await _server(context)
        number = secrets.token_urlsafe(9)
        run = ComparisonTask(session.folder / f"run-{number}")
        run.folder.mkdir(mode=0o700)
        if not asked["path"]:
            pictures = [session.picture(one["id"]) for one in asked["items"]]
            asked["items"] = await asyncio.to_thread(
                _laid_out, run.folder, asked["items"], pictures
            )
        for old in list(session.runs)[: max(0, len(session.runs) - _KEPT + 1)]:
            gone = session.runs.pop(old)
            gone.cancel()
            shutil.rmtree(gone.folder, ignore_errors=True)
        session.runs[number] = run
        run.start(asked | {"server": choice, "folder": os.fspath(run.folder)})
        context.note(f"a comparison of {', '.join(asked['models'])} began")
        return JSONResponse({"id": number})

    async def events(request: Request) -> Response:
        return StreamingResponse(lines(_run(request).follow()), media_type="application/x-ndjson")

    async def cancel(request: Request) -> Response:
        _run(request).cancel()
        return JSONResponse({})

    async def report(request: Request) -> Response:
        path = _run(request).folder / "report" / "report.html"
        if not path.exists():
            raise InvalidRequestError("no report yet")
        headers = {"content-security-policy": REPORT_POLICY}
        return FileResponse(path, media_type="text/html", headers=headers)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        path = _run(request).folder / "report" / name
        if name not in _FILES or not path.exists():
            raise InvalidRequestError("no such file")
        return FileResponse(path, media_type=_FILES[name], filename=name)

    return [
        Route("/api/runs", start, methods=["POST"]),
        Route("/api/runs/{id}", cancel, methods=["DELETE"]),
        Route("/api/runs/{id}/events", events, methods=["GET"]),
        Route("/api/runs/{id}/report", report, methods=["GET"]),
        Route("/api/runs/{id}/files/{name}", file, methods=["GET"]),
    ]


def _run(request: Request) -> ComparisonTask:
    run = session_of(request).runs.get(request.path_params["id"])
    if not isinstance(run, ComparisonTask):
        raise UnknownModelError("this comparison is no longer here")
    return run


async def _server(context: Context) -> dict[str, Any]:
    """Return what the comparison's process connects to, after a look whether it is there."""
    async with context.upstream.calling() as client:
        await client.info(timeout=10)
    choice = context.upstream.choice
    return {
        "address": choice.address, "token": choice.token, "ca": choice.ca, "tls": choice.tls,
    }  # fmt: skip


def _asked(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Read a request.

    Raises
    ------
    InvalidRequestError
        If it makes no sense.
    """
    models = [str(one) for one in body.get("models") or ()]
    if not models:
        raise InvalidRequestError("choose a model")
    path = str(body.get("path") or "")
    mapping = {str(a): str(b) for a, b in (body.get("mapping") or {}).items()}
    items = []
    for one in () if path else body.get("pictures") or ():
        picture = session.picture(str(one.get("id", "")))
        label = str(one.get("label") or picture.label)
        if not label:
            raise InvalidRequestError(f"{picture.name} has no class; say what it shows")
        items.append({"id": picture.id, "label": label})
    if not items and not path:
        raise InvalidRequestError("add labelled pictures, or name a folder of the server")
    return {"models": models, "path": path, "mapping": mapping, "items": items}


def _laid_out(
    folder: Path, items: list[dict[str, Any]], pictures: list[UploadedPicture]
) -> list[dict[str, Any]]:
    """Lay pictures out under names that the report can show, and return where each lies."""
    laid = []
    for number, (item, picture) in enumerate(zip(items, pictures, strict=True)):
        place = folder / "pictures" / _safe(item["label"]) / f"{number}-{_safe(picture.name)}"
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(picture.path, place)
        except OSError:
            # Another disk.
            shutil.copyfile(picture.path, place)
        laid.append(item | {"path": os.fspath(place)})
    return laid


def _safe(name: str) -> str:
    """Return a name that is a file's own, wherever it is written."""
    flat = re.sub(r'[\x00-\x1f/\\:*?"|]', "_", name.rsplit("/", 1)[-1]).strip(". ")
    return flat.encode("utf-8", "replace")[:100].decode("utf-8", "ignore") or "_"
