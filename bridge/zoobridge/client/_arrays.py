"""The pixels of arrays, and of what can be made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import ImageFormatError
from zoobridge.protocol import lay_out

if TYPE_CHECKING:
    from zoobridge.protocol.v1 import image_pb2

__all__ = ["array_pixels", "pillow_pixels"]

# Dimension names of labelled arrays, as xarray and its bio-imaging users write them.
_DIMENSIONS = {
    "y": "Y", "row": "Y", "rows": "Y",
    "x": "X", "col": "X", "column": "X", "columns": "X",
    "c": "C", "channel": "C", "channels": "C", "band": "C", "rgb": "C", "s": "C",
    "z": "Z", "slice": "Z", "plane": "Z",
    "t": "T", "time": "T", "frame": "T",
    "p": "P", "position": "P", "a": "A", "angle": "A",
}  # fmt: skip


def array_pixels(array: Any, axes: str) -> tuple[image_pb2.Pixels, memoryview]:
    """Return what the elements of an array are, and the elements.

    Parameters
    ----------
    array
        An array of NumPy, xarray, dask or torch.
    axes
        One letter an axis; empty to take what the array states, or what is usual for its shape.

    Raises
    ------
    ImageFormatError
        If its axes are not known, or it cannot be sent.
    """
    elements = np.asarray(array)
    return lay_out(elements, axes or _axes_of(array) or _usual_axes(elements.shape))


def pillow_pixels(image: Any, axes: str) -> tuple[image_pb2.Pixels, memoryview]:
    """Return the pixels of a PIL image as :func:`array_pixels` does.

    A palette is resolved, which loses nothing.
    """
    if image.mode in {"P", "PA"}:
        has_alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    bands = len(image.getbands())
    if bands > 1 and image.mode not in {"RGB", "RGBA", "LA"}:
        raise ImageFormatError(
            f"a PIL image of mode {image.mode} is neither grey nor RGB; "
            'convert it first: image.convert("RGB")',
            field="image.pixels",
        )
    return lay_out(np.asarray(image), axes or ("YX" if bands == 1 else "YXC"))


def _axes_of(array: Any) -> str:
    """Return the axes that a labelled array states; empty where it states none that are known."""
    dims = getattr(array, "dims", None)
    if not isinstance(dims, tuple):
        return ""
    letters = [_DIMENSIONS.get(str(name).lower(), "") for name in dims]
    return "".join(letters) if all(letters) else ""


def _usual_axes(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return "YX"
    if len(shape) == 3 and shape[2] in {3, 4} and min(shape[:2]) > 4:
        return "YXC"
    raise ImageFormatError(
        f"cannot infer the axes of an array of shape {shape}; give axes=…, one letter per axis, "
        "such as ZYX for a stack, CYX for channels first, or YXC for channels last",
        field="image.pixels.axes",
    )
