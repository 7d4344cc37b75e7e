"""Classifying a visitor's picture with several models at once, as the results come."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from zoobridge.client import Region
from zoobridge.errors import InvalidRequestError, ZooBridgeError
from zoobridge.web._context import error_record, json_body, lines, session_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from zoobridge.client import AsyncClient, Result
    from zoobridge.web._context import Context
    from zoobridge.web._sessions import UploadedPicture

__all__ = ["classify_routes"]

_MODELS: Final = 16
_REGIONS: Final = 100_000
_STROKES: Final = 5_000
# Pixels of all masks of a request; each takes a byte here.
_MASK_PIXELS: Final = 128 << 20
#: What may be asked of the client, and how it is written in JSON.
_OPTIONS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "top_k": int,
    "all_scores": bool,
    "threshold": (int, float),
    "fit": str,
    "interpolation": str,
    "intensity": (str, list),
    "channels": list,
    "mask_fill": str,
    "orientation": str,
    "axes": str,
    "series": int,
}

# A message for each result would cost more than the result; a person sees ten changes a second.
_TOGETHER: Final = 256
_APART_SECONDS: Final = 0.1


@dataclass(frozen=True)
class _Asked:
    """What to classify, by which models: each with its framework, and with the planes it takes."""

    models: tuple[tuple[str, str, str], ...]
    regions: tuple[Region, ...] | None
    options: Mapping[str, Any]


def classify_routes(context: Context) -> list[Route]:
    """Return the routes."""

    async def classify(request: Request) -> Response:
        body = await json_body(request)
        picture = session_of(request).picture(str(body.get("picture", "")))
        asked = await asyncio.to_thread(_asked, body)
        async with context.upstream.calling() as client:
            # What fails later is reported in the stream.
            await client.info(timeout=10)
        events = _events(context, client, picture, asked)
        return StreamingResponse(lines(events), media_type="application/x-ndjson")

    return [Route("/api/classify", classify, methods=["POST"])]


def _asked(body: dict[str, Any]) -> _Asked:
    """Read a request.

    Raises
    ------
    InvalidRequestError
        If it makes no sense.
    """
    try:
        models = tuple(
            (str(one["model"]), str(one.get("framework", "")), str(one.get("planes", "")))
            for one in body["models"]
        )
        given = body.get("regions") or ()
        strokes = [(float(x), float(y), float(r)) for x, y, r in body.get("painted") or ()]
        if len(models) > _MODELS or len(given) > _REGIONS or len(strokes) > _STROKES:
            raise InvalidRequestError(
                f"ask for at most {_MODELS} models, {_REGIONS} regions and {_STROKES} strokes"
            )
        if strokes and not given:
            given = [{"x": 0, "y": 0, "width": body["width"], "height": body["height"]}]
        shaped = given if strokes else [one for one in given if _has_shape(one)]
        if sum(_mask_pixels(one) for one in shaped) > _MASK_PIXELS:
            raise InvalidRequestError(
                f"regions with a shape may have {_MASK_PIXELS >> 20} million pixels together; draw "
                "fewer or smaller ones"
            )
        regions = tuple(_region(one, strokes) for one in given)
        options = _options(body.get("options") or {})
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InvalidRequestError(f"the request cannot be read: {error}") from None
    if not models:
        raise InvalidRequestError("choose a model")
    return _Asked(models, regions or None, options)


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Read the options; what is empty is as the model says."""
    options: dict[str, Any] = {}
    for name, value in given.items():
        if value in ("", None):
            continue
        if name not in _OPTIONS or not isinstance(value, _OPTIONS[name]):
            raise InvalidRequestError(f"the option {name[:40]} cannot be read", field="options")
        if isinstance(value, list):
            options[name] = tuple(int(one) if name == "channels" else float(one) for one in value)
        else:
            options[name] = value
    return options


def _has_shape(given: dict[str, Any]) -> bool:
    return bool(given.get("polygon") or given.get("hole"))


def _mask_pixels(given: dict[str, Any]) -> int:
    # A region of a negative size must not make room for others.
    return max(0, int(given["width"])) * max(0, int(given["height"]))


def _region(given: dict[str, Any], strokes: list[tuple[float, float, float]]) -> Region:
    x, y = int(given["x"]), int(given["y"])
    width, height = int(given["width"]), int(given["height"])
    corners, hole = given.get("polygon"), given.get("hole")
    mask = None
    if corners or hole or strokes:
        if width < 1 or height < 1:
            raise InvalidRequestError(f"a region of {width} × {height} pixels cannot have a shape")
        import numpy as np

        from zoobridge.web._shapes import cut_out, paint_away, polygon_mask

        mask = (
            polygon_mask([(float(a) - x, float(b) - y) for a, b in corners], width, height)
            if corners
            else np.ones((height, width), bool)
        )
        if hole:
            left, top, across, down = (int(one) for one in hole)
            cut_out(mask, left - x, top - y, across, down)
        paint_away(mask, [(a - x, b - y, r) for a, b, r in strokes])
    return Region(x, y, width, height, id=str(given.get("id", "")), mask=mask)


async def _events(
    context: Context, client: AsyncClient, picture: UploadedPicture, asked: _Asked
) -> AsyncIterator[dict[str, Any]]:
    """Yield the answers of all models as they come."""
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(maxsize=64)

    async def ask(number: int, model: str, framework: str, planes: str) -> None:
        began = time.perf_counter()
        try:
            async with context.upstream.calling():
                async for event in _answers(client, picture, asked, model, framework, planes):
                    await queue.put({"model": number, **event})
        except ZooBridgeError as error:
            await queue.put({"model": number, "error": error_record(error)})
        else:
            seconds = time.perf_counter() - began
            await queue.put({"model": number, "done": True, "seconds": seconds})

    async def ask_all() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for number, model in enumerate(asked.models):
                    group.create_task(ask(number, *model))
        finally:
            await queue.put(None)

    task = asyncio.create_task(ask_all())
    try:
        while (event := await queue.get()) is not None:
            yield event
        # An unexpected error is reported in the process' own words.
        await task
    finally:
        # The visitor left, or asks for something else.
        task.cancel()
        while not task.done():
            # Anyone who waits to put something may go on, and end.
            while not queue.empty():
                queue.get_nowait()
            await asyncio.wait([task], timeout=0.05)


async def _answers(
    client: AsyncClient,
    picture: UploadedPicture,
    asked: _Asked,
    model: str,
    framework: str,
    planes: str,
) -> AsyncIterator[dict[str, Any]]:
    """Yield one model's results, some at a time."""
    stream = client.classify_iter(
        model,
        {picture.name: picture.path},
        framework=framework,
        regions=asked.regions,
        planes=planes or None,
        **asked.options,
    )
    held: list[dict[str, Any]] = []
    last = time.monotonic()
    identity: dict[str, Any] | None = None
    async with aclosing(stream):
        async for result in stream:
            if identity is None and result.model.id:
                identity = {**asdict(result.model), "score_kind": result.score_kind}
                yield {"identity": identity}
            held.append(_told(result))
            if len(held) >= _TOGETHER or time.monotonic() - last > _APART_SECONDS:
                yield {"results": held}
                held, last = [], time.monotonic()
    if held:
        yield {"results": held}


def _told(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {
        "item": result.item_index,
        "region": result.region,
        "plane": result.plane,
    }
    if result.error is not None:
        return told | {"error": error_record(result.error)}
    scores = result.scores
    return told | {
        "top": [
            {"index": one.index, "label": one.label, "score": one.score, "positive": one.positive}
            for one in result.top
        ],
        "scores": None if scores is None else [float(one) for one in scores],
        "conversions": [asdict(one) for one in result.conversions],
        "timing": asdict(result.timing),
        "prediction_set": None if result.prediction_set is None else asdict(result.prediction_set),
        "novelty": (
            None
            if result.novelty is None
            else asdict(result.novelty) | {"exceeded": result.novelty.exceeded}
        ),
    }
