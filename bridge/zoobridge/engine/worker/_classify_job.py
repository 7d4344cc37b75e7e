"""Requests that classify pictures: from their bytes to items, and from scores to answers."""

from __future__ import annotations

import functools
import itertools
import time
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault, ByteInput
from zoobridge.engine.worker._item_rows import ItemRows
from zoobridge.engine.worker._job import BatchEntry, Job
from zoobridge.engine.worker._reliability import Reliability
from zoobridge.engine.worker._request_decoder import RequestDecoder
from zoobridge.errors import BackendError, BrokenPackageError, ZooBridgeError
from zoobridge.imaging import (
    BoxItems,
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
    activation_field,
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

    from zoobridge.backend import ByteTable, Network
    from zoobridge.engine.worker._job import RunFrame
    from zoobridge.engine.worker._request_decoder import DecodedRequest
    from zoobridge.imaging import PictureLimits
    from zoobridge.zoo import ModelDescription

__all__ = ["ClassifyHandler", "ClassifyJob"]

_FLUSH_ITEMS = 256
_FLUSH_SECONDS = 0.1
_NO_OPTIONS = classification_pb2.ClassificationOptions()


_place = itemgetter(0)

#: Results of items that follow one another: the first one's place among all, the ``ClassifyResponse``'s
#: fields for them, and how many they are.
_Answer = tuple[int, bytes, int]

#: How many of the best classes, from which score on they count, and whether all scores and activation maps
#: are wanted.
_Wish = tuple[int, float, bool, bool]


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
        self._held = 0
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
        sound: Sequence[Item] = (
            chunk
            if isinstance(chunk, BoxItems)
            else [item for item in chunk if isinstance(item, Item)]
        )
        prepared, faults = decoded.preparer.prepare(decoded.picture, sound)
        entries = [
            BatchEntry(
                self,
                ("pictures", group.array.shape[1:], group.table),
                (group.array,),
                len(group.items),
                ItemRows(group.items, group.conversions),
                group.table,
            )
            for group in prepared
        ]
        if sound is not chunk:
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
            due = self._held >= _FLUSH_ITEMS or time.monotonic() - self.flushed >= _FLUSH_SECONDS
            if not (self.parts and self.results and due):
                return None
        results, self.results = self.results, []
        held, self._held = self._held, 0
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
        written = [fields for _, fields, _ in results]
        written.append(response.SerializeToString())
        return [b"".join(written)], held

    def add(self, results: Sequence[_Answer]) -> None:
        """See :meth:`Job.add`."""
        self.results.extend(results)
        items = sum(count for _, _, count in results)
        self._held += items
        self.answered += items

    def failure(self, item: Item | ItemFault, error: ZooBridgeError) -> _Answer:
        """Return the result of an item that failed."""
        self.failed += 1
        result = prediction_pb2.ItemResult(
            index=item.index, region_id=item.region_id, error=status_from_error(error)
        )
        result.plane.indexes.update(item.plane)
        return item.index, result_field(result), 1


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

    def forward(
        self, network: Network, batch: Sequence[BatchEntry], size: int
    ) -> list[NDArray[np.generic]]:
        """Run the network on the items of a batch; see :meth:`Handler.forward`."""
        if not self.batched:
            return [one[np.newaxis] for one in network.forward([batch[0].arrays[0][0]])]
        rows = batch[0].arrays[0]
        if len(batch) > 1:
            rows = np.concatenate([entry.arrays[0] for entry in batch])
        table = batch[0].table
        if len(batch) > 1 or len(rows) <= size:
            return self._outputs(network, rows, table)
        parts = [
            self._outputs(network, rows[start : start + size], table)
            for start in range(0, len(rows), size)
        ]
        axes = [0] * len(parts[0])
        axes[self._output.index] = self._batch_axis
        return [
            np.concatenate(one, axis)
            for one, axis in zip(zip(*parts, strict=True), axes, strict=True)
        ]

    def _outputs(
        self, network: Network, rows: NDArray[Any], table: ByteTable | None
    ) -> list[NDArray[np.generic]]:
        if table is not None and isinstance(network, ByteInput):
            outputs = network.forward_bytes(rows, table)
        else:
            outputs = network.forward([rows])
        self._check(outputs, len(rows))
        return outputs

    def _check(self, outputs: Sequence[NDArray[np.generic]], rows: int) -> None:
        output = outputs[self._output.index]
        answered = output.shape[self._batch_axis] if output.ndim > self._batch_axis else 0
        if answered != rows:
            raise BackendFault(f"the network answered {answered} items where {rows} were asked")

    def split(
        self, batch: Sequence[BatchEntry], outputs: Sequence[NDArray[np.generic]]
    ) -> list[Sequence[_Answer]]:
        """Return the results of each entry."""
        self._check(outputs, sum(entry.rows for entry in batch))
        scores = scores_of(outputs[self._output.index], self._output)
        if self._label_only:
            return self._labelled(batch, scores[:, 0])
        if scores.shape[1] != len(self._labels):
            raise BackendFault(
                f"the network answered {scores.shape[1]} scores, but the model has "
                f"{len(self._labels)} labels"
            )
        answers: list[Sequence[_Answer]] = []
        start = 0
        for wish, alike in itertools.groupby(batch, self._wish):
            some = list(alike)
            stop = start + sum(entry.rows for entry in some)
            answers += self._scored(some, scores[start:stop], wish, outputs, slice(start, stop))
            start = stop
        return answers

    def failure(self, entry: BatchEntry, error: ZooBridgeError) -> _Answer:
        """Return the result of an entry of one item that failed by itself."""
        return _job_of(entry).failure(_rows_of(entry).items[0], error)

    def _wish(self, entry: BatchEntry) -> _Wish:
        options = _job_of(entry).options
        threshold = NEVER
        if self._independent:
            threshold = (
                options.threshold if options.HasField("threshold") else self._model.threshold
            )
        maps = options.activation and self._model.activation is not None
        return options.top_k or self._model.default_top_k, threshold, options.all_scores, maps

    def _scored(
        self,
        batch: Sequence[BatchEntry],
        scores: NDArray[np.generic],
        wish: _Wish,
        outputs: Sequence[NDArray[np.generic]],
        rows: slice,
    ) -> list[Sequence[_Answer]]:
        top_k, threshold, every, maps = wish
        values = scores.astype(np.float32, copy=False)
        classes = best_classes(scores, top_k)
        best = values[np.arange(len(values))[:, np.newaxis], classes]
        if len(batch) == 1 and not (every or maps or self._reliability.says_more):
            entry = batch[0]
            own = _rows_of(entry)
            if own.alike and isinstance(own.items, BoxItems) and not np.isnan(best[:, 0]).any():
                written = self._writer.rows(
                    own.items.indexes,
                    own.items.plane,
                    classes,
                    best,
                    positive_from=threshold,
                    conversions=_fields(own.conversions[0]),
                )
                return [[(int(own.items.indexes[0]), written, entry.rows)]]
        predictions = self._writer.scored(
            classes, best, positive_from=threshold, every=values if every else None
        )
        more = self._reliability.fields(values, outputs, rows)
        if more is not None:
            predictions = [one + rest for one, rest in zip(predictions, more, strict=True)]
        if maps and self._model.activation is not None:
            given = outputs[self._model.activation][rows]
            # An output of that name may be something else.
            if given.ndim == 4 and given.shape[1] == len(self._labels):
                fields = map(activation_field, given)
                predictions = [one + rest for one, rest in zip(predictions, fields, strict=True)]
        # NaN comes last, and is not equal to itself.
        nameless = [row for row, score in enumerate(best[:, 0].tolist()) if score != score]  # noqa: PLR0124
        problem = "the network answered NaN for every class of this item"
        return self._answers(batch, predictions, dict.fromkeys(nameless, problem))

    def _labelled(
        self, batch: Sequence[BatchEntry], classes: NDArray[Any]
    ) -> list[Sequence[_Answer]]:
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
    ) -> list[Sequence[_Answer]]:
        """Return predictions as results, and errors in the place of rows that have a problem."""
        answers: list[Sequence[_Answer]] = []
        start = 0
        for entry in batch:
            stop = start + entry.rows
            rows = _rows_of(entry)
            tails = []
            known, fields = self._conversions
            for conversions in rows.conversions:
                # Items of one picture share them, nearly always.
                if conversions is not known:
                    known, fields = conversions, _fields(conversions)
                tails.append(fields)
            self._conversions = (known, fields)
            written = self._writer.results(rows.items, predictions[start:stop], tails)
            own = [(item.index, one, 1) for item, one in zip(rows.items, written, strict=True)]
            if problems:
                job = _job_of(entry)
                for row in range(start, stop):
                    if row in problems:
                        fault = BackendError(problems[row])
                        own[row - start] = job.failure(rows.items[row - start], fault)
            answers.append(own)
            start = stop
        return answers


@functools.lru_cache(maxsize=1024)
def _fields(conversions: tuple[Conversion, ...]) -> bytes:
    return conversion_fields(map(conversion_message, conversions))


def _rows_of(entry: BatchEntry) -> ItemRows:
    assert isinstance(entry.items, ItemRows)  # noqa: S101 - items come from nowhere else
    return entry.items


def _job_of(entry: BatchEntry) -> ClassifyJob:
    assert isinstance(entry.job, ClassifyJob)  # noqa: S101 - items come from nowhere else
    return entry.job
