"""Which picture of a TIFF file is meant, where it holds several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tifffile

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._pictures import times
from zoobridge.imaging._types import Conversion, ConversionKind

__all__ = ["ChosenSeries", "choose_series"]

# Bits of NewSubfileType (TIFF 6.0, tag 254).
_REDUCED, _MASK = 1, 4
# What vendors call the pictures beside the picture, in whole-slide and OME files.
_ASIDE = ("thumbnail", "label", "macro", "overview", "preview")
# In a longer stack of pages of one kind, no page is a mask of another.
_FEW_PAGES = 16


@dataclass(frozen=True)
class ChosenSeries:
    """One picture of a file.

    Parameters
    ----------
    series
        Its pages.
    index
        Its place among the pictures of the file.
    notes
        A note about the choice.
    """

    series: tifffile.TiffPageSeries
    index: int
    notes: tuple[Conversion, ...] = ()


def choose_series(file: tifffile.TiffFile, asked: int | None) -> ChosenSeries:
    """Choose a picture: the one asked for, else the first that is not a thumbnail, reduced copy or mask.

    Thumbnails, reduced copies and masks (NewSubfileType), and what vendors store beside the picture
    (label, macro), come after all others.

    Raises
    ------
    ImageFormatError
        If the file holds no picture, or not the one that was asked for.
    """
    every = [_without_asides(one) for one in file.series]
    if not every:
        raise ImageFormatError("the TIFF file holds no picture", field="image.encoded")
    if asked is not None:
        if asked >= len(every):
            raise ImageFormatError(
                f"the file holds no picture {asked}; it holds {_listed(every)}",
                field="image.series",
            )
        return ChosenSeries(every[asked], asked)
    own = [index for index, one in enumerate(every) if not _is_aside(one)]
    index = own[0] if own else 0
    if len(every) == 1:
        return ChosenSeries(every[0], 0)
    detail = f"picture {index} was taken: {_listed(every)}"
    notice = ""
    if len(own) != 1:
        count = len(own) or len(every)
        notice = f"the file holds {count} pictures, and picture {index} was taken: {_listed(every)}"
    note = Conversion(
        ConversionKind.SERIES_SELECTED, detail, notice, "image.series" if notice else ""
    )
    return ChosenSeries(every[index], index, (note,))


def _is_aside(series: tifffile.TiffPageSeries) -> bool:
    kind = int(getattr(series.keyframe, "subfiletype", 0) or 0)
    words = str(series.name or "").lower()
    return bool(kind & (_REDUCED | _MASK)) or any(one in words for one in _ASIDE)


def _without_asides(series: tifffile.TiffPageSeries) -> tifffile.TiffPageSeries:
    """Return a series without pages that are masks or reduced copies of its other pages."""
    if series.kind not in {"uniform", "generic"} or not 1 < len(series) <= _FEW_PAGES:
        return series
    pages = [_whole(series, page) for page in series.pages]
    kinds = [page.subfiletype & (_REDUCED | _MASK) for page in pages]
    own = [page for page, kind in zip(pages, kinds, strict=True) if not kind]
    if not own or len(own) == len(pages):
        return series
    page = own[0]
    shape, axes = tuple(page.shape), page.axes
    if len(own) > 1:
        shape, axes = (len(own), *shape), f"I{axes}"
    return tifffile.TiffPageSeries(own, shape, page.dtype, axes, kind=series.kind)


def _whole(series: tifffile.TiffPageSeries, page: Any) -> tifffile.TiffPage:
    if isinstance(page, tifffile.TiffPage):
        return page
    return series.parent.pages.get(page.index, aspage=True)  # type: ignore[union-attr, return-value]


def _listed(every: Sequence[tifffile.TiffPageSeries]) -> str:
    shown = [f"{index} ({_described(one)})" for index, one in enumerate(every[:6])]
    more = f", … {len(every)} in all" if len(every) > len(shown) else ""
    return ", ".join(shown) + more


def _described(series: tifffile.TiffPageSeries) -> str:
    kind = int(getattr(series.keyframe, "subfiletype", 0) or 0)
    name = str(series.name or "").strip()
    words = [times(series.shape)]
    if name:
        words.append(name[:40])
    if kind & _REDUCED:
        words.append("reduced")
    if kind & _MASK:
        words.append("mask")
    return ", ".join(words)
