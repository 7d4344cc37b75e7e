"""Distinct colours for classes."""

from __future__ import annotations

import colorsys

__all__ = ["distinct_colors"]

#: The golden ratio's fraction: multiples of it, modulo 1, never come close to each other.
_GOLDEN = 0.6180339887498949


def distinct_colors(count: int) -> tuple[str, ...]:
    """Return colours of distinct hue, readable on light and dark ground.

    Hues step by the golden angle (`Vogel 1979 <https://doi.org/10.1016/0025-5564(79)90080-4>`_),
    so that the first few are far apart whatever the count, and one class more changes no colour.

    Parameters
    ----------
    count
        How many.

    Returns
    -------
    tuple of str
        ``#rrggbb``.
    """
    colors = []
    for index in range(count):
        # Hues alone come close after a dozen; value and saturation then distinguish them.
        value = (0.9, 0.65)[(index // 12) % 2]
        saturation = (0.85, 0.55)[(index // 24) % 2]
        rgb = colorsys.hsv_to_rgb((0.58 + index * _GOLDEN) % 1.0, saturation, value)
        colors.append("#" + "".join(f"{round(255 * part):02x}" for part in rgb))
    return tuple(colors)
