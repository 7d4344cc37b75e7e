"""Features of annotated items: what an embedding model of the zoo says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from zoobridge.errors import ZooBridgeError
from zoobridge.training.features._cache import FeatureCache, feature_key
from zoobridge.training.features._hand_features import HAND_FEATURES, hand_features
from zoobridge.training.features._pictures import read_item
from zoobridge.training.features._views import view

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.client import Client, Region

__all__ = ["Extracted", "FeatureExtractor", "FeatureItem"]

# Pictures that are read ahead; each is sent in several views.
_CHUNK = 32


class FeatureItem(Protocol):
    """A picture, or a region in one."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        ...

    @property
    def path(self) -> str:
        """The file."""
        ...

    @property
    def region(self) -> str:
        """``x,y,width,height``; empty for the whole picture."""
        ...

    @property
    def box(self) -> Region | None:
        """The region."""
        ...


@dataclass(frozen=True, eq=False)
class Extracted:
    """Features of one item, or why there are none.

    Parameters
    ----------
    place
        Number of the item among those given.
    features
        ``(views, dimensions)``, each of length 1; `None` if the item failed.
    problem
        Why; empty if it did not.
    """

    place: int
    features: NDArray[np.float32] | None
    problem: str = ""


class FeatureExtractor:
    """Asks a served embedding model, and remembers what it said.

    Parameters
    ----------
    client
        Connected to the server that has the model.
    model
        The model: its scores are taken as the embedding.
    cache
        What was said before.
    """

    def __init__(self, client: Client, model: str, cache: FeatureCache) -> None:
        self._client = client
        self._model = model
        self._cache = cache
        described = client.model(model)
        self.digest = next(one.digest for one in described.weights if not one.problem)
        self._framework = next(one.framework for one in described.weights if not one.problem)

    def extract(
        self,
        items: Sequence[FeatureItem],
        *,
        views: int,
        on_item: Callable[[int, int], None] | None = None,
    ) -> Iterator[Extracted]:
        """Yield the features of each item, in order; a few pictures are in memory at once.

        Parameters
        ----------
        items
            The items.
        views
            How many of the eight views; the first is the unchanged picture.
        on_item
            Called with how many items are done, and of how many; what it raises ends the work, and
            what is done is kept.
        """
        for start in range(0, len(items), _CHUNK):
            chunk = items[start : start + _CHUNK]
            for offset, one in enumerate(self._chunk(chunk, views)):
                yield Extracted(start + offset, one.features, one.problem)
                if on_item is not None:
                    on_item(start + offset + 1, len(items))

    def by_hand(
        self,
        items: Sequence[FeatureItem],
        *,
        on_item: Callable[[int, int], None] | None = None,
    ) -> list[NDArray[np.float32]]:
        """Return features of each item that are made by hand; they are remembered too.

        Parameters
        ----------
        items
            Items that :meth:`extract` could read.
        on_item
            Called with how many items are done, and of how many.

        Raises
        ------
        InvalidRequestError
            If a picture cannot be read any more.
        """
        found = []
        for number, item in enumerate(items):
            key = feature_key(HAND_FEATURES, item.digest, item.region)
            kept = self._cache.get(key, 1)
            if kept is None:
                array, axes = read_item(Path(item.path), item.box, item.digest)
                kept = self._cache.put(key, hand_features(array, axes)[None])
            found.append(kept[0])
            if on_item is not None:
                on_item(number + 1, len(items))
        return found

    def _chunk(self, items: Sequence[FeatureItem], views: int) -> list[Extracted]:
        found: dict[int, Extracted] = {}
        waiting: dict[str, list[tuple[int, NDArray[Any]]]] = {}
        for place, item in enumerate(items):
            kept = self._cache.get(self._key(item), views)
            if kept is not None:
                found[place] = Extracted(place, kept)
                continue
            try:
                array, axes = read_item(Path(item.path), item.box, item.digest)
            except ZooBridgeError as error:
                found[place] = Extracted(place, None, error.message)
            else:
                waiting.setdefault(axes, []).append((place, array))
        for axes, pictures in waiting.items():
            for one in self._ask(pictures, axes, views):
                if one.features is not None:
                    rows = self._cache.put(self._key(items[one.place]), one.features)
                    found[one.place] = Extracted(one.place, rows)
                else:
                    found[one.place] = one
        return [found[place] for place in range(len(items))]

    def _key(self, item: FeatureItem) -> str:
        return feature_key(self.digest, item.digest, item.region)

    def _ask(
        self, pictures: Sequence[tuple[int, NDArray[Any]]], axes: str, views: int
    ) -> Iterable[Extracted]:
        sent = (view(array, axes, number) for _, array in pictures for number in range(views))
        results = self._client.classify(
            self._model, sent, axes=axes, framework=self._framework, all_scores=True, top_k=1
        )
        for offset, (place, _) in enumerate(pictures):
            own = results[offset * views : (offset + 1) * views]
            failed = next((one.error for one in own if one.error is not None), None)
            if failed is not None:
                yield Extracted(place, None, failed.message)
                continue
            rows = np.stack([one.scores for one in own if one.scores is not None])
            lengths = np.linalg.norm(rows, axis=1, keepdims=True)
            yield Extracted(place, (rows / np.maximum(lengths, 1e-12)).astype(np.float32))
