"""Streams: answered as done, bounded, cancelled, and ended in order."""

from __future__ import annotations

import contextlib
import itertools
import threading

import grpc
import pytest

from served import UNREADABLE, error_of, request, wait_until
from zoobridge.engine import ResponsePart, Runtime
from zoobridge.errors import (
    ImageFormatError,
    InvalidRequestError,
    OverloadedError,
    ServerError,
    ServerUnavailableError,
    UnknownModelError,
    WorkerError,
)
from zoobridge.protocol import error_from_status
from zoobridge.protocol.v1 import classification_pb2

WINDOW = 32
MANY = 200


def part(name: str, message=None, **fields):
    return classification_pb2.ClassifyStreamRequest(
        id=name, request=request(**fields) if message is None else message
    )


class Feed:
    """Messages that the test sends when it likes, counted as gRPC takes them."""

    def __init__(self, messages=()):
        self.sent = 0
        self._messages = iter(messages)
        self._closed = threading.Event()

    def __iter__(self):
        for message in self._messages:
            self.sent += 1
            yield message
        self._closed.wait()

    def close(self):
        self._closed.set()


def test_a_stream_of_pictures_is_answered_under_their_ids(local, call):
    messages = (part(str(level), level=level) for level in range(MANY))
    answers = list(call(local).classification.ClassifyStream(messages, timeout=90))
    assert {answer.id for answer in answers} == {str(level) for level in range(MANY)}
    for answer in answers:
        assert answer.last
        assert answer.total == 1
        scores = {s.label: s.score for s in answer.response.results[0].prediction.top}
        assert scores["bright"] == int(answer.id)
        assert answer.response.model.version == "2.0.0"


def test_one_bad_picture_among_a_hundred_gives_ninety_nine_results_and_one_error(local, call):
    bad = classification_pb2.ClassifyRequest(model="brightness", image={"encoded": b"text"})
    messages = (part(str(i), bad if i == 50 else None, level=i) for i in range(100))
    answers = {a.id: a for a in call(local).classification.ClassifyStream(messages, timeout=90)}
    assert len(answers) == 100
    errors = [answer for answer in answers.values() if answer.WhichOneof("outcome") == "error"]
    assert [answer.id for answer in errors] == ["50"]
    assert errors[0].last
    assert isinstance(error_from_status(errors[0].error), ImageFormatError)


def test_later_requests_inherit_what_they_leave_empty(start, call, held):
    server = start(engine=held)
    first = classification_pb2.ClassifyRequest(
        model="brightness@1.0.0", framework="onnx", options={"top_k": 1, "all_scores": True}
    )
    own = request(model="brightness@2.0.0", options={"top_k": 2})
    feed = Feed([part("defaults", first), part("a", request(model="")), part("b", own)])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    a, b = sorted((held.next(), held.next()), key=lambda answer: answer.work.model.version)
    assert a.work.model.version == "1.0.0"
    assert a.request.options.top_k == 1
    assert a.request.options.all_scores
    assert b.work.model.version == "2.0.0"
    assert b.request.options.top_k == 2
    assert not b.request.options.all_scores
    a.give()
    b.give()
    feed.close()
    assert {answer.id for answer in answers} == {"a", "b"}


def test_joined_requests_are_answered_as_if_each_came_alone(start, call, held):
    server = start(engine=held)
    defaults = classification_pb2.ClassifyRequest(model="brightness@1.0.0")
    first = part("defaults", defaults)
    first.joined.extend([part("a", request(model="")), part("b", request(model="nobody"))])
    first.joined.append(part("c"))
    feed = Feed([first])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    a, c = held.next(), held.next()
    assert a.work.model.version == "1.0.0"
    c.give()
    a.give()
    feed.close()
    parts = [one for answer in answers for one in (answer, *answer.joined)]
    assert {one.id: one.WhichOneof("outcome") for one in parts} == {
        "a": "response",
        "b": "error",
        "c": "response",
    }


def test_joined_requests_do_not_pass_the_window(start, call, held):
    server = start(engine=held)
    first, *others = [part(str(i)) for i in range(2 * WINDOW)]
    first.joined.extend(others)
    feed = Feed([first])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    for _ in range(WINDOW):
        held.next()
    assert not held.arrived.acquire(timeout=0.5)
    answers.cancel()
    feed.close()


def test_a_stream_that_is_drained_says_so_in_the_middle_of_a_joined_message(start, call, held):
    server = start(engine=held)
    first, *others = [part(str(i)) for i in range(WINDOW + 8)]
    first.joined.extend(others)
    feed = Feed([first])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    accepted = [held.next() for _ in range(WINDOW)]
    stopping = threading.Thread(target=server.stop, kwargs={"grace": 20})

    def give() -> None:
        for one in accepted:
            one.give()
        while stopping.is_alive():
            with contextlib.suppress(AssertionError):
                held.next(timeout=0.1).give()

    giving = threading.Thread(target=give)
    stopping.start()
    giving.start()
    seen = []
    with pytest.raises(grpc.RpcError) as caught:
        for answer in answers:
            seen += [one.id for one in (answer, *answer.joined)]
    assert isinstance(error_of(caught), ServerUnavailableError)
    stopping.join(30)
    giving.join(30)
    assert len(seen) == len(set(seen)) == len(held.answers)
    feed.close()


def test_answers_come_as_they_are_done_and_name_the_true_model(start, call, held):
    server = start(engine=held)
    feed = Feed([part("first"), part("second")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    first, second = held.next(), held.next()
    second.give()
    answer = next(answers)
    assert answer.id == "second"
    # The worker had claimed to be another model.
    assert (answer.response.model.id, answer.response.model.version) == ("brightness", "2.0.0")
    assert answer.response.model.framework_version == "1.2.3"
    first.give(index=0, total=2, last=False)
    answer = next(answers)
    assert (answer.id, answer.total, answer.last) == ("first", 2, False)
    first.give(index=1, total=2)
    assert next(answers).last
    feed.close()
    assert list(answers) == []


def test_nothing_more_is_read_while_enough_is_outstanding(start, call, held):
    server = start(engine=held)
    feed = Feed(part(str(i)) for i in range(10 * WINDOW))
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    for _ in range(WINDOW):
        held.next()
    assert not held.arrived.acquire(timeout=0.5)
    held.answers[0].give()
    assert next(answers).id == "0"
    held.next()
    assert not held.arrived.acquire(timeout=0.5)
    assert len(held.answers) == WINDOW + 1
    answers.cancel()
    feed.close()


def test_large_pictures_fill_the_window_sooner(start, call, held):
    server = start(engine=held)
    large = classification_pb2.ClassifyRequest(
        model="brightness", image={"encoded": b"\0" * (24 << 20)}
    )
    feed = Feed(part(str(i), large) for i in range(8))
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    for _ in range(3):
        held.next()
    assert not held.arrived.acquire(timeout=0.5)
    answers.cancel()
    feed.close()


def test_a_caller_that_cancels_ends_its_work_in_the_engine(start, call, held):
    server = start(engine=held)
    feed = Feed([part("a"), part("b")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    work = [held.next(), held.next()]
    answers.cancel()
    for answer in work:
        assert answer.cancelled.wait(90)
    feed.close()


def test_a_deadline_ends_the_work_in_the_engine(start, call, held):
    server = start(engine=held)
    feed = Feed([part("a")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=1)
    answer = held.next()
    assert answer.work.deadline is not None
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answer.cancelled.wait(90)
    feed.close()


def test_a_full_queue_makes_the_stream_wait_and_not_fail(start, call, held):
    held.refusals = [OverloadedError("full", retry_after=0.01) for _ in range(3)]
    server = start(engine=held)
    feed = Feed([part("a")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    held.next().give()
    assert next(answers).WhichOneof("outcome") == "response"
    feed.close()


def test_what_is_wrong_with_one_request_leaves_the_others_alone(start, call, held):
    server = start(engine=held)
    feed = Feed(
        [part("a", model="nobody"), part("b", model="brightness"), part("c", model="wreck")]
    )
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    held.next().give()
    feed.close()
    found = {answer.id: answer for answer in answers}
    assert found["b"].WhichOneof("outcome") == "response"
    assert isinstance(error_from_status(found["a"].error), UnknownModelError)
    assert found["c"].error.code


@pytest.mark.parametrize("written", UNREADABLE)
def test_an_answer_that_cannot_be_read_ends_its_request_alone(start, call, held, written):
    server = start(engine=held)
    feed = Feed([part("a"), part("b")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    held.next().put(ResponsePart(written, 2, last=False, runtime=Runtime("cpu", "1")))
    refused = next(answers)
    assert (refused.id, refused.last) == ("a", True)
    assert isinstance(error_from_status(refused.error), WorkerError)
    held.next().give()
    assert next(answers).response.model.id == "brightness"
    feed.close()


def test_a_fault_of_ours_is_told_by_its_incident_number_alone(start, call, held, caplog):
    server = start(engine=held)
    feed = Feed([part("a")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    held.next().fail(ValueError("a secret of the house"))
    answer = next(answers)
    error = error_from_status(answer.error)
    assert isinstance(error, ServerError)
    assert "secret" not in error.message
    assert error.metadata["incident"] in caplog.text
    assert "a secret of the house" in caplog.text
    feed.close()


def test_a_message_that_cannot_be_read_ends_the_stream_after_the_others(start, call, held):
    server = start(engine=held)
    caller = call(server)
    stream = caller.channel.stream_stream(
        "/zoobridge.v1.ClassificationService/ClassifyStream",
        response_deserializer=classification_pb2.ClassifyStreamResponse.FromString,
    )
    feed = Feed([part("a").SerializeToString(), b"\xff\xff\xff"])
    answers = stream(iter(feed), timeout=90)
    held.next().give()
    assert next(answers).id == "a"
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    assert isinstance(error_of(caught), InvalidRequestError)
    feed.close()


def test_streams_beyond_what_the_server_takes_are_refused_with_a_sentence(start, call, held):
    server = start(engine=held, max_workers=4)
    caller = call(server)
    feeds = [Feed([part("a")]) for _ in range(3)]
    open_ones = [caller.classification.ClassifyStream(iter(feed), timeout=90) for feed in feeds[:2]]
    held.next()
    held.next()
    with pytest.raises(grpc.RpcError) as caught:
        next(caller.classification.ClassifyStream(iter(feeds[2]), timeout=90))
    error = error_of(caught)
    assert isinstance(error, OverloadedError)
    assert error.retry_after
    # There is still room for other calls.
    answer = caller.classification.Classify.future(request(), timeout=90)
    held.next().give()
    assert answer.result().results
    for stream, feed in itertools.zip_longest(open_ones, feeds):
        feed.close()
        if stream is not None:
            stream.cancel()


def test_a_stream_that_is_drained_answers_what_it_accepted(start, call, held):
    server = start(engine=held)
    feed = Feed([part("a"), part("b")])
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    work = [held.next(), held.next()]
    stopping = threading.Thread(target=server.stop, kwargs={"grace": 20})
    stopping.start()
    for answer in work:
        answer.give()
    assert {next(answers).id, next(answers).id} == {"a", "b"}
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    assert isinstance(error_of(caught), ServerUnavailableError)
    stopping.join(30)
    assert not stopping.is_alive()
    feed.close()


def test_streams_that_were_cancelled_make_room_for_others(start, call, held):
    server = start(engine=held, max_workers=4)
    caller = call(server)
    for _ in range(10):
        feed = Feed([part("a")])
        answers = caller.classification.ClassifyStream(iter(feed), timeout=90)
        work = held.next()
        answers.cancel()
        feed.close()
        assert work.cancelled.wait(90)

    def is_taken() -> bool:
        feed = Feed([part("last")])
        answers = caller.classification.ClassifyStream(iter(feed), timeout=90)
        feed.close()
        try:
            held.next(timeout=1).give()
        except AssertionError:
            return False
        return [answer.id for answer in answers] == ["last"]

    wait_until(is_taken)


def test_a_caller_that_does_not_read_is_not_read_from(start, call, held):
    server = start(engine=held)
    feed = Feed(part(str(i)) for i in range(10 * WINDOW))
    answers = call(server).classification.ClassifyStream(iter(feed), timeout=90)
    heavy = "x" * (4 << 20)
    for _ in range(WINDOW):
        held.next().give(label=heavy)
    # A few answers fit into the buffers on the way; the rest stay outstanding.
    while held.arrived.acquire(timeout=1):
        pass
    assert len(held.answers) < 3 * WINDOW
    answers.cancel()
    feed.close()
