"""Pictures in, predictions out: items in chunks, answers in parts, faults where they belong."""

import time
from dataclasses import replace

import numpy as np
import pytest

from pixels import to_pixels
from zoobridge.backend import BackendFault
from zoobridge.engine.worker import _classify_job
from zoobridge.engine.worker._classify_job import ClassifyHandler
from zoobridge.engine.worker._job import RunFrame
from zoobridge.errors import BackendError, BrokenPackageError
from zoobridge.imaging import PictureLimits
from zoobridge.protocol.v1 import classification_pb2 as messages
from zoobridge.protocol.v1 import prediction_pb2
from zoobridge.zoo import ScoreKind


@pytest.fixture
def handler(faulty):
    def make(**changes):
        model = replace(faulty(), **changes)
        return ClassifyHandler(model, limits=PictureLimits(pixels=1 << 20), max_items=1000)

    return make


def job_of(handler, planes=1, *, parts=False, **options):
    pixels = np.full((planes, 4, 4), 10, np.uint8)
    request = messages.ClassifyRequest(image={"pixels": to_pixels(pixels, "ZYX")}, options=options)
    return handler.job(RunFrame(1, memoryview(request.SerializeToString()), parts=parts))


def answer(handler, job, scores):
    """Give all items of a job these scores, and return its answer."""
    batch, failed = job.prepare(1000)
    assert failed == []
    for entry, results in zip(batch, handler.split(batch, [scores]), strict=True):
        entry.job.add(results)
    chunks, _ = job.part()
    return messages.ClassifyResponse.FromString(b"".join(chunks))


def test_items_are_prepared_in_chunks_and_the_first_decodes(handler):
    job = job_of(handler(), planes=5)
    sizes = []
    while not job.prepared:
        entries, failed = job.prepare(2)
        assert failed == []
        sizes.append(sum(entry.rows for entry in entries))
    assert (sizes, job.total) == ([2, 2, 1], 5)


def test_rows_of_several_requests_come_back_to_their_own(handler):
    handler = handler()
    jobs = [job_of(handler, planes=planes) for planes in (1, 3, 2)]
    batch = [entry for job in jobs for entry in job.prepare(100)[0]]
    scores = np.arange(12, dtype=np.float32).reshape(6, 2)
    for entry, results in zip(batch, handler.split(batch, [scores]), strict=True):
        entry.job.add(results)
    best = []
    for job in jobs:
        chunks, items = job.part()
        response = messages.ClassifyResponse.FromString(b"".join(chunks))
        assert [one.index for one in response.results] == list(range(items))
        best += [one.prediction.top[0].score for one in response.results]
    assert best == [1, 3, 5, 7, 9, 11]


def test_options_of_each_request_hold_in_a_batch(handler):
    handler = handler()
    jobs = [job_of(handler, top_k=1), job_of(handler, top_k=2, all_scores=True)]
    batch = [entry for job in jobs for entry in job.prepare(100)[0]]
    for entry, results in zip(
        batch, handler.split(batch, [np.eye(2, dtype=np.float32)]), strict=True
    ):
        entry.job.add(results)
    first, second = (
        messages.ClassifyResponse.FromString(b"".join(job.part()[0])).results[0].prediction
        for job in jobs
    )
    assert (len(first.top), len(first.scores)) == (1, 0)
    assert (len(second.top), len(second.scores)) == (2, 2)


def test_maps_are_given_to_the_requests_of_a_batch_that_ask_for_them(handler):
    handler = handler(activation=1)
    jobs = [job_of(handler), job_of(handler, planes=2, activation=True)]
    batch = [entry for job in jobs for entry in job.prepare(100)[0]]
    maps = np.random.default_rng(0).random((3, 2, 4, 5), np.float32)
    for entry, results in zip(batch, handler.split(batch, [np.zeros((3, 2)), maps]), strict=True):
        entry.job.add(results)
    (silent,), asked = (
        messages.ClassifyResponse.FromString(b"".join(job.part()[0])).results for job in jobs
    )
    assert not silent.prediction.HasField("activation")
    for one, expected in zip(asked, maps[1:], strict=True):
        found = one.prediction.activation
        assert (found.height, found.width) == (4, 5)
        np.testing.assert_array_equal(np.array(found.values, np.float32), expected.ravel())


@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (1, 2)])
def test_an_output_of_that_name_that_is_something_else_is_left_out(handler, shape):
    handler = handler(activation=1)
    job = job_of(handler, activation=True)
    (entry,), _ = job.prepare(1)
    (results,) = handler.split([entry], [np.zeros((1, 2)), np.zeros(shape, np.float32)])
    job.add(results)
    (one,) = messages.ClassifyResponse.FromString(b"".join(job.part()[0])).results
    assert one.prediction.top
    assert not one.prediction.HasField("activation")


def test_nan_for_every_class_is_an_error_of_that_item(handler):
    handler = handler()
    scores = np.array([[1, 2], [np.nan, np.nan]], np.float32)
    good, bad = answer(handler, job_of(handler, planes=2), scores).results
    assert good.prediction.top[0].label == "dark"
    assert "NaN" in bad.error.message


def test_a_label_alone_is_answered_and_one_beyond_the_classes_is_an_error(handler):
    handler = handler(score_kind=ScoreKind.LABEL_ONLY)
    response = answer(handler, job_of(handler, planes=2), np.array([[1], [7]], np.float32))
    good, bad = response.results
    assert good.prediction.top[0].label == "dark"
    assert not good.prediction.top[0].HasField("score")
    assert "class 7" in bad.error.message
    assert response.score_kind == prediction_pb2.SCORE_KIND_LABEL_ONLY


@pytest.mark.parametrize(
    ("scores", "words"),
    [(np.zeros((1, 2)), "1 items where 2"), (np.zeros((2, 3)), "3 scores")],
    ids=["rows", "classes"],
)
def test_an_output_of_another_shape_is_a_fault_of_the_batch(handler, scores, words):
    handler = handler()
    batch, _ = job_of(handler, planes=2).prepare(100)
    with pytest.raises(BackendFault, match=words):
        handler.split(batch, [scores.astype(np.float32)])


def test_an_item_that_failed_by_itself_has_its_error(handler):
    handler = handler()
    job = job_of(handler)
    (entry,), _ = job.prepare(100)
    job.add([handler.failure(entry, BackendError("no"))])
    (result,) = messages.ClassifyResponse.FromString(b"".join(job.part()[0])).results
    assert "no" in result.error.message
    assert job.failed == 1


def test_parts_are_sent_while_the_rest_runs_where_the_caller_takes_them(handler, monkeypatch):
    monkeypatch.setattr(_classify_job, "_FLUSH_ITEMS", 2)
    handler = handler()
    for parts in (True, False):
        job = job_of(handler, planes=3, parts=parts)
        job.flushed = time.monotonic() + 60
        batch, _ = job.prepare(2)
        (results,) = handler.split(batch, [np.zeros((2, 2), np.float32)])
        job.add(results[:1])
        assert job.part() is None
        job.add(results[1:])
        due = job.part()
        assert (due is not None) is parts
        if due is not None:
            assert due[1] == 2


def test_a_model_without_input_or_output_cannot_be_run(handler):
    with pytest.raises(BrokenPackageError, match="cannot be run"):
        handler(input=None, problem="its input is missing")
