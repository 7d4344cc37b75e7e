"""Whether a layer suits a model, told before a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_zoobridge._pixels import PlaneSource
    from zoobridge.client import Model, ModelInput

__all__ = ["FitReport", "expectation", "judge"]


@dataclass(frozen=True)
class FitReport:
    """What to expect of a model and a layer.

    Parameters
    ----------
    fits
        The server will take the layer's planes, as they are or converted.
    sentence
        Why not, or what is converted on the way.
    """

    fits: bool
    sentence: str


def expectation(model: Model) -> str:
    """Describe in one line what a model wants to see."""
    wanted = model.input
    if wanted is None:
        return model.problem or "unknown"
    channels = ", ".join(wanted.channel_names) or "one grey channel"
    sizes = [_size_text(wanted, axis) for axis in "YX"]
    size = " × ".join(sizes)
    parts = [f"{size} pixels", channels]
    if wanted.intensity_range is not None:
        low, high = wanted.intensity_range
        parts.append(f"intensities {low:g} … {high:g}")
    return "; ".join(parts)


def _size_text(wanted: ModelInput, axis: str) -> str:
    size = wanted.sizes.get(axis)
    if size is None:
        return "any"
    return f"{size.min} + n·{size.step}" if size.step else str(size.min)


def judge(model: Model, source: PlaneSource, *, regions: bool) -> FitReport:
    """Tell whether a model takes a layer, and what happens to the pixels.

    Parameters
    ----------
    model
        The model.
    source
        The image, with what its axes mean.
    regions
        Regions are classified rather than whole planes; their sizes differ from the plane's.
    """
    wanted = model.input
    if model.problem or wanted is None:
        return FitReport(fits=False, sentence=model.problem or "The package says nothing of it.")
    have, need = source.length("C"), max(1, len(wanted.channel_names))
    notes = []
    if have != need:
        if have == 1 and need == 3:
            notes.append("grey is repeated for red, green and blue")
        elif have == 3 and need == 1:
            notes.append("colour is turned to grey")
        elif have == 4 and need == 3:
            notes.append("opacity is left out")
        else:
            names = ", ".join(wanted.channel_names)
            return FitReport(
                fits=False,
                sentence=f"{model.id} wants {need} channel{'s' if need > 1 else ''} ({names}); "
                f"the layer has {have}. Say which axis holds the channels, or take another layer.",
            )
    if not regions:
        frame = source.frame
        if not (_allowed(wanted, "Y", frame.height) and _allowed(wanted, "X", frame.width)):
            if wanted.fit == "refuse":
                return FitReport(
                    fits=False,
                    sentence=f"{model.id} takes {_size_text(wanted, 'Y')} × "
                    f"{_size_text(wanted, 'X')} pixels only; the plane has "
                    f"{frame.height} × {frame.width}. Classify regions of that size, or a grid.",
                )
            notes.append(f"planes are {_way(wanted)}")
    elif wanted.fit != "refuse":
        notes.append(f"regions of other sizes are {_way(wanted)}")
    if _wide_integer(source) and wanted.intensity_range is not None:
        low, high = wanted.intensity_range
        notes.append(f"{np.dtype(source.array.dtype).name} is rescaled to {low:g} … {high:g}")
    return FitReport(fits=True, sentence="Fits." if not notes else f"Fits: {'; '.join(notes)}.")


def _way(wanted: ModelInput) -> str:
    size = f"{_size_text(wanted, 'Y')} × {_size_text(wanted, 'X')}"
    return {
        "pad": f"scaled into {size}, keeping their shape, and padded",
        "crop": f"scaled over {size}, keeping their shape, and cropped",
        "center": f"cut to the {size} pixels in their middle, or padded, without scaling",
    }.get(wanted.fit, f"stretched to {size}")


def _wide_integer(source: PlaneSource) -> bool:
    dtype = np.dtype(source.array.dtype)
    return dtype.kind in "iu" and dtype.itemsize > 1


def _allowed(wanted: ModelInput, axis: str, length: int) -> bool:
    size = wanted.sizes.get(axis)
    if size is None:
        return True
    if not size.step:
        return length == size.min
    return length >= size.min and (length - size.min) % size.step == 0
