import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.client import ClassScore, ModelIdentity, PredictionSet, Result, Results
from zoobridge.client._result import results_from_response
from zoobridge.errors import RegionError
from zoobridge.protocol import status_from_error
from zoobridge.protocol.v1 import classification_pb2 as pb
from zoobridge.protocol.v1 import image_pb2, prediction_pb2

MODEL = ModelIdentity("m", "1", "d" * 64)


def result(number, *labels, **fields):
    top = tuple(ClassScore(i, label, 0.1 * (9 - i)) for i, label in enumerate(labels))
    return Result(
        f"{number}.png",
        label=labels[0] if labels else "",
        score=top[0].score if top else None,
        top=top,
        model=MODEL,
        **fields,
    )


GOOD = Results([result(1, "a", "b"), result(2, "b", "a")])
MIXED = Results(
    [result(1, "a", "b"), result(2, region="<r>", error=RegionError("outside", field="regions"))]
)


def test_every_item_of_a_response_becomes_a_result():
    response = pb.ClassifyResponse(
        results=[
            prediction_pb2.ItemResult(
                index=4,
                region_id="cell",
                plane=image_pb2.Plane(indexes={"Z": 3, "T": 0}),
                prediction=prediction_pb2.Prediction(
                    top=[prediction_pb2.ClassScore(index=1, label="b", positive=True)],
                    scores=[0.25, 0.75],
                    conversions=[
                        prediction_pb2.Conversion(
                            kind=prediction_pb2.CONVERSION_KIND_GREY_TO_RGB, detail="1 → 3"
                        )
                    ],
                ),
            ),
            prediction_pb2.ItemResult(index=5, error=status_from_error(RegionError("outside"))),
        ],
        model=prediction_pb2.ModelIdentity(id="m", digest="d", device="cpu"),
        score_kind=prediction_pb2.SCORE_KIND_LABEL_ONLY,
        timing=prediction_pb2.Timing(queue_seconds=1, inference_seconds=2),
    )
    first, second = results_from_response(response, image="a.png", image_index=7)
    assert (first.image, first.image_index, first.item_index) == ("a.png", 7, 4)
    assert (first.plane, first.region, first.label) == ("T=0,Z=3", "cell", "b")
    assert first.score is None
    assert first.positives == ("b",)
    np.testing.assert_array_equal(first.scores, np.array([0.25, 0.75], np.float32))
    assert first.conversions[0].kind == "grey_to_rgb"
    assert first.score_kind == "label_only"
    assert first.timing.inference == 2
    assert isinstance(second.error, RegionError)
    assert second.label == ""


def test_the_columns_are_those_of_every_program():
    assert list(GOOD.to_records()[0]) == [
        "image", "plane", "region", "label", "score", "label_2", "score_2", "model", "version",
        "digest",
    ]  # fmt: skip
    assert list(MIXED.to_records()[0])[-1] == "error"
    assert MIXED.to_records()[1]["error"] == "outside"
    assert MIXED.to_records()[1]["label_2"] is None


def test_a_score_is_written_as_short_as_its_float32_allows():
    score = float(np.float32(0.1))
    one = Result("a", top=(ClassScore(0, "x", score),))
    assert one.to_record()["score"] == 0.1
    assert np.float32(one.to_record()["score"]) == np.float32(score)


@given(score=st.floats(width=32, allow_nan=False))
def test_a_written_score_is_the_float32_that_was_sent(score):
    one = Result("a", top=(ClassScore(0, "x", score),))
    written = one.to_record()["score"]
    assert np.float32(written) == np.float32(score)
    if abs(score) >= np.finfo(np.float32).tiny:
        assert repr(written) == repr(float(str(np.float32(score))))


def test_a_data_frame_has_a_row_for_each_item():
    frame = MIXED.to_pandas()
    assert list(frame["image"]) == ["1.png", "2.png"]
    assert frame["error"].notna().tolist() == [False, True]
    assert Results([]).to_pandas().empty


def test_without_pandas_the_error_names_the_command():
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from zoobridge.client import Results\n"
        "try: Results([]).to_pandas()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "zoobridge[pandas]"' in done.stdout


def test_errors_are_gathered_and_raised_with_the_items_name():
    assert GOOD.errors == ()
    assert GOOD.raise_for_errors() is GOOD
    assert MIXED.errors == (MIXED[1],)
    with pytest.raises(RegionError, match=r"^2\.png, <r>: outside$") as caught:
        MIXED.raise_for_errors()
    assert caught.value.field == "regions"


def test_results_are_a_sequence():
    assert len(MIXED) == 2
    assert isinstance(MIXED[:1], Results)
    assert MIXED.labels == ("a", "")
    assert [one.image for one in reversed(MIXED)] == ["2.png", "1.png"]


def test_results_show_themselves():
    text = repr(MIXED)
    assert "2 items, 1 failed" in text
    assert "1.png: a 0.9" in text
    assert "RegionError: outside" in text
    assert "and 2 more" in repr(Results([result(n, "a") for n in range(12)]))


def test_a_notebook_shows_a_table_in_which_nothing_is_markup():
    page = MIXED._repr_html_()
    assert page.count("<tr>") == 3
    assert "&lt;r&gt;" in page
    assert "<r>" not in page
    assert Results([])._repr_html_() == "<p>0 items, 0 failed</p>"


def test_prediction_sets_and_novelty_are_told_where_a_model_has_them():
    response = pb.ClassifyResponse(
        results=[
            prediction_pb2.ItemResult(
                prediction=prediction_pb2.Prediction(
                    top=[prediction_pb2.ClassScore(label="b")],
                    prediction_set=prediction_pb2.PredictionSet(coverage=0.9, labels=["b", "a"]),
                    novelty=prediction_pb2.Novelty(value=value, threshold=0.25),
                ),
            )
            for value in (0.125, 0.5)
        ],
    )
    results = Results(results_from_response(response, image="a.png", image_index=0))
    assert results[0].prediction_set == PredictionSet(0.9, ("b", "a"))
    assert results.unlike_training == (results[1],)
    row = results.to_records()[1]
    assert list(row)[-3:] == ["prediction_set", "novelty", "novelty_threshold"]
    assert (row["prediction_set"], row["novelty"], row["novelty_threshold"]) == ("b|a", 0.5, 0.25)
