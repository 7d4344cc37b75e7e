"""Requests that classify pictures: from their bytes to items, and from scores to answers."""

from __future__ import annotations

import functools
import itertools
import time
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.engine.worker._batcher import BatchEntry
from zoobridge.engine.worker._job import Job
from zoobridge.errors import BackendError, BrokenPackageError, ZooBridgeError
from zoobridge.imaging import (
    Conversion,
    Item,
    ItemFault,
    best_classes,
    conversion_message,
    scores_of,
)
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

    from zoobridge.engine.worker._request_decoder import DecodedRequest, RequestDecoder
    from zoobridge.zoo import ModelDescription

__all__ = ["ClassifyCollator", "ClassifyJob"]

_FLUSH_ITEMS = 256
_FLUSH_SECONDS = 0.1
_NO_OPTIONS = classification_pb2.ClassificationOptions()


_place = itemgetter(0)

#: The result of an item: its place among them, and the ``ClassifyResponse``'s field for it.
_Answer = tuple[int, bytes]

#: An item, and what was done to it on the way to the network.
_Row = tuple[Item, tuple[Conversion, ...]]

#: How many of the best classes, from which score on they count, and whether all scores are wanted.
_Wish = tuple[int, float, bool]


class ClassifyJob(Job):
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
        reader: RequestDecoder,
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
        self._opened: DecodedRequest | None = None

    def prepare(self, count: int) -> tuple[list[BatchEntry], list[_Answer]]:
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
        prepared, faults = opened.preparer.prepare(opened.picture, sound)
        ready = [
            BatchEntry(
                self,
                ("pictures", group.array.shape[1:]),
                (group.array,),
                len(group.items),
                list(zip(group.items, group.conversions, strict=True)),
            )
            for group in prepared
        ]
        faults += [item for item in chunk if isinstance(item, ItemFault)]
        failed = [self.failure(fault, fault.error) for fault in faults]
        if self._next >= self.total:
            self._opened = None
            self.prepared = True
        self.times.preprocess += time.monotonic() - start
        return ready, failed

    def part(self) -> tuple[Sequence[bytes | memoryview], int] | None:
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
        written = [field for _, field in results]
        written.append(response.SerializeToString())
        return [b"".join(written)], len(results)

    def failure(self, item: Item | ItemFault, error: ZooBridgeError) -> _Answer:
        """Return the result of an item that failed."""
        self.failed += 1
        result = prediction_pb2.ItemResult(
            index=item.index, region_id=item.region_id, error=status_from_error(error)
        )
        result.plane.indexes.update(item.plane)
        return item.index, result_field(result)


class ClassifyCollator:
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
        self._label_only = model.score_kind is ScoreKind.LABEL_ONLY
        self._writer = ResultWriter(model.labels)
        self._conversions: tuple[tuple[Conversion, ...], bytes] = ((), b"")
        self.batched = "N" in model.input.axes
        self._batch_axis = max(0, model.output.axes.find("N"))

    def join(self, batch: Sequence[BatchEntry]) -> list[NDArray[np.generic]]:
        """Return the network's input."""
        if not self.batched:
            return [batch[0].arrays[0][0]]
        if len(batch) == 1:
            return [batch[0].arrays[0]]
        return [np.concatenate([ready.arrays[0] for ready in batch])]

    def split(
        self, batch: Sequence[BatchEntry], outputs: Sequence[NDArray[np.generic]]
    ) -> list[Sequence[_Answer]]:
        """Return the results of each entry."""
        output = outputs[self._output.index]
        if not self.batched:
            output = output[np.newaxis]
        rows = sum(ready.rows for ready in batch)
        answered = output.shape[self._batch_axis] if output.ndim > self._batch_axis else 0
        if answered != rows:
            raise BackendFault(f"the network answered {answered} items where {rows} were asked")
        scores = scores_of(output, self._output)
        if self._label_only:
            return self._divided(batch, self._labelled(batch, scores[:, 0]))
        if scores.shape[1] != len(self._labels):
            raise BackendFault(
                f"the network answered {scores.shape[1]} scores, but the model has "
                f"{len(self._labels)} labels"
            )
        answers: list[_Answer] = []
        start = 0
        for wish, alike in itertools.groupby(batch, self._wish):
            some = list(alike)
            stop = start + sum(ready.rows for ready in some)
            answers += self._scored(some, scores[start:stop], wish)
            start = stop
        return self._divided(batch, answers)

    def failure(self, ready: BatchEntry, error: ZooBridgeError) -> _Answer:
        """Return the result of an entry of one item that failed by itself."""
        ((item, _),) = ready.items or ()
        return _job_of(ready).failure(item, error)

    def _wish(self, ready: BatchEntry) -> _Wish:
        options = _job_of(ready).options
        threshold = NEVER
        if self._independent:
            threshold = (
                options.threshold if options.HasField("threshold") else self._model.threshold
            )
        return options.top_k or self._model.default_top_k, threshold, options.all_scores

    def _scored(
        self, batch: Sequence[BatchEntry], scores: NDArray[np.generic], wish: _Wish
    ) -> list[_Answer]:
        top_k, threshold, every = wish
        values = scores.astype(np.float32, copy=False)
        classes = best_classes(scores, top_k)
        best = values[np.arange(len(values))[:, np.newaxis], classes]
        predictions = self._writer.scored(
            classes, best, positive_from=threshold, every=values if every else None
        )
        # NaN comes last, and is not equal to itself.
        nameless = [row for row, score in enumerate(best[:, 0].tolist()) if score != score]  # noqa: PLR0124
        problem = "the network answered NaN for every class of this item"
        return self._answers(batch, predictions, dict.fromkeys(nameless, problem))

    def _labelled(self, batch: Sequence[BatchEntry], classes: NDArray[Any]) -> list[_Answer]:
        chosen = [int(one) for one in classes]
        count = len(self._labels)
        problems = {
            row: f"the network answered class {one}; the model has {count} labels"
            for row, one in enumerate(chosen)
            if not 0 <= one < count
        }
        predictions = self._writer.named(
            [0 if row in problems else one for row, one in enumerate(chosen)]
        )
        return self._answers(batch, predictions, problems)

    def _answers(
        self, batch: Sequence[BatchEntry], predictions: Sequence[bytes], problems: Mapping[int, str]
    ) -> list[_Answer]:
        """Return predictions as results, and errors in the place of rows that have a problem."""
        rows: list[_Row] = [row for ready in batch for row in ready.items or ()]
        items = [item for item, _ in rows]
        tails = []
        known, fields = self._conversions
        for _, conversions in rows:
            # Items of one picture share them, nearly always.
            if conversions is not known:
                known, fields = conversions, _fields(conversions)
            tails.append(fields)
        self._conversions = (known, fields)
        written = self._writer.results(items, predictions, tails)
        answers = [(item.index, result) for item, result in zip(items, written, strict=True)]
        if problems:
            jobs = [_job_of(ready) for ready in batch for _ in range(ready.rows)]
            for row, problem in problems.items():
                answers[row] = jobs[row].failure(items[row], BackendError(problem))
        return answers

    @staticmethod
    def _divided(batch: Sequence[BatchEntry], answers: list[_Answer]) -> list[Sequence[_Answer]]:
        if len(batch) == 1:
            return [answers]
        ends = itertools.accumulate(ready.rows for ready in batch)
        return [answers[end - ready.rows : end] for ready, end in zip(batch, ends, strict=True)]


@functools.lru_cache(maxsize=1024)
def _fields(conversions: tuple[Conversion, ...]) -> bytes:
    return conversion_fields(map(conversion_message, conversions))


def _job_of(ready: BatchEntry) -> ClassifyJob:
    assert isinstance(ready.job, ClassifyJob)  # noqa: S101 - items come from nowhere else
    return ready.job
