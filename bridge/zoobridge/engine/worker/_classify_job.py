"""Requests that classify pictures: from their bytes to items, and from scores to answers."""

from __future__ import annotations

import functools
import itertools
import time
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault, ByteInput
from zoobridge.engine.worker._job import BatchEntry, Job
from zoobridge.engine.worker._reliability import Reliability
from zoobridge.engine.worker._request_decoder import RequestDecoder
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

    from zoobridge.backend import Network
    from zoobridge.engine.worker._job import RunFrame
    from zoobridge.engine.worker._request_decoder import DecodedRequest
    from zoobridge.imaging import PictureLimits
    from zoobridge.zoo import ModelDescription

__all__ = ["ClassifyHandler", "ClassifyJob"]

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
    handler
        Decodes it.
    frame
        The request.
    """

    def __init__(self, handler: ClassifyHandler, frame: RunFrame) -> None:
        super().__init__(handler, frame)
        self.options = _NO_OPTIONS
        self._decoder = handler.decoder
        self._score_kind = handler.score_kind
        self._next = 0
        self._decoded: DecodedRequest | None = None

    def prepare(self, count: int) -> tuple[list[BatchEntry], list[_Answer]]:
        """See :meth:`Job.prepare`; the first call decodes the picture."""
        start = time.monotonic()
        decoded = self._decoded
        if decoded is None:
            decoded = self._decoded = self._decoder.decode(self.take(), self.check)
            self.options = decoded.options
            self.total = len(decoded.items)
        chunk = decoded.items[self._next : self._next + count]
        self._next += len(chunk)
        sound = [item for item in chunk if isinstance(item, Item)]
        prepared, faults = decoded.preparer.prepare(decoded.picture, sound)
        entries = [
            BatchEntry(
                self,
                ("pictures", group.array.shape[1:], group.table),
                (group.array,),
                len(group.items),
                list(zip(group.items, group.conversions, strict=True)),
                group.table,
            )
            for group in prepared
        ]
        faults += [item for item in chunk if isinstance(item, ItemFault)]
        failed = [self.failure(fault, fault.error) for fault in faults]
        if self._next >= self.total:
            self._decoded = None
            self.prepared = True
        self.times.preprocess += time.monotonic() - start
        return entries, failed

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


class ClassifyHandler:
    """Classifies pictures; follows :class:`~zoobridge.engine.worker._job.Handler`.

    Parameters
    ----------
    model
        The model that is run.
    limits
        Limits of a picture.
    max_items
        Items of one request.
    byte_input
        Whether the network takes bytes, and a table of what becomes of them.
    """

    def __init__(
        self,
        model: ModelDescription,
        *,
        limits: PictureLimits,
        max_items: int,
        byte_input: bool = False,
    ) -> None:
        if model.input is None or model.output is None:
            raise BrokenPackageError(f"model {model.reference} cannot be run: {model.problem}")
        self._model = model
        self._labels = model.labels
        self._output = model.output
        self.input = model.input
        self.decoder = RequestDecoder(
            model.input, limits=limits, max_items=max_items, byte_input=byte_input
        )
        self.score_kind = from_enum(prediction_pb2.ScoreKind, model.score_kind)
        self._independent = model.score_kind is ScoreKind.INDEPENDENT_PROBABILITY
        self._label_only = model.score_kind is ScoreKind.LABEL_ONLY
        self._writer = ResultWriter(model.labels)
        self._reliability = Reliability(model)
        self._conversions: tuple[tuple[Conversion, ...], bytes] = ((), b"")
        self.batched = "N" in model.input.axes
        self._batch_axis = max(0, model.output.axes.find("N"))

    def job(self, frame: RunFrame) -> ClassifyJob:
        """Return the job of a request."""
        return ClassifyJob(self, frame)

    def forward(self, network: Network, batch: Sequence[BatchEntry]) -> list[NDArray[np.generic]]:
        """Run the network on the items of a batch together."""
        if not self.batched:
            return network.forward([batch[0].arrays[0][0]])
        rows = batch[0].arrays[0]
        if len(batch) > 1:
            rows = np.concatenate([entry.arrays[0] for entry in batch])
        table = batch[0].table
        if table is not None and isinstance(network, ByteInput):
            return network.forward_bytes(rows, table)
        return network.forward([rows])

    def split(
        self, batch: Sequence[BatchEntry], outputs: Sequence[NDArray[np.generic]]
    ) -> list[Sequence[_Answer]]:
        """Return the results of each entry."""
        if not self.batched:
            outputs = [output[np.newaxis] for output in outputs]
        output = outputs[self._output.index]
        rows = sum(entry.rows for entry in batch)
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
            stop = start + sum(entry.rows for entry in some)
            answers += self._scored(some, scores[start:stop], wish, outputs, slice(start, stop))
            start = stop
        return self._divided(batch, answers)

    def failure(self, entry: BatchEntry, error: ZooBridgeError) -> _Answer:
        """Return the result of an entry of one item that failed by itself."""
        ((item, _),) = entry.items or ()
        return _job_of(entry).failure(item, error)

    def _wish(self, entry: BatchEntry) -> _Wish:
        options = _job_of(entry).options
        threshold = NEVER
        if self._independent:
            threshold = (
                options.threshold if options.HasField("threshold") else self._model.threshold
            )
        return options.top_k or self._model.default_top_k, threshold, options.all_scores

    def _scored(
        self,
        batch: Sequence[BatchEntry],
        scores: NDArray[np.generic],
        wish: _Wish,
        outputs: Sequence[NDArray[np.generic]],
        rows: slice,
    ) -> list[_Answer]:
        top_k, threshold, every = wish
        values = scores.astype(np.float32, copy=False)
        classes = best_classes(scores, top_k)
        best = values[np.arange(len(values))[:, np.newaxis], classes]
        predictions = self._writer.scored(
            classes, best, positive_from=threshold, every=values if every else None
        )
        more = self._reliability.fields(values, outputs, rows)
        if more is not None:
            predictions = [one + rest for one, rest in zip(predictions, more, strict=True)]
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
        rows: list[_Row] = [row for entry in batch for row in entry.items or ()]
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
            jobs = [_job_of(entry) for entry in batch for _ in range(entry.rows)]
            for row, problem in problems.items():
                answers[row] = jobs[row].failure(items[row], BackendError(problem))
        return answers

    @staticmethod
    def _divided(batch: Sequence[BatchEntry], answers: list[_Answer]) -> list[Sequence[_Answer]]:
        if len(batch) == 1:
            return [answers]
        ends = itertools.accumulate(entry.rows for entry in batch)
        return [answers[end - entry.rows : end] for entry, end in zip(batch, ends, strict=True)]


@functools.lru_cache(maxsize=1024)
def _fields(conversions: tuple[Conversion, ...]) -> bytes:
    return conversion_fields(map(conversion_message, conversions))


def _job_of(entry: BatchEntry) -> ClassifyJob:
    assert isinstance(entry.job, ClassifyJob)  # noqa: S101 - items come from nowhere else
    return entry.job
