"""Small pictures for a report, as PNG inside the page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from zoobridge.client import Region
    from zoobridge.evaluation.datasets._dataset import LabelledItem

__all__ = ["RULE", "Thumbnail", "thumbnail"]

#: How pictures that browsers cannot show are converted; stated in the report.
RULE = (
    "Pictures of 8 bits are shown unchanged. Others are rescaled by the rule min_max: the smallest "
    "value of the picture becomes black and the greatest white. Of a stack the first plane is shown, "
    "of channels other than red, green and blue the first. Around an object the picture is dimmed."
)

_SIDE = 96
_MARGIN = 0.25
# Larger ones are not worth the time that a thumbnail takes.
_PIXELS = 200_000_000


@dataclass(frozen=True)
class Thumbnail:
    """A small picture.

    Parameters
    ----------
    data
        ``data:`` address of a PNG; empty where the picture cannot be shown.
    note
        What was done to show it, or why it cannot be shown; empty where it is shown unchanged.
    """

    data: str
    note: str = ""


def thumbnail(item: LabelledItem) -> Thumbnail:
    """Return a small picture of an item; one that cannot be read has a note that says why."""
    from PIL import Image

    try:
        pixels = _plane(item.path)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        return Thumbnail("", f"cannot be shown: {error}")
    shown, note = _eight_bits(pixels)
    if item.region is not None:
        shown = _cut(shown, item.region)
    picture = Image.fromarray(shown)
    scale = _SIDE / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    file = io.BytesIO()
    picture.resize((size[0], size[1]), how).save(file, "PNG", optimize=True)
    return Thumbnail(f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}", note)


def _plane(path: Path) -> NDArray[Any]:
    """Return ``(height, width)`` or ``(height, width, 3)`` of a file's first plane."""
    if path.suffix.lower() in (".tif", ".tiff"):
        return _tiff_plane(path)
    from PIL import Image

    with Image.open(path) as picture:
        if picture.width * picture.height > _PIXELS:
            raise ValueError(f"it has {picture.width} × {picture.height} pixels")
        if picture.mode in {"1", "P", "PA", "LA", "RGBA", "CMYK", "YCbCr"}:
            grey = picture.mode in {"1", "LA"}
            return np.asarray(picture.convert("L" if grey else "RGB"))
        return np.asarray(picture)


def _tiff_plane(path: Path) -> NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        if not file.series:
            raise ValueError("the TIFF file holds no picture")
        series = file.series[0]
        axes, shape = series.axes, series.shape
        if int(np.prod(shape, dtype=np.int64)) > _PIXELS:
            raise ValueError(f"it has the shape {shape}")
        pixels = series.asarray()
    colour = "S" if "S" in axes else "C" if "C" in axes else ""
    index: list[Any] = []
    for axis, length in zip(axes, shape, strict=True):
        if axis in "YX" or (axis == colour and length in (3, 4)):
            index.append(slice(0, 3) if axis == colour else slice(None))
        else:
            index.append(0)
    plane = pixels[tuple(index)]
    if plane.ndim == 3 and axes.index(colour) < axes.index("Y"):
        plane = np.moveaxis(plane, 0, -1)
    if plane.ndim not in (2, 3):
        raise ValueError(f"its axes are {axes}")
    return np.asarray(plane)


def _eight_bits(pixels: NDArray[Any]) -> tuple[NDArray[np.uint8], str]:
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * 255, ""
    if pixels.dtype == np.uint8:
        return pixels, ""
    values = np.nan_to_num(pixels.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / (high - low) if high > low else 0)
    return np.round(scaled).astype(np.uint8), f"{pixels.dtype}, min_max {low:g} to {high:g}"


def _cut(pixels: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    """Return an object with a margin around it, dimmed outside its mask."""
    margin = max(2, round(_MARGIN * max(region.width, region.height)))
    top, left = max(0, region.y - margin), max(0, region.x - margin)
    bottom, right = region.y + region.height + margin, region.x + region.width + margin
    inside = np.zeros(pixels.shape[:2], bool)
    box = inside[region.y : region.y + region.height, region.x : region.x + region.width]
    box[...] = True if region.mask is None else region.mask[: box.shape[0], : box.shape[1]]
    weight = np.where(inside, 1.0, 0.5)[top:bottom, left:right]
    cut = pixels[top:bottom, left:right]
    return (cut * (weight[..., None] if cut.ndim == 3 else weight)).astype(np.uint8)
