"""Results that are written by hand are those that protobuf writes."""

from __future__ import annotations

import numpy as np
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.protocol import NEVER, ResultWriter, conversion_fields, result_field
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2

LABELS = ("", "cell", "Ångström\N{MICROSCOPE}", "x" * 300)

_number = st.floats(width=32, allow_nan=False)
_planes = st.dictionaries(st.sampled_from("TZC"), st.integers(0, (1 << 32) - 1))
_classes = st.lists(st.integers(0, len(LABELS) - 1), max_size=5)
_scores = st.just([]) | st.lists(_number, min_size=len(LABELS), max_size=len(LABELS))
_conversions = st.lists(st.tuples(st.integers(1, 12), st.text()), max_size=3)


@given(
    items=st.lists(
        st.tuples(st.integers(0, 1 << 20), st.text(), _planes, _classes, _scores), max_size=4
    ),
    conversions=_conversions,
    positive_from=_number | st.just(NEVER),
    all_scores=st.booleans(),
)
def test_a_response_is_its_results_behind_one_another(
    items, conversions, positive_from, all_scores
):
    writer = ResultWriter(LABELS)
    written, expected = b"", classification_pb2.ClassifyResponse()
    for index, region_id, plane, classes, scores in items:
        written += writer.prediction(
            index,
            region_id,
            plane,
            classes,
            scores,
            positive_from=positive_from,
            all_scores=all_scores,
            conversions=conversion_fields(conversions),
        )
        result = expected.results.add(index=index, region_id=region_id)
        if plane:
            result.plane.indexes.update(plane)
        result.prediction.SetInParent()
        for number in classes:
            entry = result.prediction.top.add(index=number, label=LABELS[number])
            if scores:
                entry.score = scores[number]
                entry.positive = scores[number] >= positive_from
        if all_scores:
            result.prediction.scores.extend(scores)
        for kind, detail in conversions:
            result.prediction.conversions.add(kind=kind, detail=detail)
    assert classification_pb2.ClassifyResponse.FromString(written) == expected


def test_planes_that_change_are_written_anew():
    writer = ResultWriter(LABELS)
    planes = [{"T": 1}, {"T": 2}, {}, {"T": 1}]
    written = b"".join(writer.prediction(0, "", plane, (), ()) for plane in planes)
    results = classification_pb2.ClassifyResponse.FromString(written).results
    assert [dict(result.plane.indexes) for result in results] == planes


def test_scores_keep_every_bit():
    scores = [float(np.float32(0.1))] * len(LABELS)
    written = ResultWriter(LABELS).prediction(0, "", {}, [1], scores, all_scores=True)
    (result,) = classification_pb2.ClassifyResponse.FromString(written).results
    assert result.prediction.top[0].score == scores[1]
    assert list(result.prediction.scores) == scores


def test_an_error_is_a_result_too():
    result = prediction_pb2.ItemResult(index=3, error=status_pb2.Status(code=3, message="no"))
    written = result_field(result)
    assert list(classification_pb2.ClassifyResponse.FromString(written).results) == [result]
