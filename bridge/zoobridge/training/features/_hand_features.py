"""Features made by hand: gradients, local patterns, co-occurrence and colour.

They are what FrImCla and WND-CHARM offer where no trained network is at hand: histograms of oriented
gradients (Dalal & Triggs, CVPR 2005), local binary patterns (Ojala et al., PAMI 24:971, 2002), grey-level
co-occurrence (Haralick et al., 1973), and moments and histograms of the channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HAND_FEATURES", "hand_features"]

#: Names these features in the cache; another number where what is computed changes.
HAND_FEATURES: Final = "hand-features-1"

_SIDE: Final = 128
_LEVELS: Final = 32
_BINS: Final = 16
_CHANNELS: Final = 3
# Each with the greatest value that it can have.
_PROPERTIES: Final = {
    "contrast": (_LEVELS - 1) ** 2,
    "dissimilarity": _LEVELS - 1,
    "homogeneity": 1,
    "energy": 1,
    "correlation": 1,
}
# Points and radius of local binary patterns, in pixels.
_PATTERNS: Final = ((8, 1), (16, 2))


def hand_features(array: NDArray[Any], axes: str) -> NDArray[np.float32]:
    """Return the features of a picture ``(dimensions,)``; the same number for every picture.

    Parameters
    ----------
    array
        A grey picture, or one with channels, of any type; the first three channels are used.
    axes
        ``Y`` and ``X``, and ``C`` where there are channels.
    """
    from skimage import feature, transform

    untyped: Any = feature
    resize: Any = transform.resize
    channels = _scaled(array, axes)
    histograms = [
        np.histogram(channels[..., one], _BINS, (0, 1))[0] / channels[..., one].size
        for one in range(_CHANNELS)
    ]
    colour = [*histograms, channels.mean((0, 1)), channels.std((0, 1))]
    grey = resize(channels.mean(axis=2), (_SIDE, _SIDE), anti_aliasing=True)
    gradients = untyped.hog(grey, orientations=8, pixels_per_cell=(32, 32), cells_per_block=(2, 2))
    eight_bit = np.round(grey * 255).astype(np.uint8)
    patterns = [
        np.histogram(untyped.local_binary_pattern(eight_bit, points, radius, "uniform"), points + 2,
                     (0, points + 2), density=True)[0]
        for points, radius in _PATTERNS
    ]  # fmt: skip
    together = untyped.graycomatrix(
        eight_bit // (256 // _LEVELS),
        distances=[1, 2, 4],
        angles=[0, np.pi / 4, np.pi / 2, 3 * np.pi / 4],
        levels=_LEVELS,
        symmetric=True,
        normed=True,
    )
    texture = [
        untyped.graycoprops(together, name).ravel() / most for name, most in _PROPERTIES.items()
    ]
    found = np.concatenate([*colour, gradients, *patterns, *texture])
    return found.astype(np.float32)


def _scaled(array: NDArray[Any], axes: str) -> NDArray[np.float64]:
    """Return ``(height, width, 3)`` from 0 to 1."""
    order = [axes.index(axis) for axis in "YXC" if axis in axes]
    values = np.nan_to_num(array.transpose(order).astype(np.float64))
    if array.dtype == np.uint8:
        values /= 255
    else:
        low, high = float(values.min()), float(values.max())
        values = (values - low) / (high - low) if high > low else np.zeros_like(values)
    if values.ndim == 2:
        values = values[..., None]
    if values.shape[2] < _CHANNELS:
        # Of one or two channels the first is taken three times: the number of features is the same.
        values = np.repeat(values[..., :1], _CHANNELS, axis=2)
    return values[..., :_CHANNELS]
