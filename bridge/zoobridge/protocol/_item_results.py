"""Results of items as they lie on the wire: thousands are written a second, most of them alike.

Each is a field of a serialized ``zoobridge.v1.ClassifyResponse``, so that a response is made by
putting them behind one another.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final

from zoobridge.protocol._wire import field_tag, varint
from zoobridge.protocol.v1 import classification_pb2, image_pb2, prediction_pb2

__all__ = ["NEVER", "ResultWriter", "conversion_fields", "result_field"]

_RESULTS: Final = field_tag(classification_pb2.ClassifyResponse.RESULTS_FIELD_NUMBER)
_REGION: Final = field_tag(prediction_pb2.ItemResult.REGION_ID_FIELD_NUMBER)
_PLANE: Final = field_tag(prediction_pb2.ItemResult.PLANE_FIELD_NUMBER)
_PREDICTION: Final = field_tag(prediction_pb2.ItemResult.PREDICTION_FIELD_NUMBER)
_TOP: Final = field_tag(prediction_pb2.Prediction.TOP_FIELD_NUMBER)
_SCORES: Final = field_tag(prediction_pb2.Prediction.SCORES_FIELD_NUMBER)
_CONVERSIONS: Final = field_tag(prediction_pb2.Prediction.CONVERSIONS_FIELD_NUMBER)
_INDEX: Final = field_tag(prediction_pb2.ItemResult.INDEX_FIELD_NUMBER, kind=0)
_FLOAT: Final = struct.Struct("<f")
_SCORE: Final = field_tag(prediction_pb2.ClassScore.SCORE_FIELD_NUMBER, kind=5)
_POSITIVE: Final = prediction_pb2.ClassScore(positive=True).SerializeToString()


#: No score is as great.
NEVER: Final = float("nan")


def result_field(result: prediction_pb2.ItemResult) -> bytes:
    """Return any result as a field of a response."""
    return _sized(_RESULTS, result.SerializeToString())


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
        self._planes: tuple[Mapping[str, int], bytes] = ({}, b"")

    def prediction(
        self,
        index: int,
        region_id: str,
        plane: Mapping[str, int],
        classes: Sequence[int],
        scores: Sequence[float],
        *,
        positive_from: float = NEVER,
        all_scores: bool = False,
        conversions: bytes = b"",
    ) -> bytes:
        """Return the result of an item that was classified.

        Parameters
        ----------
        index, region_id, plane
            As in ``zoobridge.v1.ItemResult``.
        classes
            The best classes, the best first.
        scores
            Scores of all classes; empty where the model gives none.
        positive_from
            Of these, what counts as positive.
        all_scores
            Whether to write all of them.
        conversions
            What :func:`conversion_fields` returned.
        """
        if scores:
            pack = _FLOAT.pack
            prediction = b"".join(
                [
                    (self._positive if scores[one] >= positive_from else self._scored)[one]
                    + pack(scores[one])
                    for one in classes
                ]
            )
            if all_scores:
                prediction += _sized(_SCORES, struct.pack(f"<{len(scores)}f", *scores))
        else:
            prediction = b"".join([self._bare[one] for one in classes])
        prediction += conversions
        head = _INDEX + varint(index) if index else b""
        if region_id:
            head += _sized(_REGION, region_id.encode())
        if plane:
            head += self._plane(plane)
        return _sized(_RESULTS, head + _sized(_PREDICTION, prediction))

    def _plane(self, plane: Mapping[str, int]) -> bytes:
        known, field = self._planes
        # Items of one plane share the very mapping.
        if known is not plane:
            message = image_pb2.Plane(indexes=plane)
            field = _sized(_PLANE, message.SerializeToString(deterministic=True))
            self._planes = (plane, field)
        return field


def conversion_fields(conversions: Sequence[tuple[int, str]]) -> bytes:
    """Return conversions, each a ``ConversionKind`` and its detail, as fields of a prediction."""
    return b"".join(
        _sized(
            _CONVERSIONS,
            prediction_pb2.Conversion(kind=kind, detail=detail).SerializeToString(),  # type: ignore[arg-type]
        )
        for kind, detail in conversions
    )


def _before_score(entry: bytes) -> bytes:
    return _TOP + varint(len(entry) + len(_SCORE) + _FLOAT.size) + entry + _SCORE


def _sized(tag: bytes, data: bytes) -> bytes:
    return tag + varint(len(data)) + data
