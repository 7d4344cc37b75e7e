"""One request inside a worker: from its bytes to items, and from scores to its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from google.protobuf.message import DecodeError

from zoobridge.engine._request import open_picture, preparation_of, regions_of, selection_of
from zoobridge.errors import BackendError, InvalidRequestError, ZooBridgeError
from zoobridge.imaging import (
    Conversion,
    Item,
    ItemFault,
    Picture,
    PictureLimits,
    Prepared,
    Preparer,
    plan_items,
)
from zoobridge.protocol import status_from_error
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2
from zoobridge.zoo import ModelDescription, ScoreKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Answers", "Job", "Ready"]

_CONVERSIONS = {
    name.removeprefix("CONVERSION_KIND_").lower(): number
    for name, number in prediction_pb2.ConversionKind.items()
}
_SCORE_KINDS = {
    kind: prediction_pb2.ScoreKind.Value(f"SCORE_KIND_{kind.name}") for kind in ScoreKind
}
_FLUSH_ITEMS = 256
_FLUSH_SECONDS = 0.1


@dataclass(slots=True)
class Ready:
    """An item that a network can take.

    Parameters
    ----------
    job
        The request that it belongs to.
    item
        The place in the picture.
    array
        One network input, without the batch axis.
    conversions
        What was done to it.
    """

    job: Job
    item: Item
    array: NDArray[np.generic]
    conversions: tuple[Conversion, ...]


class Job:
    """A request, from its arrival in the worker to its last answer.

    Used by one thread at a time while it is prepared; results are added under the caller's lock.

    Parameters
    ----------
    number
        The server's number for it.
    data
        A serialized ``ClassifyRequest``, in shared memory.
    model
        The model, without a problem.
    deadline
        On the clock of :func:`time.monotonic`.
    waited
        Seconds that it had waited in the server.
    parts
        Whether it may be answered in several parts.
    """

    def __init__(
        self,
        number: int,
        data: memoryview,
        model: ModelDescription,
        *,
        deadline: float,
        waited: float,
        parts: bool,
    ) -> None:
        self.number = number
        self.model = model
        self.deadline = deadline
        self.parts = parts
        self.cancelled = False
        self.closed = False
        self.busy = False
        self.total = 0
        self.failed = 0
        self.preprocess_seconds = 0.0
        self.inference_seconds = 0.0
        self.postprocess_seconds = 0.0
        self._data: memoryview | None = data
        self._arrived = time.monotonic() - waited
        self._items: Sequence[Item | ItemFault] = ()
        self._next = 0
        self._planned = False
        self._opened: tuple[Picture, Preparer] | None = None
        self._options = classification_pb2.ClassificationOptions()
        self._results: list[prediction_pb2.ItemResult] = []
        self._answered = 0
        self._flushed = self._arrived

    @property
    def prepared(self) -> bool:
        """Whether all of its items have been prepared."""
        return self._planned and self._next >= len(self._items)

    @property
    def finished(self) -> bool:
        """Whether every item has its result."""
        return self.prepared and self._answered >= self.total

    def prepare(
        self, count: int, *, limits: PictureLimits, max_items: int
    ) -> tuple[list[Ready], list[prediction_pb2.ItemResult]]:
        """Prepare up to `count` more items; the first call decodes the picture.

        Returns
        -------
        tuple
            Items for the network, and results of items that have an error of their own.

        Raises
        ------
        ZooBridgeError
            If the request as a whole cannot be answered.
        """
        start = time.monotonic()
        if self._opened is None:
            self._opened = self._open(limits, max_items)
        picture, preparer = self._opened
        chunk = self._items[self._next : self._next + count]
        self._next += len(chunk)
        sound = [item for item in chunk if isinstance(item, Item)]
        failed = [
            self._failure(fault.index, fault.region_id, fault.plane, fault.error)
            for fault in chunk
            if isinstance(fault, ItemFault)
        ]
        ready = []
        for item, prepared in zip(sound, preparer.prepare(picture, sound), strict=True):
            if isinstance(prepared, Prepared):
                ready.append(Ready(self, item, prepared.array, prepared.conversions))
            else:
                failed.append(self._failure(item.index, item.region_id, item.plane, prepared))
        if self.prepared:
            self._opened = None
        self.preprocess_seconds += time.monotonic() - start
        return ready, failed

    def add(self, results: Sequence[prediction_pb2.ItemResult]) -> None:
        """Note results of items."""
        self._results.extend(results)
        self._answered += len(results)

    def part(self) -> tuple[bytes, int] | None:
        """Take the results that are due to be sent.

        Returns
        -------
        tuple or None
            A serialized ``ClassifyResponse`` and the number of its items; `None` while it pays to wait.
        """
        last = self.finished
        if not last:
            due = (
                len(self._results) >= _FLUSH_ITEMS
                or time.monotonic() - self._flushed >= _FLUSH_SECONDS
            )
            if not (self.parts and self._results and due):
                return None
        results, self._results = self._results, []
        results.sort(key=lambda result: result.index)
        self._flushed = time.monotonic()
        response = classification_pb2.ClassifyResponse(results=results)
        if self.model.score_kind is not None:
            response.score_kind = _SCORE_KINDS[self.model.score_kind]
        if last:
            spent = self.preprocess_seconds + self.inference_seconds + self.postprocess_seconds
            response.timing.queue_seconds = max(0.0, self._flushed - self._arrived - spent)
            response.timing.preprocess_seconds = self.preprocess_seconds
            response.timing.inference_seconds = self.inference_seconds
            response.timing.postprocess_seconds = self.postprocess_seconds
        return response.SerializeToString(), len(results)

    def failure(self, item: Item, error: ZooBridgeError) -> prediction_pb2.ItemResult:
        """Return the result of an item that failed."""
        return self._failure(item.index, item.region_id, item.plane, error)

    @property
    def options(self) -> classification_pb2.ClassificationOptions:
        """What the caller asked for."""
        return self._options

    def _failure(
        self, index: int, region_id: str, plane: object, error: ZooBridgeError
    ) -> prediction_pb2.ItemResult:
        self.failed += 1
        result = prediction_pb2.ItemResult(
            index=index, region_id=region_id, error=status_from_error(error)
        )
        result.plane.indexes.update(plane)  # type: ignore[arg-type]
        return result

    def _open(self, limits: PictureLimits, max_items: int) -> tuple[Picture, Preparer]:
        try:
            request = classification_pb2.ClassifyRequest.FromString(bytes(self._data or b""))
        except DecodeError as error:
            raise InvalidRequestError(f"the request is not a ClassifyRequest: {error}") from None
        self._data = None
        self._options = request.options
        spec = self.model.input
        if spec is None:
            raise InvalidRequestError("the model has no input")
        preparer = Preparer(spec, preparation_of(request.options))
        picture = open_picture(request, limits)
        self._items = plan_items(
            picture,
            spec,
            planes=selection_of(request),
            regions=regions_of(request),
            max_items=max_items,
        )
        self.total = len(self._items)
        self._planned = True
        return picture, preparer


class Answers:
    """Turns a batch of scores into results.

    Parameters
    ----------
    model
        The model that was run.
    """

    def __init__(self, model: ModelDescription) -> None:
        self._model = model
        self._labels = model.labels

    def results(
        self, batch: Sequence[Ready], scores: NDArray[np.floating]
    ) -> list[prediction_pb2.ItemResult]:
        """Return one result per item.

        Parameters
        ----------
        batch
            The items that were run together.
        scores
            ``(items, classes)``; of a model that gives labels only, ``(items, 1)`` with the index.
        """
        if self._model.score_kind is ScoreKind.LABEL_ONLY:
            return [
                self._labelled(ready, int(row[0])) for ready, row in zip(batch, scores, strict=True)
            ]
        # NaN sorts last, so that it never beats a number.
        order = np.argsort(-scores, axis=1, kind="stable").tolist()
        values = scores.astype(np.float32, copy=False).tolist()
        return [
            self._scored(ready, ranks, row)
            for ready, ranks, row in zip(batch, order, values, strict=True)
        ]

    def _scored(
        self, ready: Ready, ranks: list[int], row: list[float]
    ) -> prediction_pb2.ItemResult:
        best = row[ranks[0]]
        if best != best:  # noqa: PLR0124 - NaN alone differs from itself
            return ready.job.failure(
                ready.item,
                BackendError("the network answered NaN for every class of this item"),
            )
        options = ready.job.options
        top_k = options.top_k or self._model.default_top_k
        independent = self._model.score_kind is ScoreKind.INDEPENDENT_PROBABILITY
        threshold = options.threshold if options.HasField("threshold") else self._model.threshold
        result = _result(ready)
        prediction = result.prediction
        for index in ranks[:top_k]:
            score = prediction.top.add(index=index, label=self._labels[index], score=row[index])
            if independent and row[index] >= threshold:
                score.positive = True
        if options.all_scores:
            prediction.scores.extend(row)
        return result

    def _labelled(self, ready: Ready, index: int) -> prediction_pb2.ItemResult:
        if not 0 <= index < len(self._labels):
            return ready.job.failure(
                ready.item,
                BackendError(
                    f"the network answered class {index}, but the model has {len(self._labels)} labels"
                ),
            )
        result = _result(ready)
        result.prediction.top.add(index=index, label=self._labels[index])
        return result


def _result(ready: Ready) -> prediction_pb2.ItemResult:
    item = ready.item
    result = prediction_pb2.ItemResult(index=item.index, region_id=item.region_id)
    result.plane.SetInParent()
    if item.plane:
        result.plane.indexes.update(item.plane)
    result.prediction.SetInParent()
    for conversion in ready.conversions:
        result.prediction.conversions.add(
            kind=_CONVERSIONS[conversion.kind.value], detail=conversion.detail
        )
    return result
