"""A classification under way: pictures out, records in, stoppable at any moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zoobridge.layers import finite_range
from napari_zoobridge.results import answered, refused
from napari_zoobridge.targets import ItemKind, batch_items
from zoobridge.client import Region
from zoobridge.errors import ServerError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_zoobridge.layers import PixelBox
    from napari_zoobridge.results import Record
    from napari_zoobridge.targets import Batch, Item, Plan
    from zoobridge.client import Client, Result

__all__ = ["Options", "Run", "Stoppable", "StoppedError", "Update", "joined"]

# A message holds masks and names beside the pixels.
_PIXEL_SHARE = 0.9


class StoppedError(Exception):
    """The user stopped the run."""


@dataclass(frozen=True)
class Options:
    """How to ask.

    Parameters
    ----------
    framework
        Framework to run the model with; empty for the fastest.
    top_k
        Classes to name; 0 for as many as the package says.
    all_scores
        Ask for the scores of all classes too.
    mask_fill
        What stands outside a mask: ``zero``, ``mean``, ``keep``.
    intensity
        A rule of the contract (``as_is``, ``dtype_range``, ``unit_range``, ``min_max``); empty
        or `None` for the package's.
    fit
        What to do with other sizes; empty for the package's way.
    """

    framework: str = ""
    top_k: int = 0
    all_scores: bool = False
    mask_fill: str = ""
    intensity: str | None = None
    fit: str = ""

    def arguments(self) -> dict[str, Any]:
        """Return the options as the client takes them."""
        return {
            "framework": self.framework,
            "top_k": self.top_k,
            "all_scores": self.all_scores,
            "mask_fill": self.mask_fill,
            "intensity": self.intensity or None,
            "fit": self.fit,
        }


@dataclass(frozen=True)
class Update:
    """What is new.

    Parameters
    ----------
    records
        Results that have just come, in no particular order.
    done, total
        How many items are answered, of how many.
    """

    records: tuple[Record, ...]
    done: int
    total: int


@dataclass
class Stoppable:
    """Work over a connection that one thread does and another may stop.

    Parameters
    ----------
    client
        The connection. Stopping closes it, since that is what ends a call that is under way.
    """

    client: Client
    _stop: threading.Event = field(default_factory=threading.Event, init=False)

    def stop(self) -> None:
        """End the work: nothing more is read, and the call to the server is cancelled."""
        self._stop.set()
        self.client.close()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stop.is_set()

    def _keep_on(self) -> None:
        if self._stop.is_set():
            raise StoppedError


@dataclass
class Run(Stoppable):
    """One classification.

    Parameters
    ----------
    client
        The connection.
    model
        ``id`` or ``id@version``.
    plan
        What to classify.
    options
        How.
    """

    model: str
    plan: Plan
    options: Options = field(default_factory=Options)
    _arguments: dict[str, Any] = field(default_factory=dict, init=False)

    def updates(self) -> Iterator[Update]:
        """Yield results as they come.

        The first update has no records and says how many items there are.

        Raises
        ------
        StoppedError
            The run was stopped.
        EmptyTargetError
            Nothing to classify.
        ZooBridgeError
            The call as a whole failed.
        """
        try:
            yield from self._updates()
        except (ZooBridgeError, ValueError):
            # A closed connection fails in its own ways; the user's wish is the cause.
            self._keep_on()
            raise

    def _updates(self) -> Iterator[Update]:
        items = self.plan.items(self._keep_on)
        self._keep_on()
        total, done = len(items), 0
        yield Update((), 0, total)
        name = self.plan.place.source.name
        out = tuple(refused(item, name) for item in items if item.problem)
        if out:
            done += len(out)
            yield Update(out, done, total)
        asked = [item for item in items if not item.problem]
        if not asked:
            return
        self._arguments = self.options.arguments()
        if not self.options.intensity:
            self._arguments["values"] = self._values(asked)
        ways = self._planes(asked) if self.plan.kind is ItemKind.PLANE else self._regions(asked)
        for records in ways:
            done += len(records)
            yield Update(records, done, total)
            self._keep_on()

    def _values(self, items: list[Item]) -> tuple[float, float] | None:
        """Return the range by which all items are judged alike.

        Of an image that is read as it is wanted, only floats are looked at, in all that is sent.
        """
        source = self.plan.place.source
        if source.in_memory:
            return source.values()
        if np.dtype(source.array.dtype).kind != "f":
            return None
        if self.plan.kind is ItemKind.PLANE:
            places: list[tuple[Mapping[str, int], PixelBox | None]] = [
                (item.plane, source.frame) for item in items
            ]
        else:
            places = [(batch.plane, batch.window) for batch in self._batches(items)]

        def parts() -> Iterator[NDArray[np.generic]]:
            for plane, window in places:
                self._keep_on()
                yield source.read(plane, window)

        # The server looks through a lone part by itself.
        return finite_range(parts()) if len(places) > 1 else None

    def _planes(self, items: list[Item]) -> Iterator[tuple[Record, ...]]:
        source = self.plan.place.source

        def pictures() -> Iterator[Any]:
            for item in items:
                self._keep_on()
                yield source.read(item.plane)

        # A lone picture is answered by a plain call, which is quicker than a stream.
        images = {source.name: source.read(items[0].plane)} if len(items) == 1 else pictures()
        results = self.client.classify_iter(
            self.model, images, axes=source.plane_axes, **self._arguments
        )
        for result in results:
            yield (answered(items[result.image_index], source.name, result),)

    def _regions(self, items: list[Item]) -> Iterator[tuple[Record, ...]]:
        for batch in self._batches(items):
            self._keep_on()
            yield from self._batch(batch)

    def _batches(self, items: list[Item]) -> Iterable[Batch]:
        limits = self.client.info().limits
        return batch_items(
            items,
            self.plan.place.source,
            bytes_limit=int(_PIXEL_SHARE * limits.message_bytes),
            items_limit=limits.items,
        )

    def _batch(self, batch: Batch) -> Iterator[tuple[Record, ...]]:
        source = self.plan.place.source
        pixels = np.ascontiguousarray(source.read(batch.plane, batch.window))
        regions = []
        for number, item in enumerate(batch.items):
            box = batch.box_in_picture(item)
            regions.append(
                Region(box.x, box.y, box.width, box.height, id=str(number), mask=item.mask)
            )
        results = self.client.classify_iter(
            self.model,
            {source.name: pixels},
            axes=source.plane_axes,
            regions=regions,
            **self._arguments,
        )
        waiting = dict(enumerate(batch.items))
        whole: Result | None = None
        for result in results:
            if not result.region:
                # The picture itself was refused, and with it every item in it.
                whole = result
                continue
            item = waiting.pop(int(result.region))
            yield (answered(item, source.name, result),)
        if waiting:
            if whole is None:
                raise ServerError(f"the server did not answer {len(waiting)} items")
            yield tuple(answered(item, source.name, whole) for item in waiting.values())


def joined(updates: Iterator[Update], seconds: float) -> Iterator[Update]:
    """Join updates that come within some seconds, so that a window is not busy with each.

    The first is passed on at once, and so is what is left when the last has come.
    """
    waiting: list[Record] = []
    done, total = 0, -1
    last = time.monotonic()
    for update in updates:
        waiting += update.records
        first = total < 0
        done, total = update.done, update.total
        if first or time.monotonic() - last >= seconds:
            yield Update(tuple(waiting), done, total)
            waiting.clear()
            last = time.monotonic()
    if waiting:
        yield Update(tuple(waiting), done, total)
