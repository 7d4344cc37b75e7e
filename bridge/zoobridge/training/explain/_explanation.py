"""Occlusion: how much the score of a class falls where a window of the picture is covered.

M. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014. It needs nothing
but answers, so that it works for every framework and every package.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.training.features import read_item

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zoobridge.client import Client, Region

__all__ = ["Explanation", "explain", "explain_pixels"]

#: Pictures of one call.
_BATCH: Final = 16
#: Larger pictures are thinned out: a covered window of theirs is larger than what a model sees of it.
_SIDE: Final = 1024


@dataclass(frozen=True, eq=False)
class Explanation:
    """What an answer rests on.

    Parameters
    ----------
    pixels
        ``(height, width)`` or ``(height, width, channels)``: the item.
    label, score
        The class that is explained, and its score for the unchanged item.
    values
        ``(height, width)``: how much the score falls where that place is covered; below zero where it
        rises.
    windows
        Number of windows along each axis.
    model
        The model, as ``id@version``.
    """

    pixels: NDArray[Any]
    label: str
    score: float
    values: NDArray[np.float32]
    windows: int
    model: str


def explain(
    client: Client,
    model: str,
    path: str | os.PathLike[str],
    *,
    region: Region | None = None,
    label: str = "",
    framework: str = "",
    windows: int = 7,
) -> Explanation:
    """Return what the answer to a picture rests on.

    The picture is covered window by window with its mean colour, and classified again each time,
    through ordinary calls.

    Parameters
    ----------
    client
        Connected to a server.
    model
        ``id`` or ``id@version``.
    path
        The picture.
    region
        A place in it; `None` for all of it.
    label
        The class to explain; the best one by default.
    framework
        As for :meth:`~zoobridge.client.Client.classify`.
    windows
        How many windows along each axis.

    Raises
    ------
    InvalidRequestError
        If the model has no such class, gives no scores, or the picture cannot be read.
    """
    return explain_pixels(
        client,
        model,
        _rows_first(*read_item(Path(path), region, "")),
        label=label,
        framework=framework,
        windows=windows,
    )


def explain_pixels(
    client: Client,
    model: str,
    pixels: NDArray[Any],
    *,
    label: str = "",
    framework: str = "",
    windows: int = 7,
    on_window: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Return what the answer to a picture in memory rests on.

    Parameters
    ----------
    client, model, label, framework, windows
        As for :func:`explain`.
    pixels
        ``(height, width)`` or ``(height, width, channels)``.
    on_window
        Called with how many windows were covered, and of how many; what it raises ends the work.

    Raises
    ------
    InvalidRequestError
        If the model has no such class, or gives no scores.
    """
    from zoobridge.training.explain._occlusion import occlude

    described = client.model(model)
    if described.score_kind == "label_only":
        raise InvalidRequestError(
            f"{described.reference} gives no scores, which an explanation needs; choose another model"
        )
    if label and label not in described.labels:
        raise InvalidRequestError(
            f"{described.reference} has no class {label!r}; its classes are "
            f"{', '.join(described.labels[:20])}"
        )
    thin = -(-max(pixels.shape[:2]) // _SIDE)
    pixels = np.ascontiguousarray(pixels[::thin, ::thin])

    def scores(batch: NDArray[Any]) -> NDArray[np.float32]:
        axes = "YX" if batch.ndim == 3 else "YXC"
        results = client.classify(
            model, list(batch), axes=axes, framework=framework, all_scores=True, top_k=1
        )
        results.raise_for_errors()
        return np.stack([one.scores for one in results if one.scores is not None])

    (plain,) = scores(pixels[None])
    index = described.labels.index(label) if label else int(plain.argmax())
    covered = 0

    def score(batch: NDArray[Any]) -> NDArray[np.float32]:
        nonlocal covered
        if on_window is not None:
            on_window(min(covered, windows**2), windows**2)
        covered += len(batch)
        return scores(batch)[:, index]

    values = occlude(pixels, score, windows=windows, batch=_BATCH)
    return Explanation(
        pixels, described.labels[index], float(plain[index]), values, windows, described.reference
    )


def _rows_first(array: NDArray[Any], axes: str) -> NDArray[Any]:
    order = [axes.index(axis) for axis in "YXC" if axis in axes]
    return array.transpose(order)
