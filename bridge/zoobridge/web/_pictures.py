"""Pictures that visitors leave, and views of them."""

from __future__ import annotations

import asyncio
import math
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoobridge.client import IMAGE_SUFFIXES
from zoobridge.errors import ImageFormatError, InvalidRequestError, LimitError
from zoobridge.protocol import START_BYTES, kind_of_file
from zoobridge.web._context import json_body, session_of
from zoobridge.web._sessions import UploadedPicture

if TYPE_CHECKING:
    from starlette.requests import Request

    from zoobridge.web._context import Context
    from zoobridge.web._sessions import Session

__all__ = ["picture_routes"]

# A visitor who sends nothing for so long has gone.
_SILENT_SECONDS: Final = 30.0
_NAME: Final = 200
_EXAMPLES: Final = 2_000
_LONGEST: Final = 4096


def picture_routes(context: Context) -> list[Route]:
    """Return the routes."""

    async def upload(request: Request) -> Response:
        session = session_of(request)
        name = request.query_params.get("name", "")[:_NAME] or "picture"
        label = request.query_params.get("label", "")[:_NAME]
        picture = await _received(context, request, session, name, label)
        return JSONResponse(_told(picture))

    async def take(request: Request) -> Response:
        session = session_of(request)
        wanted = (await json_body(request)).get("names")
        if not isinstance(wanted, list):
            raise InvalidRequestError("name the pictures")
        paths = await asyncio.to_thread(_examples, context)
        taken = []
        for name in wanted:
            path = paths.get(str(name))
            if path is None:
                raise ImageFormatError(f"there is no example '{str(name)[:_NAME]}'")
            context.sessions.room(session)
            picture = UploadedPicture(
                secrets.token_urlsafe(12), str(name), path, 0, Path(str(name)).parent.name
            )
            session.pictures[picture.id] = picture
            taken.append(_told(picture))
        return JSONResponse({"pictures": taken})

    async def examples(_: Request) -> Response:
        return JSONResponse({"names": list(await asyncio.to_thread(_examples, context))})

    async def pictures(request: Request) -> Response:
        return JSONResponse(
            {"pictures": [_told(one) for one in session_of(request).pictures.values()]}
        )

    async def forget(request: Request) -> Response:
        session = session_of(request)
        number = request.path_params.get("id")
        for one in [number] if number else list(session.pictures):
            session.remove(one)
        return JSONResponse({})

    async def describe(request: Request) -> Response:
        session = session_of(request)
        picture = session.picture(request.path_params["id"])
        series = _view(request)["series"]
        return JSONResponse(await context.decoder.describe(session, picture, series))

    async def view(request: Request) -> Response:
        session = session_of(request)
        picture = session.picture(request.path_params["id"])
        png = await context.decoder.view(session, picture, _view(request))
        return Response(
            png, media_type="image/png", headers={"cache-control": "private, max-age=3600"}
        )

    async def original(request: Request) -> Response:
        picture = session_of(request).picture(request.path_params["id"])
        try:
            data = await asyncio.to_thread(picture.path.read_bytes)
        except OSError as error:
            raise ImageFormatError(
                f"{picture.name} cannot be read: {error.strerror or error}", field="picture"
            ) from None
        return Response(data, media_type="application/octet-stream")

    return [
        Route("/api/examples", examples, methods=["GET"]),
        Route("/api/examples", take, methods=["POST"]),
        Route("/api/pictures", upload, methods=["POST"]),
        Route("/api/pictures", pictures, methods=["GET"]),
        Route("/api/pictures", forget, methods=["DELETE"]),
        Route("/api/pictures/{id}", describe, methods=["GET"]),
        Route("/api/pictures/{id}", forget, methods=["DELETE"]),
        Route("/api/pictures/{id}/view", view, methods=["GET"]),
        Route("/api/pictures/{id}/file", original, methods=["GET"]),
    ]


async def _received(
    context: Context, request: Request, session: Session, name: str, label: str
) -> UploadedPicture:
    """Write what a visitor sends to a file, as far as there is room."""
    length = request.headers.get("content-length", "")
    declared = int(length) if length.isdecimal() else 0
    room = context.sessions.room(session, declared)
    number = secrets.token_urlsafe(12)
    path, size = session.folder / number, 0
    # Held until it is whole, so that two uploads cannot share the same room.
    pending = UploadedPicture(f"pending-{number}", name, path, declared, label)
    session.pictures[pending.id] = pending
    stream = request.stream()
    done = False
    try:
        with path.open("xb") as file:
            while True:
                try:
                    async with asyncio.timeout(_SILENT_SECONDS):
                        chunk = await anext(stream)
                except StopAsyncIteration:
                    break
                size += len(chunk)
                if size > room:
                    raise LimitError(
                        f"the picture is too large: there is room for {room >> 20} MiB",
                        field="picture",
                    )
                file.write(chunk)
        if not size:
            raise ImageFormatError(f"{name} is empty (0 bytes)", field="picture")
        _check_format(name, path)
        done = True
    except TimeoutError:
        raise ImageFormatError(f"{name} did not arrive as a whole", field="picture") from None
    finally:
        session.pictures.pop(pending.id, None)
        if not done:
            path.unlink(missing_ok=True)
    picture = UploadedPicture(number, name, path, size, label)
    session.pictures[number] = picture
    return picture


def _check_format(name: str, path: Path) -> None:
    """Refuse what a client reads where it runs: here that is a process that decodes nothing of visitors."""
    with path.open("rb") as file:
        kind = kind_of_file(file.read(START_BYTES))
    if kind is not None and kind.library:
        raise ImageFormatError(
            f"{name} is {kind.name}, which the page does not read; {kind.way_out}", field="picture"
        )


def _told(picture: UploadedPicture) -> dict[str, Any]:
    return {"id": picture.id, "name": picture.name, "label": picture.label, "size": picture.size}


def _examples(context: Context) -> dict[str, Path]:
    """Return the pictures of the folder that every visitor may take, by relative name."""
    folder = context.config.pictures
    if folder is None:
        return {}
    root = folder.resolve()
    found = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() and not path.is_symlink()
    )
    return {path.relative_to(root).as_posix(): path for path in found[:_EXAMPLES]}


def _view(request: Request) -> dict[str, Any]:
    """Return which part of which plane is asked for."""
    asked = request.query_params
    found: dict[str, Any]
    try:
        box = [int(one) for one in asked["box"].split(",")] if asked.get("box") else None
        plane = dict(re.findall(r"([A-Z])=(\d+)", asked.get("plane", "")))
        found = {
            "plane": {axis: int(index) for axis, index in plane.items()},
            "series": int(asked["series"]) if asked.get("series") else None,
            "channel": int(asked.get("channel", -1)),
            "low": float(asked.get("low", 0)),
            "high": float(asked.get("high", 255)),
            "box": box,
            "longest": min(max(int(asked.get("longest", 2048)), 1), _LONGEST),
        }
    except ValueError:
        raise InvalidRequestError("a number of the view is not one") from None
    if not (math.isfinite(found["low"]) and math.isfinite(found["high"])):
        raise InvalidRequestError("black and white are numbers")
    if found["series"] is not None and found["series"] < 0:
        raise InvalidRequestError("pictures of a file are counted from 0")
    if box is not None and (len(box) != 4 or min(box) < 0):
        raise InvalidRequestError("a box is x,y,width,height")
    return found
