"""From the channels of a picture to those that a model takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import ModelInputError
from zoobridge.imaging._types import AxisSize, Conversion, ConversionKind, InputSpec

__all__ = ["ChannelPlan", "plan_channels"]

# Luma of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
_RGB_NAMES = (("red", "r"), ("green", "g"), ("blue", "b"))
_PLACEHOLDER = re.compile(r"(channel|c|ch)?[ _-]?\d*$", re.IGNORECASE)


class ChannelPlan:
    """What is done to the channels of every item of a picture.

    Parameters
    ----------
    picked
        Channels to take, in order; `None` for all as they lie.
    grey
        Whether the three channels taken are then weighted to one.
    copies
        How often a single channel is then repeated.
    conversions
        All that as phrases.

    Attributes
    ----------
    taken
        `picked`.
    """

    def __init__(
        self,
        picked: tuple[int, ...] | None,
        *,
        grey: bool,
        copies: int,
        conversions: tuple[Conversion, ...],
    ) -> None:
        self.taken = picked
        self._grey = grey
        self._copies = copies
        self.conversions = conversions

    def apply(self, items: NDArray[Any], axis: int) -> NDArray[Any]:
        """Return the items with the channels that matter, of the same dtype.

        A single one that the model takes several times is repeated by :meth:`repeat`, later, so
        that all between is done once.
        """
        if self.taken is not None:
            first, count = self.taken[0], len(self.taken)
            if self.taken == tuple(range(first, first + count)):
                items = items[(slice(None),) * axis + (slice(first, first + count),)]
            else:
                items = np.take(items, self.taken, axis=axis)
        if self._grey:
            items = np.expand_dims(_luma(np.moveaxis(items, axis, -1)), axis)
        return items

    def repeat(self, items: NDArray[Any], axis: int) -> NDArray[Any]:
        """Return a view in which a grey channel stands as often as the model takes it."""
        if self._copies == 1:
            return items
        shape = list(items.shape)
        shape[axis] = self._copies
        return np.broadcast_to(items, shape)


def plan_channels(spec: InputSpec, chosen: Sequence[int], *, count: int, last: bool) -> ChannelPlan:
    """Decide how the channels of a picture become those of a model.

    Parameters
    ----------
    spec
        The network's input.
    chosen
        Channels that the caller chose; empty for all.
    count
        Channels of the picture; 1 if it has no such axis.
    last
        Whether the channel axis is the picture's last, as in colour pictures. Only there is a
        channel beyond the needed ones taken for opacity.

    Raises
    ------
    ModelInputError
        If every mapping would be a guess.
    """
    conversions = []
    picked: tuple[int, ...] | None = None
    if chosen:
        wrong = [channel for channel in chosen if not 0 <= channel < count]
        if wrong:
            raise ModelInputError(
                f"channel {wrong[0]} was chosen; the image has {_counted(count)} (0…{count - 1})",
                field="options.channels",
            )
        picked = tuple(chosen)
        if picked != tuple(range(count)):
            conversions.append(
                Conversion(
                    ConversionKind.CHANNELS_SELECTED,
                    f"{', '.join(map(str, picked))} of {_counted(count)}",
                )
            )
        count = len(picked)
    wanted = spec.sizes.get("C", AxisSize(1)) if "C" in spec.axes else AxisSize(1)
    if last and not chosen and count in {2, 4} and not _fits(wanted, count):
        if _fits(wanted, count - 1) or (count == 4 and _fits(wanted, 1)):
            count -= 1
            picked = tuple(range(count))
            conversions.append(Conversion(ConversionKind.ALPHA_DROPPED, "last channel left out"))
        elif count == 2 and _takes_rgb(spec, wanted):
            count, picked = 1, (0,)
            conversions.append(Conversion(ConversionKind.ALPHA_DROPPED, "last channel left out"))
    order = _colour_order(spec)
    if order is not None and last and not chosen and count == 3:
        picked = order
        conversions.append(
            Conversion(
                ConversionKind.CHANNELS_SELECTED,
                f"{', '.join(spec.channel_names)}, as the model takes them",
            )
        )
    grey, copies = False, 1
    if not _fits(wanted, count):
        if count == 3 and _fits(wanted, 1):
            grey = True
            conversions.append(
                Conversion(
                    ConversionKind.RGB_TO_GREY, "0.299 red + 0.587 green + 0.114 blue (BT.601)"
                )
            )
        elif count == 1 and _takes_rgb(spec, wanted):
            copies = 3
            conversions.append(
                Conversion(ConversionKind.GREY_TO_RGB, "one channel repeated three times")
            )
        else:
            raise ModelInputError(
                f"the model wants {_wanted(spec, wanted)}; the image has {count}"
                + ("" if count == 1 else ": choose those that the model is to see"),
                field="options.channels" if chosen else "image",
                metadata={
                    "channels": str(count),
                    "wanted": str(wanted.min),
                    **({} if count == 1 else {"option": "options.channels"}),
                },
            )
    return ChannelPlan(picked, grey=grey, copies=copies, conversions=tuple(conversions))


def _luma(colours: NDArray[Any]) -> NDArray[Any]:
    if colours.dtype == np.uint8:
        # The weights in 65536ths, as Pillow has them; they sum to 65536.
        grey: NDArray[Any] = np.multiply(colours[..., 0], 19595, dtype=np.uint32)
        grey += np.multiply(colours[..., 1], 38470, dtype=np.uint32)
        grey += np.multiply(colours[..., 2], 7471, dtype=np.uint32)
        grey += 0x8000
        grey >>= 16
        return grey.astype(np.uint8)
    working = (
        np.float32 if colours.dtype.itemsize <= 2 or colours.dtype == np.float32 else np.float64
    )
    total: NDArray[Any] = np.multiply(colours[..., 0], _LUMA[0], dtype=working)
    total += np.multiply(colours[..., 1], _LUMA[1], dtype=working)
    total += np.multiply(colours[..., 2], _LUMA[2], dtype=working)
    if colours.dtype.kind == "f":
        return total.astype(colours.dtype, copy=False)
    return np.asarray(np.rint(total), dtype=colours.dtype)


def _fits(wanted: AxisSize, count: int) -> bool:
    beyond = count - wanted.min
    return beyond == 0 or (wanted.step > 0 and beyond > 0 and beyond % wanted.step == 0)


def _takes_rgb(spec: InputSpec, wanted: AxisSize) -> bool:
    """Whether three channels of the model may be red, green and blue, as far as is known."""
    if not _fits(wanted, 3):
        return False
    names = [name.strip().lower() for name in spec.channel_names]
    if len(names) != 3 or all(_PLACEHOLDER.match(name) for name in names):
        return True
    return all(any(name in colour for name in names) for colour in _RGB_NAMES)


def _colour_order(spec: InputSpec) -> tuple[int, ...] | None:
    """Return where a model's channels lie in red, green, blue, if it wants them in another order."""
    names = [name.strip().lower() for name in spec.channel_names]
    found = [index for name in names for index, colour in enumerate(_RGB_NAMES) if name in colour]
    return tuple(found) if sorted(found) == [0, 1, 2] and found != [0, 1, 2] else None


def _wanted(spec: InputSpec, wanted: AxisSize) -> str:
    if wanted.step:
        return f"{wanted.min} + n × {wanted.step} channels"
    names = f" ({', '.join(spec.channel_names)})" if spec.channel_names else ""
    return f"{_counted(wanted.min)}{names}"


def _counted(count: int) -> str:
    return f"{count} channel" if count == 1 else f"{count} channels"
