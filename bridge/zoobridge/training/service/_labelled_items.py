"""Which items of a served project have a class, kept while one after the other is labelled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zoobridge.training.annotations import Annotation

__all__ = ["LabelledItems"]


class LabelledItems:
    """The annotations of a project by item, and how many items each class has.

    Parameters
    ----------
    annotations
        All of them.
    """

    def __init__(self, annotations: Iterable[Annotation]) -> None:
        self._by_item: dict[str, dict[str, Annotation]] = {}
        self._counts: Counter[str] = Counter()
        self.add(annotations)

    def __len__(self) -> int:
        return len(self._by_item)

    def __contains__(self, digest: str) -> bool:
        return digest in self._by_item

    def add(self, annotations: Iterable[Annotation]) -> None:
        """Add annotations; that of the same item by the same person is replaced."""
        for one in annotations:
            own = self._by_item.setdefault(one.digest, {})
            before = {given.label for given in own.values()}
            own[one.annotator] = one
            after = {given.label for given in own.values()}
            self._counts.subtract(before - after)
            self._counts.update(after - before)

    def last(self, digest: str) -> Annotation | None:
        """Return the annotation of an item; of several, that by the last person to label it first."""
        own = self._by_item.get(digest)
        return None if own is None else next(reversed(own.values()))

    def counts(self) -> list[pb.ClassCount]:
        """Return the classes by name, each with its items; annotators that agree count once."""
        return [
            pb.ClassCount(label=label, items=count)
            for label, count in sorted(self._counts.items())
            if count
        ]
