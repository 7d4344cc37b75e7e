"""Occlusion by captum, of any function that gives scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from captum.attr import Occlusion

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["occlude"]


def occlude(
    pixels: NDArray[Any],
    scores: Callable[[NDArray[Any]], NDArray[np.float32]],
    *,
    windows: int,
    batch: int,
) -> NDArray[np.float32]:
    """Return how much a score falls where each place is covered.

    Parameters
    ----------
    pixels
        ``(height, width)`` or ``(height, width, channels)``.
    scores
        Returns ``(pictures,)`` for ``(pictures, height, width[, channels])``.
    windows
        Number of windows along each axis.
    batch
        How many pictures are given to `scores` at once.

    Returns
    -------
    NDArray
        ``(height, width)``.
    """
    dtype = pixels.dtype

    def forward(pictures: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(scores(pictures.numpy().astype(dtype)))

    given = torch.from_numpy(pixels.astype(np.float64))[None]
    mean = given.mean((1, 2), keepdim=True)
    cover = mean.round() if dtype.kind in "ui" else mean
    sizes = [-(-side // windows) for side in pixels.shape[:2]]
    shape = (*sizes, *pixels.shape[2:])
    with torch.no_grad():
        fallen = Occlusion(forward).attribute(
            given,
            sliding_window_shapes=shape,
            strides=shape,
            baselines=cover.expand_as(given),
            perturbations_per_eval=batch,
        )
    values: NDArray[np.float32] = fallen[0].numpy().astype(np.float32)
    return values if values.ndim == 2 else values.mean(axis=2)
