"""An explanation laid over its picture, with a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from zoobridge.training.explain._explanation import Explanation

__all__ = ["overlay"]

_LEAST_SIDE: Final = 448
_BAR: Final = 24
_MARGIN: Final = 12
_TEXT: Final = 110
#: What was done in so many places, and what the scale says.
_WORDS: Final = {
    "occlusion": ("covered in windows:", "score falls\nby so much"),
    "activation": ("activation map:", "added to the\nscore before\nthe softmax"),
}
#: Where covering lowers the score, and where it raises it (colours that colour-blind readers distinguish).
_FOR: Final = np.array([214, 96, 0], np.float64)
_AGAINST: Final = np.array([0, 90, 181], np.float64)


def overlay(explanation: Explanation) -> Image:
    """Return the picture in grey with the values in colour over it, and their scale beside it.

    Orange: covering that place lowers the score, or it adds to the score: the answer rests on it. Blue: the
    contrary.
    """
    from PIL import Image, ImageDraw

    grey = _grey(explanation.pixels)
    height, width = grey.shape
    scale = max(1, round(_LEAST_SIDE / max(height, width)))
    values = np.kron(explanation.values, np.ones((scale, scale))).astype(np.float64)
    picture = np.kron(grey, np.ones((scale, scale))).astype(np.float64)
    reach = float(np.abs(values).max()) or 1.0
    shown = Image.fromarray(_blend(picture, values / reach))
    sheet = Image.new("RGB", (shown.width + 3 * _MARGIN + _BAR + _TEXT, shown.height + 40), "white")
    sheet.paste(shown, (0, 40))
    ramp = np.repeat(np.linspace(1, -1, shown.height)[:, None], _BAR, axis=1)
    bar = Image.fromarray(_blend(np.full(ramp.shape, 160.0), ramp))
    left = shown.width + _MARGIN
    sheet.paste(bar, (left, 40))
    draw = ImageDraw.Draw(sheet)
    rows, columns = explanation.windows
    how, scale_of = _WORDS[explanation.method]
    draw.text(
        (4, 4),
        f"{explanation.model}: {explanation.label} {explanation.score:.3f}\n"
        f"{how} {rows} x {columns}",
        fill="black",
    )
    for value, place in (
        (reach, 40),
        (0.0, 40 + shown.height // 2 - 6),
        (-reach, shown.height + 28),
    ):
        draw.text((left + _BAR + 6, place), f"{value:+.3f}" if value else "0", fill="black")
    draw.text((left + _BAR + 6, 54), scale_of, fill="black")
    return sheet


def _blend(grey: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.uint8]:
    weight = np.abs(values)[..., None] * 0.7
    colour = np.where((values > 0)[..., None], _FOR, _AGAINST)
    return np.round(grey[..., None] * (1 - weight) + colour * weight).astype(np.uint8)


def _grey(pixels: NDArray[Any]) -> NDArray[np.float64]:
    values = np.nan_to_num(pixels.astype(np.float64))
    flat = values if values.ndim == 2 else values[..., :3].mean(axis=2)
    if pixels.dtype == np.uint8:
        return flat
    low, high = float(flat.min()), float(flat.max())
    return (flat - low) * (255 / (high - low) if high > low else 0)
