"""Results of items as they lie on the wire: thousands are written a second, most of them alike.

Each is a field of a serialized ``zoobridge.v1.ClassifyResponse``, so that a response is made by
putting them behind one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from zoobridge.protocol._wire import field_tag, varint
from zoobridge.protocol.v1 import classification_pb2, image_pb2, prediction_pb2

__all__ = [
    "NEVER",
    "Place",
    "ResultWriter",
    "conversion_fields",
    "novelty_field",
    "prediction_set_field",
    "result_field",
]

_RESULTS: Final = field_tag(classification_pb2.ClassifyResponse.RESULTS_FIELD_NUMBER)
_REGION: Final = field_tag(prediction_pb2.ItemResult.REGION_ID_FIELD_NUMBER)
_PLANE: Final = field_tag(prediction_pb2.ItemResult.PLANE_FIELD_NUMBER)
_PREDICTION: Final = field_tag(prediction_pb2.ItemResult.PREDICTION_FIELD_NUMBER)
_TOP: Final = field_tag(prediction_pb2.Prediction.TOP_FIELD_NUMBER)
_SCORES: Final = field_tag(prediction_pb2.Prediction.SCORES_FIELD_NUMBER)
_CONVERSIONS: Final = field_tag(prediction_pb2.Prediction.CONVERSIONS_FIELD_NUMBER)
_SET: Final = field_tag(prediction_pb2.Prediction.PREDICTION_SET_FIELD_NUMBER)
_NOVELTY: Final = field_tag(prediction_pb2.Prediction.NOVELTY_FIELD_NUMBER)
_INDEX: Final = field_tag(prediction_pb2.ItemResult.INDEX_FIELD_NUMBER, kind=0)
_SCORE_BYTES: Final = 4
_SCORE: Final = field_tag(prediction_pb2.ClassScore.SCORE_FIELD_NUMBER, kind=5)
_POSITIVE: Final = prediction_pb2.ClassScore(positive=True).SerializeToString()


# The planes of most stacks; they come again with the next stack.
_MOST_PLANES: Final = 1024

#: No score is as great.
NEVER: Final = float("nan")


def result_field(result: prediction_pb2.ItemResult) -> bytes:
    """Return any result as a field of a response."""
    return _sized(_RESULTS, result.SerializeToString())


class Place(Protocol):
    """What a result says of where its item lies, as in ``zoobridge.v1.ItemResult``."""

    @property
    def index(self) -> int:
        """Its place among all items."""
        ...

    @property
    def region_id(self) -> str:
        """The region's id; empty for a whole plane."""
        ...

    @property
    def plane(self) -> Mapping[str, int]:
        """Index by axis letter."""
        ...


class ResultWriter:
    """Writes predictions for the classes of one model.

    Parameters
    ----------
    labels
        Name of each class.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        named = [
            prediction_pb2.ClassScore(index=index, label=label).SerializeToString()
            for index, label in enumerate(labels)
        ]
        self._bare = [_sized(_TOP, one) for one in named]
        # All of an entry but its score, which comes last.
        self._scored = [_before_score(one) for one in named]
        self._positive = [_before_score(one + _POSITIVE) for one in named]
        self._planes: dict[tuple[tuple[str, int], ...], bytes] = {}

    def named(self, classes: Sequence[int]) -> list[bytes]:
        """Return predictions without a score, one for each of `classes`."""
        return [self._bare[one] for one in classes]

    def scored(
        self,
        classes: NDArray[np.integer[Any]],
        scores: NDArray[np.float32],
        *,
        positive_from: float = NEVER,
        every: NDArray[np.float32] | None = None,
    ) -> list[bytes]:
        """Return predictions of several items.

        Parameters
        ----------
        classes
            ``(items, best)``: the best classes of each, the best first.
        scores
            Their scores, of the same shape.
        positive_from
            Of these, what counts as positive.
        every
            ``(items, classes)``: scores of all classes, to be written too.
        """
        best = classes.shape[1]
        chosen = classes.ravel().tolist()
        starts = [self._scored[one] for one in chosen]
        if positive_from == positive_from:  # noqa: PLR0124 - not NaN, which is NEVER
            for place in np.flatnonzero(scores.ravel() >= positive_from).tolist():
                starts[place] = self._positive[chosen[place]]
        # Each entry's start, and then its score.
        pieces = [b""] * (2 * len(starts))
        pieces[::2] = starts
        # Four bytes that mean nothing to NumPy are given as they are.
        pieces[1::2] = scores.astype("<f4", order="C").view("V4").ravel().tolist()
        predictions = [
            b"".join(pieces[place : place + 2 * best]) for place in range(0, len(pieces), 2 * best)
        ]
        if every is not None:
            predictions = [
                prediction + _sized(_SCORES, row.tobytes())
                for prediction, row in zip(predictions, every.astype("<f4"), strict=True)
            ]
        return predictions

    def results(
        self, places: Iterable[Place], predictions: Iterable[bytes], conversions: Iterable[bytes]
    ) -> list[bytes]:
        """Return the results of items that were classified, each as a field of a response.

        Parameters
        ----------
        places
            The items.
        predictions
            What :meth:`scored` or :meth:`named` returned for them.
        conversions
            Of each item, what :func:`conversion_fields` returned.
        """
        written = []
        known: Mapping[str, int] = {}
        plane = b""
        for place, prediction, tail in zip(places, predictions, conversions, strict=True):
            head = _INDEX + varint(place.index) if place.index else b""
            if place.region_id:
                head += _sized(_REGION, place.region_id.encode())
            # The places of one plane share it.
            if place.plane is not known:
                known = place.plane
                plane = self._plane(known) if known else b""
            size = len(prediction) + len(tail)
            head += plane + _PREDICTION + varint(size)
            written.append(_RESULTS + varint(len(head) + size) + head + prediction + tail)
        return written

    def _plane(self, plane: Mapping[str, int]) -> bytes:
        key = tuple(plane.items())
        field = self._planes.get(key)
        if field is None:
            message = image_pb2.Plane(indexes=plane)
            field = _sized(_PLANE, message.SerializeToString(deterministic=True))
            if len(self._planes) >= _MOST_PLANES:
                self._planes.clear()
            self._planes[key] = field
        return field


def conversion_fields(conversions: Iterable[prediction_pb2.Conversion]) -> bytes:
    """Return conversions as fields of a prediction."""
    return b"".join(_sized(_CONVERSIONS, one.SerializeToString()) for one in conversions)


def prediction_set_field(coverage: float, labels: Sequence[str]) -> bytes:
    """Return a prediction set as a field of a prediction."""
    message = prediction_pb2.PredictionSet(coverage=coverage, labels=labels)
    return _sized(_SET, message.SerializeToString())


def novelty_field(value: float, threshold: float) -> bytes:
    """Return the novelty of an item as a field of its prediction."""
    message = prediction_pb2.Novelty(value=value, threshold=threshold)
    return _sized(_NOVELTY, message.SerializeToString())


def _before_score(entry: bytes) -> bytes:
    return _TOP + varint(len(entry) + len(_SCORE) + _SCORE_BYTES) + entry + _SCORE


def _sized(tag: bytes, data: bytes) -> bytes:
    return tag + varint(len(data)) + data
