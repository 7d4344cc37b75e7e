"""From items of a picture to what a network takes, many at once."""

from __future__ import annotations

import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from zoobridge.backend import ByteTable
from zoobridge.errors import ModelInputError, NonFiniteError, ZooBridgeError
from zoobridge.imaging._channels import ChannelPlan, plan_channels
from zoobridge.imaging._depth import check_depth, check_is_picture
from zoobridge.imaging._fit import fit_items
from zoobridge.imaging._intensity import plan_intensity, rescale
from zoobridge.imaging._items import BoxItems, Item, ItemFault, Prepared
from zoobridge.imaging._operations import byte_chain, preprocess
from zoobridge.imaging._sizes import plan_size
from zoobridge.imaging._types import (
    Conversion,
    ConversionKind,
    InputSpec,
    MaskFill,
    Picture,
    Preparation,
)

__all__ = ["Preparer"]

# Items of one size are worked on together up to this many bytes: far beyond what a step costs by
# itself, and far below what a machine has.
_TOGETHER_BYTES = 8 << 20

_Result = tuple[list[Prepared], list[ItemFault]]


class Preparer:
    """Turns items into network inputs; meant to be kept, since it remembers what it has worked out.

    Items of one size in one picture are cropped and processed as one array.

    Parameters
    ----------
    spec
        The network's input.
    preparation
        What the caller asks for.
    byte_input
        Whether 8-bit pixels are left unchanged where a table states what the package's steps make
        of them.

    Raises
    ------
    BrokenPackageError
        If the network's input is not a picture.
    """

    def __init__(
        self, spec: InputSpec, preparation: Preparation, *, byte_input: bool = False
    ) -> None:
        self._spec = spec
        self._byte_input = byte_input
        self._preparation = preparation
        self._tensor_axes = spec.axes.replace("N", "")
        check_is_picture(spec)
        first = spec.preprocessing[0] if spec.preprocessing else None
        entry = first.kwargs.get("dtype") if first and first.id == "ensure_dtype" else spec.dtype
        self._rounds = np.dtype(str(entry)).kind in "iu"
        last = spec.preprocessing[-1] if spec.preprocessing else None
        # A chain that ends with a type of its own choice has the last word.
        self._casts = last is None or last.id not in {"ensure_dtype", "binarize"}
        self._chain = byte_chain(spec.preprocessing, dtype=spec.dtype if self._casts else None)
        self._channels: dict[tuple[int, bool], ChannelPlan] = {}

    def prepare(self, picture: Picture, items: Sequence[Item]) -> _Result:
        """Prepare items.

        Parameters
        ----------
        picture
            The picture that they lie in.
        items
            As :func:`plan_items` gave them.

        Returns
        -------
        tuple
            Items that became network inputs, those that were worked on together in one entry; and
            those that have an error of their own.

        Raises
        ------
        ZooBridgeError
            If no item can be prepared: the channels do not fit, or the package is broken.
        """
        count = picture.array.shape[picture.axes.index("C")] if "C" in picture.axes else 1
        channels = self._plan(count, last=picture.axes.endswith("C"))
        check_depth(self._spec, picture.axes, picture.array.shape)
        cropper = _Cropper(picture, self._tensor_axes)
        prepared: list[Prepared] = []
        failed: list[ItemFault] = []
        for group in _groups(items):
            step = max(1, _TOGETHER_BYTES // cropper.item_bytes(group[0]))
            for start in range(0, len(group), step):
                part = group[start : start + step]
                made, faults = self._prepare(picture, cropper, channels, part)
                prepared += made
                failed += faults
        return prepared, failed

    def _plan(self, count: int, *, last: bool) -> ChannelPlan:
        plan = self._channels.get((count, last))
        if plan is None:
            plan = plan_channels(self._spec, self._preparation.channels, count=count, last=last)
            self._channels[count, last] = plan
        return plan

    def _prepare(
        self, picture: Picture, cropper: _Cropper, channels: ChannelPlan, items: Sequence[Item]
    ) -> _Result:
        pixels, axes = cropper.crop(items)
        channel = 1 + axes.index("C")
        pixels = channels.apply(pixels, channel)
        masked = items[0].mask is not None and self._preparation.mask_fill is not MaskFill.KEEP
        if masked:
            pixels = _fill(pixels, axes, items, self._preparation.mask_fill)
        finite = _finite(pixels)
        if finite is not None and not finite.all():
            return self._without_infinite(picture, cropper, channels, items, finite)
        whole = pixels.dtype.kind in "biu"
        try:
            intensity = plan_intensity(
                pixels.dtype,
                self._spec,
                self._preparation.intensity,
                full_scale=picture.full_scale,
                values=lambda: self._preparation.values or picture.values,
            )
            size = plan_size(
                (pixels.shape[1 + axes.index("Y")], pixels.shape[1 + axes.index("X")]),
                self._spec,
                fit=self._preparation.fit,
                interpolation=self._preparation.interpolation,
            )
        except ModelInputError as error:
            return [], [_fault(item, error) for item in items]
        pixels, rescaled = rescale(pixels, intensity)
        pixels, axes = fit_items(pixels, axes, size)
        pixels = channels.repeat(pixels, 1 + axes.index("C"))
        if whole and self._rounds and pixels.dtype.kind == "f":
            # Integers that were scaled on the way become integers again by rounding.
            pixels = np.rint(pixels)
        tensors, table = self._tensors(pixels, axes)
        mask_notes = _MASKED[self._preparation.mask_fill] if masked else ()
        before = (*picture.notes, *channels.conversions)
        common = (*before, *mask_notes, *size.conversions)
        conversions: list[tuple[Conversion, ...]] = [common] * len(items)
        noted = enumerate(items) if rescaled is not None or not isinstance(items, BoxItems) else ()
        for number, item in noted:
            if item.notes or rescaled is not None:
                middle = (rescaled[number],) if rescaled is not None else ()
                conversions[number] = (
                    *before,
                    *item.notes,
                    *mask_notes,
                    *middle,
                    *size.conversions,
                )
        return [Prepared(items, tensors, conversions, table)], []

    def _without_infinite(
        self,
        picture: Picture,
        cropper: _Cropper,
        channels: ChannelPlan,
        items: Sequence[Item],
        finite: NDArray[np.bool_],
    ) -> _Result:
        """Prepare the sound ones of a group, and answer the others with their error."""
        good = finite.tolist()
        sound = list(itertools.compress(items, good))
        made, failed = self._prepare(picture, cropper, channels, sound) if sound else ([], [])
        error = NonFiniteError(
            "the item holds pixels that are NaN or infinite; replace them, or mask them out",
            field="image",
        )
        others = [item for item, fine in zip(items, good, strict=True) if not fine]
        return made, [*failed, *(_fault(item, error) for item in others)]

    def _tensors(self, pixels: NDArray[Any], axes: str) -> tuple[NDArray[Any], ByteTable | None]:
        """Put axes in the tensor's order and carry out the package's own steps."""
        letters = f"N{axes}"
        for letter in self._tensor_axes:
            if letter not in letters:
                letters += letter
                pixels = pixels[..., np.newaxis]
        if "C" not in self._tensor_axes:
            place = letters.index("C")
            pixels = pixels.squeeze(place)
            letters = letters.replace("C", "")
        order = f"N{self._tensor_axes}"
        batch = pixels.transpose([letters.index(letter) for letter in order])
        table = self._chain.table(batch, order) if self._byte_input else None
        if table is not None:
            return np.ascontiguousarray(batch), table
        if self._chain.pays(batch, order):
            return self._chain.apply(batch, order), None
        # Put in order here, where a pixel still takes its smallest number of bytes.
        batch = np.ascontiguousarray(batch)
        batch = preprocess(
            batch, order, self._spec.preprocessing, references={self._spec.name: (batch, order)}
        )
        if self._casts and batch.dtype != self._spec.dtype:
            batch = batch.astype(self._spec.dtype)
        return np.ascontiguousarray(batch), None


class _Cropper:
    """Takes items out of a picture.

    Parameters
    ----------
    picture
        The picture.
    tensor_axes
        Letters of the network's input, without the batch.
    """

    def __init__(self, picture: Picture, tensor_axes: str) -> None:
        array = picture.array if "C" in picture.axes else picture.array[..., np.newaxis]
        self._planes, self.axes, order = _layout(picture.axes, tensor_axes)
        self._array = array.transpose(order)
        self._y, self._x = self.axes.index("Y"), self.axes.index("X")

    def item_bytes(self, item: Item) -> int:
        """Return the bytes of an item of this size, in the working type of the later steps."""
        shape = list(self._array.shape[len(self._planes) :])
        if item.box is not None:
            shape[self._y], shape[self._x] = item.box.height, item.box.width
        pixels: int = math.prod(shape)
        return 8 * pixels

    def crop(self, items: Sequence[Item]) -> tuple[NDArray[Any], str]:
        """Return items of one size as one array, the first axis counting them, and its axes."""
        if len(items) == 1:
            return self._plane(items[0])[np.newaxis][self._window(items[0], 1)], self.axes
        box = items[0].box
        if isinstance(items, BoxItems):
            size = (int(items.boxes[0, 3]), int(items.boxes[0, 2]))
            columns, rows = items.boxes[:, 0], items.boxes[:, 1]
            return self._cut(self._plane(items[0]), size, rows, columns), self.axes
        if box is None:
            where = [[item.plane[letter] for item in items] for letter in self._planes]
            return self._array[tuple(where)], self.axes
        first = items[0].plane
        if all(item.plane is first for item in items):
            boxes = [item.box for item in items]
            rows, columns = (
                np.fromiter(map(attrgetter(name), boxes), np.intp, len(boxes)) for name in "yx"
            )
            size = (box.height, box.width)
            return self._cut(self._plane(items[0]), size, rows, columns), self.axes
        return np.stack([self._plane(item)[self._window(item, 0)] for item in items]), self.axes

    def _cut(
        self,
        plane: NDArray[Any],
        size: tuple[int, int],
        rows: NDArray[np.integer[Any]],
        columns: NDArray[np.integer[Any]],
    ) -> NDArray[Any]:
        """Return the boxes of one size that begin at rows and columns of a plane."""
        windows = sliding_window_view(plane, size, axis=(self._y, self._x))
        # The windows' own axes come last; put the corners first, and all else where it was.
        order = list(range(len(self.axes)))
        order[self._y], order[self._x] = len(order), len(order) + 1
        windows = windows.transpose(self._y, self._x, *order)
        cut: NDArray[Any] = windows[rows, columns]
        return cut

    def _plane(self, item: Item) -> NDArray[Any]:
        plane: NDArray[Any] = self._array[tuple(item.plane[letter] for letter in self._planes)]
        return plane

    def _window(self, item: Item, ahead: int) -> tuple[slice, ...]:
        where = [slice(None)] * (ahead + len(self.axes))
        if item.box is not None:
            where[ahead + self._y] = slice(item.box.y, item.box.y + item.box.height)
            where[ahead + self._x] = slice(item.box.x, item.box.x + item.box.width)
        return tuple(where)


@functools.lru_cache(maxsize=64)
def _layout(axes: str, tensor_axes: str) -> tuple[str, str, tuple[int, ...]]:
    """Return the letters that make planes, those of an item, and where both lie in a picture."""
    if "C" not in axes:
        axes += "C"
    kept = {"Y", "X", "C", *tensor_axes}
    planes = "".join(letter for letter in axes if letter not in kept)
    inner = "".join(letter for letter in axes if letter in kept)
    return planes, inner, tuple(axes.index(letter) for letter in planes + inner)


_MASKED = {
    MaskFill.ZERO: (Conversion(ConversionKind.MASKED, "zero outside the mask"),),
    MaskFill.MEAN: (Conversion(ConversionKind.MASKED, "the mask's mean outside it"),),
    MaskFill.KEEP: (),
}


def _groups(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Return items that can be worked on together."""
    if len(items) == 1:
        return [items]
    if isinstance(items, BoxItems):
        return list(items.by_size())
    groups: defaultdict[object, list[Item]] = defaultdict(list)
    for item in items:
        box = item.box
        key = None if box is None else (box.width, box.height, item.mask is None)
        groups[key].append(item)
    return list(groups.values())


def _fault(item: Item, error: ZooBridgeError) -> ItemFault:
    return ItemFault(item.index, item.region_id, item.plane, error)


def _fill(pixels: NDArray[Any], axes: str, items: Sequence[Item], fill: MaskFill) -> NDArray[Any]:
    """Replace what lies outside the masks; the pixels are copied."""
    y, x = axes.index("Y"), axes.index("X")
    masks = np.stack([item.mask for item in items if item.mask is not None])
    if y > x:
        masks = masks.transpose(0, 2, 1)
    shape = [len(items), *(1 for _ in axes)]
    shape[1 + y], shape[1 + x] = pixels.shape[1 + y], pixels.shape[1 + x]
    inside = masks.reshape(shape)
    if fill is MaskFill.ZERO:
        return np.where(inside, pixels, pixels.dtype.type(0))
    where = (1 + y, 1 + x)
    means = np.mean(
        pixels,
        axis=where,
        keepdims=True,
        dtype=np.float64,
        where=np.broadcast_to(inside, pixels.shape),
    )
    if pixels.dtype.kind in "biu":
        means = np.rint(means)
    return np.where(inside, pixels, means.astype(pixels.dtype))


def _finite(pixels: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Tell which items hold finite pixels only; `None` where the type holds no others."""
    if pixels.dtype.kind != "f":
        return None
    finite = np.isfinite(pixels)
    return np.asarray(finite.all(axis=tuple(range(1, pixels.ndim))))
