"""What an answer rests on, by the package's activation map or by occlusion.

An activation map says what each place adds to the class's score (B. Zhou et al.: Learning Deep Features for
Discriminative Localization, CVPR 2016); it takes one call. Occlusion measures how much the score falls where
a window of the picture is covered (M. Zeiler, R. Fergus: Visualizing and Understanding Convolutional
Networks, ECCV 2014). It needs nothing but answers, so that it works for every framework and every package.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.training.features import read_item

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zoobridge.client import Client, Region, Result

__all__ = ["Explanation", "ExplanationMethod", "explain", "explain_pixels"]

#: ``auto``: by the activation map where the package has one, else by occlusion.
ExplanationMethod = Literal["auto", "activation", "occlusion"]

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
        ``(height, width)``: by occlusion, how much the score falls where that place is covered, below zero
        where it rises; by the activation map, what the map's cell at that place adds to the score before the
        softmax.
    windows
        Number of windows, or of cells of the map, along each axis: rows, columns.
    model
        The model, as ``id@version``.
    method
        How the values were found.
    """

    pixels: NDArray[Any]
    label: str
    score: float
    values: NDArray[np.float32]
    windows: tuple[int, int]
    model: str
    method: Literal["activation", "occlusion"]


def explain(
    client: Client,
    model: str,
    path: str | os.PathLike[str],
    *,
    region: Region | None = None,
    label: str = "",
    framework: str = "",
    windows: int = 7,
    method: ExplanationMethod = "auto",
) -> Explanation:
    """Return what the answer to a picture rests on.

    Where the package has no activation map, the picture is covered window by window with its mean colour,
    and classified again each time, through ordinary calls.

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
        How many windows along each axis occlusion covers.
    method
        How.

    Raises
    ------
    InvalidRequestError
        If the model has no such class, gives no scores, or has no activation map where one is asked for,
        or the picture cannot be read.
    """
    return explain_pixels(
        client,
        model,
        _rows_first(*read_item(Path(path), region, "")),
        label=label,
        framework=framework,
        windows=windows,
        method=method,
    )


def explain_pixels(
    client: Client,
    model: str,
    pixels: NDArray[Any],
    *,
    label: str = "",
    framework: str = "",
    windows: int = 7,
    method: ExplanationMethod = "auto",
    on_window: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Return what the answer to a picture in memory rests on.

    Parameters
    ----------
    client, model, label, framework, windows, method
        As for :func:`explain`.
    pixels
        ``(height, width)`` or ``(height, width, channels)``.
    on_window
        Called with how many windows were covered, and of how many; what it raises ends the work.

    Raises
    ------
    InvalidRequestError
        If the model has no such class, gives no scores, or has no activation map where one is asked for.
    """
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

    # A map lies over what the network saw, which is the picture only where it is stretched.
    fit = "stretch" if described.input is None else described.input.fit
    mapped = method != "occlusion" and fit == "stretch"
    axes = "YX" if pixels.ndim == 2 else "YXC"

    def ask(batch: NDArray[Any], *, activation: bool = False) -> list[Result]:
        results = client.classify(
            model,
            list(batch),
            axes=axes,
            framework=framework,
            all_scores=True,
            activation=activation,
            top_k=1,
        )
        results.raise_for_errors()
        return list(results)

    def scores(batch: NDArray[Any]) -> NDArray[np.float32]:
        return np.stack([one.scores for one in ask(batch) if one.scores is not None])

    (answer,) = ask(pixels[None], activation=mapped)
    assert answer.scores is not None  # noqa: S101 - they were asked for
    plain = answer.scores
    index = described.labels.index(label) if label else int(plain.argmax())
    known = (pixels, described.labels[index], float(plain[index]))
    if answer.activation is not None:
        own = answer.activation[index]
        values = _stretched(own, pixels.shape[:2])
        rows, columns = own.shape
        return Explanation(*known, values, (rows, columns), described.reference, "activation")
    if method == "activation":
        raise InvalidRequestError(
            f"{described.reference} has no output 'activation' that lies over the whole picture; "
            "explain by occlusion"
        )
    # It takes PyTorch.
    from zoobridge.training.explain._occlusion import occlude

    covered = 0

    def score(batch: NDArray[Any]) -> NDArray[np.float32]:
        nonlocal covered
        if on_window is not None:
            on_window(min(covered, windows**2), windows**2)
        covered += len(batch)
        return scores(batch)[:, index]

    values = occlude(pixels, score, windows=windows, batch=_BATCH)
    return Explanation(*known, values, (windows, windows), described.reference, "occlusion")


def _stretched(cells: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the cell that lies over each pixel."""
    rows, columns = (
        np.arange(side) * count // side for side, count in zip(shape, cells.shape, strict=True)
    )
    return cells[np.ix_(rows, columns)]


def _rows_first(array: NDArray[Any], axes: str) -> NDArray[Any]:
    order = [axes.index(axis) for axis in "YXC" if axis in axes]
    return array.transpose(order)
