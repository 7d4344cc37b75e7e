"""The zoo as cards: models, covers, loading and unloading."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoobridge.errors import ManagingPermissionError, UnknownModelError
from zoobridge.web._context import json_body, session_of
from zoobridge.web._sessions import VisitorRole

if TYPE_CHECKING:
    from starlette.requests import Request

    from zoobridge.client import Model
    from zoobridge.web._context import Context

__all__ = ["zoo_routes"]

_ASK_SECONDS: Final = 30.0
_LABELS: Final = 12

# Kinds of pictures that a browser shows without running anything.
_COVERS: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def zoo_routes(context: Context) -> list[Route]:
    """Return the routes."""

    async def models(_: Request) -> Response:
        async with context.upstream.calling() as client:
            found = await client.models(timeout=_ASK_SECONDS)
            frameworks = await client.frameworks(timeout=_ASK_SECONDS)
        return JSONResponse(
            {
                "models": [_card(model) for model in found],
                "frameworks": [asdict(one) for one in frameworks],
            }
        )

    async def model(request: Request) -> Response:
        async with context.upstream.calling() as client:
            found = await client.model(request.path_params["name"], timeout=_ASK_SECONDS)
        return JSONResponse(_card(found, whole=True))

    async def cover(request: Request) -> Response:
        async with context.upstream.calling() as client:
            found = await client.model(
                request.path_params["name"], include_cover=True, timeout=_ASK_SECONDS
            )
        if found.cover_media_type not in _COVERS:
            raise UnknownModelError(f"{found.reference} has no cover that can be shown")
        return Response(
            found.cover,
            media_type=found.cover_media_type,
            headers={"cache-control": "private, max-age=300"},
        )

    async def load(request: Request) -> Response:
        session, name = session_of(request), request.path_params["name"]
        framework = str((await json_body(request)).get("framework", ""))
        if session.role < VisitorRole.MANAGER:
            raise ManagingPermissionError("log in with the managing token to load a model")
        async with context.upstream.managing(session.token) as client:
            loaded = await client.load(name, framework)
        context.note(f"loaded {name} with {loaded.framework}")
        return JSONResponse(asdict(loaded))

    async def unload(request: Request) -> Response:
        session, name = session_of(request), request.path_params["name"]
        framework = str((await json_body(request)).get("framework", ""))
        if session.role < VisitorRole.MANAGER:
            raise ManagingPermissionError("log in with the managing token to unload a model")
        async with context.upstream.managing(session.token) as client:
            count = await client.unload(name, framework)
        context.note(f"unloaded {count} copies of {name}")
        return JSONResponse({"unloaded": count})

    return [
        Route("/api/models", models, methods=["GET"]),
        Route("/api/models/{name}", model, methods=["GET"]),
        Route("/api/models/{name}/cover", cover, methods=["GET"]),
        Route("/api/models/{name}/load", load, methods=["POST"]),
        Route("/api/models/{name}/unload", unload, methods=["POST"]),
    ]


def _card(model: Model, *, whole: bool = False) -> dict[str, Any]:
    """Return a model as JSON; a list of models holds the first of many labels only."""
    card = asdict(model)
    del card["cover"]
    card["reference"] = model.reference
    card["frameworks"] = list(model.frameworks)
    card["classes"] = len(model.labels)
    if not whole:
        del card["documentation"]
        card["labels"] = list(model.labels[:_LABELS])
        card["label_colors"] = list(model.label_colors[:_LABELS])
    return card
