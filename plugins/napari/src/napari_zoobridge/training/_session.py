"""A training project, and the items of the open images that it knows. Knows no window."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_zoobridge.targets import batch_items
from zoobridge.client import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_zoobridge.targets import Batch, Item, Plan
    from napari_zoobridge.training._calls import OnStep
    from zoobridge.client import (
        AnnotatedItems,
        ClassCount,
        Client,
        RemoteTrainingProject,
        TrainingItem,
    )

__all__ = ["KnownItem", "TrainingSession"]

#: A message holds masks and names beside the pixels.
_PIXEL_SHARE = 0.9
#: Suggestions that are asked for at once: some may lie in images that are not open.
_SUGGESTED = 20


@dataclass
class KnownItem:
    """An item of an open image.

    Parameters
    ----------
    plan, item
        Where it is in the viewer.
    sent
        As the project knows it.
    label
        Its class; empty where none was given.
    suggested
        Whether the model chose it.
    guess
        What the model so far takes it for; empty where it was not asked.
    """

    plan: Plan
    item: Item
    sent: TrainingItem
    label: str = ""
    suggested: bool = False
    guess: str = ""

    @property
    def name(self) -> str:
        """The item for people."""
        place = self.item.region
        return f"{self.plan.place.source.name}, {place}" if place else self.plan.place.source.name


@dataclass
class TrainingSession:
    """What one person labels.

    Methods that ask the server take their time; a window calls them in a thread, one at a time
    each.

    Parameters
    ----------
    client
        A separate connection.
    project
        On the server.
    seed
        Of the order in which items are shown.
    """

    client: Client
    project: RemoteTrainingProject
    seed: int = 0
    items: dict[str, KnownItem] = field(default_factory=dict)
    """By the digest that the project names them by."""
    classes: dict[str, int] = field(default_factory=dict)
    """The project's classes, and how many items have each."""
    _order: list[str] = field(default_factory=list)
    _skipped: set[str] = field(default_factory=set)
    _labelling: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, client: Client, name: str) -> TrainingSession:
        """Open a project, or create it."""
        with ExitStack() as stack:
            stack.callback(client.close)
            project = client.training_project(name)
            session = cls(client, project)
            session._count(project.summary().classes)
            stack.pop_all()
        return session

    @property
    def counted(self) -> str:
        """How many of the items of open images have a class, as a sentence."""
        done = sum(bool(one.label) for one in self.items.values())
        return f"{done} of {len(self.items)} items labelled"

    @property
    def labelled(self) -> int:
        """How many items have a class, those in images that are not open among them."""
        return sum(self.classes.values())

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def add(self, plan: Plan, group: str) -> Iterator[tuple[int, int]]:
        """Send the items of a plan, and yield how many were sent, and of how many.

        Those that were labelled before, today or another day, have their classes again.

        Parameters
        ----------
        plan
            What to label.
        group
            What must not be divided between training and test: ``folder``, ``image``, ``plane`` or
            ``item``.
        """
        items = [item for item in plan.items(lambda: None) if not item.problem]
        source, limits = plan.place.source, self.client.info().limits
        batches = batch_items(
            items,
            source,
            bytes_limit=int(_PIXEL_SHARE * limits.message_bytes),
            items_limit=min(500, limits.items),
        )
        done = 0
        yield done, len(items)
        for batch in batches:
            self._send(plan, batch, group)
            done += len(batch.items)
            yield done, len(items)

    def next_item(self) -> KnownItem | None:
        """Return an item without a class, chosen at random; `None` when all have a class."""
        open_items = [self.items[one] for one in self._order if not self.items[one].label]
        fresh = [one for one in open_items if one.sent.picture not in self._skipped]
        if not fresh and open_items:
            self._skipped.clear()
            fresh = open_items
        return fresh[0] if fresh else None

    def suggest(self, on_step: OnStep) -> KnownItem | None:
        """Return the item whose class the model would learn most from; `None` when all have one."""
        for one in self.project.suggest(count=_SUGGESTED, on_step=on_step):
            known = self.items.get(one.item.picture)
            if known is not None and not known.label and one.item.picture not in self._skipped:
                known.suggested, known.guess = True, one.label
                return known
        return None

    def skip(self, known: KnownItem) -> None:
        """Show an item again only when all others are labelled."""
        self._skipped.add(known.sent.picture)

    def label(self, known: KnownItem, label: str) -> None:
        """Give a class to an item; it is on the server's disk when this returns."""
        with self._labelling:
            done = self.project.add(known.sent, labels=[label], suggested=known.suggested)
            known.label = label
            self._count(done.classes)

    def undo(self) -> KnownItem | None:
        """Take the last label back; return its item where its image is open."""
        with self._labelling:
            undone = self.project.undo()
            if undone is None:
                return None
            self._count(undone.classes)
            known = self.items.get(undone.undone.item.picture)
            if known is not None:
                known.label = undone.label_now
            return known

    def rename(self, old: str, new: str) -> None:
        """Give all items of a class another class, those in images that are not open among them."""
        with self._labelling:
            last = self.project.rename_class(old, new)
            # In the place of the old one, which keeps its key.
            self.classes = {new if one == old else one: 0 for one in self.classes} | {
                one: count for one, count in self.classes.items() if one != old
            }
            if last is not None:
                self._count(last.classes)
            for known in list(self.items.values()):
                if known.label == old:
                    known.label = new

    def _send(self, plan: Plan, batch: Batch, group: str) -> None:
        source = plan.place.source
        pixels = np.ascontiguousarray(source.read(batch.plane, batch.window))
        whole = batch.items[0].box is None
        regions = None if whole else [_region(batch, item) for item in batch.items]
        answer = self.project.add(
            pixels,
            regions=regions,
            groups=[_group(plan, item, group) for item in batch.items],
            axes=source.plane_axes,
            name=source.name,
        )
        self._take(plan, batch.items, answer)

    def _take(self, plan: Plan, items: tuple[Item, ...], answer: AnnotatedItems) -> None:
        random = np.random.default_rng([self.seed, len(self.items)])
        fresh = []
        for item, given in zip(items, answer.items, strict=True):
            digest = given.item.picture
            if digest not in self.items:
                fresh.append(digest)
            self.items[digest] = KnownItem(plan, item, given.item, given.label, given.suggested)
        for digest in fresh:
            self._order.insert(int(random.integers(len(self._order) + 1)), digest)
        self._count(answer.classes)

    def _count(self, classes: tuple[ClassCount, ...]) -> None:
        # A class that was added by hand stays, though no item has it yet.
        kept = dict.fromkeys(self.classes, 0)
        self.classes = kept | {one.label: one.items for one in classes}


def _region(batch: Batch, item: Item) -> Region:
    box = batch.box_in_picture(item)
    return Region(box.x, box.y, box.width, box.height, id=item.region, mask=item.mask)


def _group(plan: Plan, item: Item, rule: str) -> str:
    path = plan.place.layer.source.path
    image = str(path or plan.place.source.name)
    if rule == "folder":
        # An image that is no file stands alone.
        return str(Path(path).parent) if path else image
    if rule == "image":
        return image
    plane = " ".join([image, *(f"{axis}{index}" for axis, index in item.plane.items())])
    return plane if rule == "plane" else f"{plane} {item.region}"
