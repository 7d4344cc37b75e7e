"""Requests that classify pictures: from their bytes to items, and from scores to answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.engine._job import Job, Ready
from zoobridge.errors import BackendError, BrokenPackageError, ZooBridgeError
from zoobridge.imaging import Conversion, Item, ItemFault, Prepared, scores_of
from zoobridge.protocol import (
    NEVER,
    ResultWriter,
    conversion_fields,
    from_enum,
    result_field,
    status_from_error,
)
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2
from zoobridge.zoo import ScoreKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.engine._request import Opened, RequestReader
    from zoobridge.zoo import ModelDescription

__all__ = ["PictureAnswers", "PictureJob"]

_FLUSH_ITEMS = 256
_FLUSH_SECONDS = 0.1
_NO_OPTIONS = classification_pb2.ClassificationOptions()


_place = attrgetter("place")


@dataclass(slots=True)
class _Origin:
    item: Item
    conversions: tuple[Conversion, ...]


class ItemAnswer(NamedTuple):
    """The result of an item: its place among them, and the ``ClassifyResponse``'s field for it."""

    place: int
    field: bytes


class PictureJob(Job):
    """A serialized ``ClassifyRequest``.

    Parameters
    ----------
    reader
        Opens it.
    score_kind
        The ``zoobridge.v1.ScoreKind`` of the model.
    number, data, deadline, waited, parts
        See :class:`Job`.
    """

    def __init__(
        self,
        reader: RequestReader,
        score_kind: int,
        number: int,
        data: memoryview,
        *,
        deadline: float,
        waited: float,
        parts: bool,
    ) -> None:
        super().__init__(number, data, deadline=deadline, waited=waited, parts=parts)
        self.options = _NO_OPTIONS
        self._reader = reader
        self._score_kind = score_kind
        self._next = 0
        self._opened: Opened | None = None

    def prepare(self, count: int) -> tuple[list[Ready], list[ItemAnswer]]:
        """See :meth:`Job.prepare`; the first call decodes the picture."""
        start = time.monotonic()
        opened = self._opened
        if opened is None:
            opened = self._opened = self._reader.open(self.take())
            self.options = opened.options
            self.total = len(opened.items)
        chunk = opened.items[self._next : self._next + count]
        self._next += len(chunk)
        sound = [item for item in chunk if isinstance(item, Item)]
        failed = [
            self.failure(item.index, item.region_id, item.plane, item.error)
            for item in chunk
            if isinstance(item, ItemFault)
        ]
        ready = []
        for item, prepared in zip(
            sound, opened.preparer.prepare(opened.picture, sound), strict=True
        ):
            if isinstance(prepared, Prepared):
                array = prepared.array
                origin = _Origin(item, prepared.conversions)
                ready.append(Ready(self, array.shape, (array,), origin=origin))
            else:
                failed.append(self.failure(item.index, item.region_id, item.plane, prepared))
        if self._next >= self.total:
            self._opened = None
            self.prepared = True
        self.times.preprocess += time.monotonic() - start
        return ready, failed

    def part(self) -> tuple[bytes, int] | None:
        """See :meth:`Job.part`; the bytes are a ``ClassifyResponse``."""
        last = self.finished
        if not last:
            due = (
                len(self.results) >= _FLUSH_ITEMS
                or time.monotonic() - self.flushed >= _FLUSH_SECONDS
            )
            if not (self.parts and self.results and due):
                return None
        results, self.results = self.results, []
        results.sort(key=_place)
        self.flushed = time.monotonic()
        response = classification_pb2.ClassifyResponse(score_kind=self._score_kind)  # type: ignore[arg-type]
        if last:
            self.close_times()
            timing = response.timing
            timing.queue_seconds = self.times.queue
            timing.preprocess_seconds = self.times.preprocess
            timing.inference_seconds = self.times.inference
            timing.postprocess_seconds = self.times.postprocess
        written = [result.field for result in results]
        written.append(response.SerializeToString())
        return b"".join(written), len(results)

    def failure(
        self, index: int, region_id: str, plane: Mapping[str, int], error: ZooBridgeError
    ) -> ItemAnswer:
        """Return the result of an item that failed."""
        self.failed += 1
        result = prediction_pb2.ItemResult(
            index=index, region_id=region_id, error=status_from_error(error)
        )
        result.plane.indexes.update(plane)
        return ItemAnswer(index, result_field(result))


class PictureAnswers:
    """Joins items to a batch, and turns its scores into results.

    Parameters
    ----------
    model
        The model that is run.
    """

    def __init__(self, model: ModelDescription) -> None:
        if model.input is None or model.output is None:
            raise BrokenPackageError(f"model {model.reference} cannot be run: {model.problem}")
        self._model = model
        self._labels = model.labels
        self._output = model.output
        self.input = model.input
        self.score_kind = from_enum(prediction_pb2.ScoreKind, model.score_kind)
        self._independent = model.score_kind is ScoreKind.INDEPENDENT_PROBABILITY
        self._writer = ResultWriter(model.labels)
        self._conversions: tuple[tuple[Conversion, ...], bytes] = ((), b"")
        self.batched = "N" in model.input.axes
        self._batch_axis = max(0, model.output.axes.find("N"))

    def join(self, batch: Sequence[Ready]) -> list[NDArray[np.generic]]:
        """Return the network's input."""
        if not self.batched:
            return [batch[0].arrays[0]]
        if len(batch) == 1:
            return [batch[0].arrays[0][np.newaxis]]
        return [np.stack([ready.arrays[0] for ready in batch])]

    def split(
        self, batch: Sequence[Ready], outputs: Sequence[NDArray[np.generic]]
    ) -> list[ItemAnswer]:
        """Return one result per item."""
        output = outputs[self._output.index]
        if not self.batched:
            output = output[np.newaxis]
        answered = output.shape[self._batch_axis] if output.ndim > self._batch_axis else 0
        if answered != len(batch):
            raise BackendFault(
                f"the network answered {answered} items where {len(batch)} were asked"
            )
        scores = scores_of(output, self._output)
        if self._model.score_kind is ScoreKind.LABEL_ONLY:
            return [
                self._labelled(ready, int(row[0])) for ready, row in zip(batch, scores, strict=True)
            ]
        if scores.shape[1] != len(self._labels):
            raise BackendFault(
                f"the network answered {scores.shape[1]} scores, but the model has "
                f"{len(self._labels)} labels"
            )
        # NaN sorts last, so that it never beats a number.
        order = np.argsort(-scores, axis=1, kind="stable").tolist()
        values = scores.astype(np.float32, copy=False).tolist()
        return [
            self._scored(ready, ranks, row)
            for ready, ranks, row in zip(batch, order, values, strict=True)
        ]

    def failure(self, ready: Ready, error: ZooBridgeError) -> ItemAnswer:
        """Return the result of an item that failed by itself."""
        item = ready.origin.item
        job = ready.job
        assert isinstance(job, PictureJob)  # noqa: S101 - items come from nowhere else
        return job.failure(item.index, item.region_id, item.plane, error)

    def _scored(self, ready: Ready, ranks: list[int], row: list[float]) -> ItemAnswer:
        best = row[ranks[0]]
        if best != best:  # noqa: PLR0124 - NaN alone differs from itself
            return self.failure(
                ready, BackendError("the network answered NaN for every class of this item")
            )
        job = ready.job
        assert isinstance(job, PictureJob)  # noqa: S101 - items come from nowhere else
        options = job.options
        threshold = NEVER
        if self._independent:
            threshold = (
                options.threshold if options.HasField("threshold") else self._model.threshold
            )
        chosen = ranks[: options.top_k or self._model.default_top_k]
        return self._written(
            ready.origin, chosen, row, threshold=threshold, all_scores=options.all_scores
        )

    def _labelled(self, ready: Ready, index: int) -> ItemAnswer:
        if not 0 <= index < len(self._labels):
            return self.failure(
                ready,
                BackendError(
                    f"the network answered class {index}; the model has {len(self._labels)} labels"
                ),
            )
        return self._written(ready.origin, [index], ())

    def _written(
        self,
        origin: _Origin,
        classes: Sequence[int],
        scores: Sequence[float],
        *,
        threshold: float = NEVER,
        all_scores: bool = False,
    ) -> ItemAnswer:
        item = origin.item
        known, fields = self._conversions
        # Items of one picture share them, nearly always.
        if known is not origin.conversions:
            fields = conversion_fields(
                [
                    (from_enum(prediction_pb2.ConversionKind, one.kind), one.detail)
                    for one in origin.conversions
                ]
            )
            self._conversions = (origin.conversions, fields)
        field = self._writer.prediction(
            item.index,
            item.region_id,
            item.plane,
            classes,
            scores,
            positive_from=threshold,
            all_scores=all_scores,
            conversions=fields,
        )
        return ItemAnswer(item.index, field)
