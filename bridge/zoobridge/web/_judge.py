"""Judging blindly, in the browser."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoobridge.errors import InvalidRequestError, ManagingPermissionError
from zoobridge.web._context import json_body, session_of
from zoobridge.web._security import same_token
from zoobridge.web._sessions import UploadedPicture, VisitorRole
from zoobridge.web._studies import StudyItem

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from zoobridge.web._context import Context
    from zoobridge.web._sessions import Session
    from zoobridge.web._studies import Study

__all__ = ["judge_routes"]

_TOP: Final = 3
_NAME: Final = 60


def judge_routes(context: Context) -> list[Route]:
    """Return the routes."""

    async def create(request: Request) -> Response:
        session, body = session_of(request), await json_body(request)
        title = str(body.get("title") or "Which is better?")
        models, sets = body.get("models"), body.get("sets")
        files: dict[str, Path] = {}
        if models and len(models) == 2:
            a, b = str(models[0]), str(models[1])
            chosen = [session.picture(str(one)) for one in body.get("pictures") or ()]
            items = await _answered(context, (a, b), chosen, files)
        elif sets and len(sets) == 2:
            a, b = (str(one) for one in body.get("names") or ("first set", "second set"))
            items = _paired(session, sets, files)
        else:
            raise InvalidRequestError("choose two models, or two sets of pictures")
        study = context.studies.create(title, a, b, items, files)
        context.note(f"a study of {len(items)} items began")
        return JSONResponse({"id": study.id, "owner": study.owner})

    async def state(request: Request) -> Response:
        study, judge = _study(request)
        return JSONResponse(study.state(judge))

    async def item(request: Request) -> Response:
        study, judge = _study(request)
        number = int(request.path_params["number"])
        found, a_left, index = study.place(judge, number)
        left, right = (found.a, found.b) if a_left else (found.b, found.a)
        return JSONResponse(
            {
                "same_picture": found.a["picture"] == found.b["picture"],
                "left": left["answers"],
                "right": right["answers"],
                "chosen": _side(study.votes.get(judge, {}).get(index), a_left=a_left),
            }
        )

    async def picture(request: Request) -> Response:
        study, judge = _study(request)
        found, a_left, _ = study.place(judge, int(request.path_params["number"]))
        side = found.a if (request.path_params["side"] == "left") == a_left else found.b
        shown = UploadedPicture("", "", study.folder / side["picture"], 0)
        session = session_of(request)
        facts = await context.decoder.describe(session, shown, None)
        png = await context.decoder.view(
            session, shown,
            {"plane": {}, "series": None, "channel": -1, "low": facts["low"],
             "high": facts["high"], "box": None, "longest": 1024},
        )  # fmt: skip
        return Response(png, media_type="image/png")

    async def vote(request: Request) -> Response:
        body = await json_body(request)
        study, judge = _study(request)
        number = body.get("number")
        if not isinstance(number, int):
            raise InvalidRequestError("say which item")
        study.vote(judge, number, str(body.get("choice", "")))
        return JSONResponse(study.state(judge))

    async def verdict(request: Request) -> Response:
        return JSONResponse(_owned(request).verdict())

    async def table(request: Request) -> Response:
        return Response(
            _owned(request).table(),
            media_type="text/csv",
            headers={"content-disposition": 'attachment; filename="votes.csv"'},
        )

    def _study(request: Request) -> tuple[Study, str]:
        judge = " ".join(request.query_params.get("judge", "").split())[:_NAME]
        return context.studies.get(request.path_params["id"]), judge

    def _owned(request: Request) -> Study:
        study, _ = _study(request)
        mine = same_token(request.query_params.get("owner", ""), study.owner)
        if not mine and session_of(request).role < VisitorRole.MANAGER:
            raise ManagingPermissionError("the verdict is shown to who made the study")
        return study

    base = "/api/studies/{id}"
    return [
        Route("/api/studies", create, methods=["POST"]),
        Route(base, state, methods=["GET"]),
        Route(base + "/items/{number:int}", item, methods=["GET"]),
        Route(base + "/items/{number:int}/{side}", picture, methods=["GET"]),
        Route(base + "/votes", vote, methods=["POST"]),
        Route(base + "/verdict", verdict, methods=["GET"]),
        Route(base + "/votes.csv", table, methods=["GET"]),
    ]


def _side(chosen: str | None, *, a_left: bool) -> str | None:
    if chosen is None or chosen == "equal":
        return chosen
    return "left" if (chosen == "a") == a_left else "right"


async def _answered(
    context: Context,
    models: tuple[str, str],
    pictures: list[UploadedPicture],
    files: dict[str, Path],
) -> list[StudyItem]:
    """Return items of one picture with two models' answers."""
    named = {one.id: one.path for one in pictures}
    if not named:
        raise InvalidRequestError("add pictures to judge")
    answers: list[dict[str, list[Any]]] = []
    for one in models:
        model, _, framework = one.partition(":")
        found: dict[str, list[Any]] = {}
        async with context.upstream.calling() as client:
            results = await client.classify(model, named, framework=framework, top_k=_TOP)
        for result in results:
            # Of a stack the first plane speaks.
            if result.image not in found:
                told = [[top.label, top.score] for top in result.top]
                found[result.image] = told or [["no answer", None]]
        answers.append(found)
    items = []
    for number, picture in enumerate(pictures):
        name = f"{number}.picture"
        files[name] = picture.path
        sides = [{"picture": name, "answers": found.get(picture.id, [])} for found in answers]
        items.append(StudyItem(picture.name, *sides))
    return items


def _paired(session: Session, sets: list[Any], files: dict[str, Path]) -> list[StudyItem]:
    """Return items of two pictures: those of the same name, or of the same place."""
    first, second = ([session.picture(str(one)) for one in ids] for ids in sets)
    by_name = {PurePath(one.name).name: one for one in second}
    if all(PurePath(one.name).name in by_name for one in first):
        pairs = [(one, by_name[PurePath(one.name).name]) for one in first]
    elif len(first) == len(second):
        pairs = list(zip(first, second, strict=True))
    else:
        raise InvalidRequestError(
            "the sets do not match: give files of the same names, or as many in both"
        )
    items = []
    for number, (one, other) in enumerate(pairs):
        names = f"{number}-a.picture", f"{number}-b.picture"
        files |= {names[0]: one.path, names[1]: other.path}
        sides = [{"picture": name, "answers": []} for name in names]
        items.append(StudyItem(one.name, *sides))
    return items
