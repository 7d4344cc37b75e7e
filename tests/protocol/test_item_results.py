"""Results that are written by hand are those that protobuf writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.protocol import NEVER, ResultWriter, conversion_fields, result_field
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2

LABELS = ("", "cell", "Ångström\N{MICROSCOPE}", "x" * 300)

_number = st.floats(width=32, allow_nan=False)
_planes = st.dictionaries(st.sampled_from("TZC"), st.integers(0, (1 << 32) - 1))
_item = st.tuples(st.integers(0, 1 << 20), st.text(), _planes)
_class = st.integers(0, len(LABELS) - 1)
_scores = st.lists(_number, min_size=len(LABELS), max_size=len(LABELS))
_conversions = st.lists(
    st.builds(
        prediction_pb2.Conversion,
        kind=st.integers(1, 14),
        detail=st.text(),
        notice=st.text(),
        notice_field=st.text(),
    ),
    max_size=3,
)


class _Item(NamedTuple):
    index: int
    region_id: str
    plane: Mapping[str, int]


def _written(writer, items, predictions):
    places = [_Item(*place) for place, _ in items]
    tails = [conversion_fields(conversions) for _, conversions in items]
    return writer.results(places, predictions, tails)


def _expected(item, conversions):
    index, region_id, plane = item
    result = prediction_pb2.ItemResult(index=index, region_id=region_id)
    if plane:
        result.plane.indexes.update(plane)
    result.prediction.SetInParent()
    result.prediction.conversions.extend(conversions)
    return result


@given(
    data=st.data(),
    items=st.lists(st.tuples(_item, _conversions), min_size=1, max_size=4),
    best=st.integers(1, 5),
    positive_from=_number | st.just(NEVER),
    all_scores=st.booleans(),
)
def test_a_response_is_its_results_behind_one_another(data, items, best, positive_from, all_scores):
    writer = ResultWriter(LABELS)
    classes = [data.draw(st.lists(_class, min_size=best, max_size=best)) for _ in items]
    scores = [data.draw(_scores) for _ in items]
    every = np.array(scores, np.float32)
    predictions = writer.scored(
        np.array(classes),
        np.take_along_axis(every, np.array(classes), axis=1),
        positive_from=positive_from,
        every=every if all_scores else None,
    )
    written = _written(writer, items, predictions)
    expected = classification_pb2.ClassifyResponse()
    for item, chosen, row in zip(items, classes, scores, strict=True):
        result = _expected(*item)
        for number in chosen:
            score = row[number]
            result.prediction.top.add(
                index=number,
                label=LABELS[number],
                score=score,
                positive=score >= positive_from,
            )
        if all_scores:
            result.prediction.scores.extend(row)
        expected.results.append(result)
    assert classification_pb2.ClassifyResponse.FromString(b"".join(written)) == expected
    # Nothing takes more bytes than protobuf would give it.
    assert list(map(len, written)) == [len(result_field(one)) for one in expected.results]


@given(item=st.tuples(_item, _conversions), number=_class)
def test_a_class_may_come_without_a_score(item, number):
    writer = ResultWriter(LABELS)
    (written,) = _written(writer, [item], writer.named([number]))
    expected = _expected(*item)
    expected.prediction.top.add(index=number, label=LABELS[number])
    (result,) = classification_pb2.ClassifyResponse.FromString(written).results
    assert result == expected


def test_planes_that_change_are_written_anew():
    writer = ResultWriter(LABELS)
    planes = [{"T": 1}, {"T": 2}, {}, {"T": 1}]
    written = _written(writer, [((0, "", plane), ()) for plane in planes], [b""] * len(planes))
    results = classification_pb2.ClassifyResponse.FromString(b"".join(written)).results
    assert [dict(result.plane.indexes) for result in results] == planes


def test_scores_keep_every_bit():
    scores = np.full((1, len(LABELS)), 0.1, np.float32)
    writer = ResultWriter(LABELS)
    predictions = writer.scored(np.array([[1]]), scores[:, 1:2], every=scores)
    (written,) = _written(writer, [((0, "", {}), ())], predictions)
    (result,) = classification_pb2.ClassifyResponse.FromString(written).results
    assert result.prediction.top[0].score == scores[0, 1]
    assert list(result.prediction.scores) == scores[0].tolist()


def test_an_error_is_a_result_too():
    result = prediction_pb2.ItemResult(index=3, error=status_pb2.Status(code=3, message="no"))
    written = result_field(result)
    assert list(classification_pb2.ClassifyResponse.FromString(written).results) == [result]


@given(
    data=st.data(),
    first=st.sampled_from([0, 1, 120, 127, 16_380, 2_000_000]),
    rows=st.integers(1, 12),
    best=st.integers(1, 5),
    plane=_planes,
    conversions=_conversions,
    positive_from=_number | st.just(NEVER),
    labels=st.sampled_from([LABELS, ("a", "b", "c", "d")]),
)
def test_rows_that_are_alike_are_written_as_they_are_one_by_one(
    data, first, rows, best, plane, conversions, positive_from, labels
):
    writer = ResultWriter(labels)
    chosen = st.lists(_class, min_size=best, max_size=best)
    classes = np.array([data.draw(chosen) for _ in range(rows)])
    scores = np.array(
        [data.draw(st.lists(_number, min_size=best, max_size=best)) for _ in range(rows)],
        np.float32,
    )
    predictions = writer.scored(classes, scores, positive_from=positive_from)
    items = [((first + row, "", plane), conversions) for row in range(rows)]
    together = writer.rows(
        np.arange(first, first + rows),
        plane,
        classes,
        scores,
        positive_from=positive_from,
        conversions=conversion_fields(conversions),
    )
    assert together == b"".join(_written(writer, items, predictions))
