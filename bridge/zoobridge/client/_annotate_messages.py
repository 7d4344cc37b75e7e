"""Messages of ``TrainingService.Annotate``."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

from zoobridge.client._request import parse_region
from zoobridge.client._training import TrainingItem
from zoobridge.errors import InvalidRequestError
from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.client._request import RegionLike

__all__ = ["annotate_request"]


def annotate_request(
    project: str,
    picture: Any,
    regions: Sequence[RegionLike] | None,
    labels: Sequence[str],
    *,
    groups: Sequence[str] = (),
    group: str = "",
    annotator: str | None = None,
    suggested: bool = False,
) -> pb.AnnotateRequest:
    """Return a message without pixels; see :meth:`RemoteTrainingProject.add`."""
    places = [None] if regions is None else [parse_region(one) for one in regions]
    for what, given in (("classes", labels), ("groups", groups)):
        if given and len(given) != len(places):
            raise InvalidRequestError(
                f"{len(places)} places have {len(given)} {what}; give one for each"
            )
    items = [
        pb.ItemLabel(
            region=None if place is None else place.to_message(),
            label=labels[number] if labels else "",
            suggested=suggested,
            group=groups[number] if groups else "",
        )
        for number, place in enumerate(places)
    ]
    return pb.AnnotateRequest(
        project=project,
        picture=picture.picture if isinstance(picture, TrainingItem) else None,
        items=items,
        group=group,
        annotator=_user() if annotator is None else annotator,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
