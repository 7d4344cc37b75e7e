"""The layout of a network's input, from its own shape and from what the user says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.backend import TensorSpec

__all__ = ["FREE_MIN", "FREE_STEP", "Layout", "StatedLayout", "find_layout"]

#: Of a network of any size: the least sides that are stated, their steps, and sides that are tried.
FREE_MIN, FREE_STEP = 32, 32
FREE_TRIED = {"Y": 96, "X": 128}

_CHANNELS_USUAL = (1, 2, 3, 4)
_CHANNEL_NAMES = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class Layout:
    """The input of a network.

    Parameters
    ----------
    axes
        Upper-case letters, ``N`` for the batch.
    shape
        Length of each axis; -1 for a batch of any size.
    channel_names
        Meaning of each channel; empty without a channel axis.
    free
        Whether height and width are free; those of `shape` are then ones to try.
    """

    axes: str
    shape: tuple[int, ...]
    channel_names: tuple[str, ...]
    free: bool = False

    def axis_documents(self) -> list[dict[str, Any]]:
        """Return the axes as a BioImage.IO description writes them."""
        documents: list[dict[str, Any]] = []
        for letter, length in zip(self.axes, self.shape, strict=True):
            if letter == "N":
                documents.append({"type": "batch", **({"size": 1} if length == 1 else {})})
            elif letter == "C":
                documents.append({"type": "channel", "channel_names": list(self.channel_names)})
            else:
                free = self.free and letter in "YX"
                size = {"min": FREE_MIN, "step": FREE_STEP} if free else length
                documents.append({"type": "space", "id": letter.lower(), "size": size})
        return documents


@dataclass(frozen=True)
class StatedLayout:
    """What a user says of a network's input.

    Parameters
    ----------
    axes
        ``NCYX``, ``NYXC``, ``NYX``; empty for what the framework has by custom.
    size
        Height and width, where the network leaves them open.
    channels
        Number of channels, where the network leaves it open.
    channel_names
        Meaning of each channel.
    """

    axes: str = ""
    size: tuple[int, int] | None = None
    channels: int = 0
    channel_names: Sequence[str] = ()


def find_layout(spec: TensorSpec | None, stated: StatedLayout, *, channels_last: bool) -> Layout:
    """Work out the layout of a network's input.

    Parameters
    ----------
    spec
        The input tensor as the network states it; `None` where its format states nothing.
    stated
        What the user says of it.
    channels_last
        What the framework has by custom, for shapes that could be either.

    Raises
    ------
    InvalidRequestError
        If something that only the user can know is missing, or contradicts the network.
    """
    channels = stated.channels or len(stated.channel_names)
    shape = spec.shape if spec is not None else None
    letters = _letters(stated.axes.upper(), shape, channels, last=channels_last)
    wanted = {
        "Y": stated.size[0] if stated.size else 0,
        "X": stated.size[1] if stated.size else 0,
        "C": channels,
    }
    lengths = []
    free = False
    for place, letter in enumerate(letters):
        own = shape[place] if shape is not None else -1
        if letter == "N":
            if own > 1:
                raise InvalidRequestError(
                    f"the network takes batches of {own} only; export it with a free batch axis"
                )
            lengths.append(own)
            continue
        expected = wanted.get(letter, 1 if letter == "Z" else 0)
        if own > 0 and expected not in (0, own):
            raise InvalidRequestError(
                f"the network's axis {letter} has the length {own}, not {expected}",
                field="channels" if letter == "C" else "size",
            )
        length = own if own > 0 else expected
        if length <= 0 and letter in "YX" and spec is not None:
            length, free = FREE_TRIED[letter], True
        if length <= 0:
            what, field, example = (
                ("how many channels", "channels", "3")
                if letter == "C"
                else ("which height and width", "size", "224x224")
            )
            raise InvalidRequestError(
                f"the network does not say {what} it takes; state it, such as {example}",
                field=field,
            )
        lengths.append(length)
    return Layout(letters, tuple(lengths), _names(letters, lengths, stated.channel_names), free)


def _letters(axes: str, shape: tuple[int, ...] | None, channels: int, *, last: bool) -> str:
    if axes:
        known = set(axes) <= set("NCZYX") and len(set(axes)) == len(axes)
        if not known or not {"N", "Y", "X"} <= set(axes):
            raise InvalidRequestError(
                f"axes {axes!r} are not understood; write them like NCYX, NYXC or NYX", field="axes"
            )
        if shape is not None and len(axes) != len(shape):
            raise InvalidRequestError(
                f"axes {axes!r} are {len(axes)}, but the network's input has {len(shape)}",
                field="axes",
            )
        return axes
    if shape is None:
        return "NYXC" if last else "NCYX"
    if len(shape) == 3:
        return "NYX"
    if len(shape) == 2:
        raise InvalidRequestError(
            f"the network takes rows of numbers {shape}, not pictures; put a Reshape from the picture's "
            "shape in front of it, and export it again",
            field="axes",
        )
    if len(shape) != 4:
        raise InvalidRequestError(
            f"the network's input has {len(shape)} axes {shape}, which is not an image; "
            "state its axes, such as NCYX",
            field="axes",
        )
    usual = (channels,) if channels else _CHANNELS_USUAL
    first_fits, last_fits = shape[1] in usual, shape[3] in usual
    if first_fits != last_fits:
        return "NCYX" if first_fits else "NYXC"
    return "NYXC" if last else "NCYX"


def _names(letters: str, lengths: list[int], stated: Sequence[str]) -> tuple[str, ...]:
    if "C" not in letters:
        return ()
    count = lengths[letters.index("C")]
    if stated and len(stated) != count:
        raise InvalidRequestError(
            f"{len(stated)} channel names for {count} channels", field="channel_names"
        )
    if stated:
        return tuple(stated)
    return _CHANNEL_NAMES.get(count, tuple(f"channel{index}" for index in range(count)))
