"""One request: its deadline, its cancellation, and what goes wrong in the engine."""

from __future__ import annotations

import threading

import grpc
import pytest

from served import UNREADABLE, error_of, request
from zoobridge.engine import ResponsePart, Runtime
from zoobridge.errors import (
    BackendError,
    DeadlineError,
    LimitError,
    OverloadedError,
    PathPermissionError,
    ServerError,
    WorkerError,
)
from zoobridge.protocol import Limits
from zoobridge.protocol.inference import grpc_service_pb2 as infer
from zoobridge.protocol.v1 import classification_pb2, zoo_pb2


def test_the_engine_gets_the_bytes_as_they_came(start, call, held):
    message = request(framework="onnx", options={"top_k": 3})
    # A field that only a newer client knows.
    data = message.SerializeToString() + b"\xa2\x06\x03new"
    server = start(engine=held)
    future = call(server).channel.unary_unary("/zoobridge.v1.ClassificationService/Classify")
    answer = future.future(data, timeout=90)
    work = held.next()
    assert b"".join(work.work.chunks) == data
    work.give()
    assert classification_pb2.ClassifyResponse.FromString(answer.result()).results


def test_an_answer_in_parts_is_joined_and_names_the_true_model(start, call, held):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=90)
    work = held.next()
    work.give(index=0, total=2, last=False)
    work.give(index=1, total=2)
    answer = future.result()
    assert [result.index for result in answer.results] == [0, 1]
    assert (answer.model.id, answer.model.version) == ("brightness", "2.0.0")
    assert answer.model.framework_version == "1.2.3"


def test_the_callers_deadline_reaches_the_engine(start, call, held):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=1)
    work = held.next()
    assert work.work.deadline is not None
    with pytest.raises(grpc.RpcError) as caught:
        future.result()
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert work.cancelled.wait(90)


def test_a_call_without_a_deadline_has_none_in_the_engine(start, call, held):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request())
    work = held.next()
    assert work.work.deadline is None
    work.give()
    assert future.result().results


def test_a_call_waits_for_its_model_as_long_as_the_server_says(start, call, held):
    server = start(engine=held, max_wait_seconds=5.0)
    future = call(server).classification.Classify.future(request())
    work = held.next()
    assert work.work.may_wait(4.9)
    assert not work.work.may_wait(5.1)
    work.give()
    assert future.result().results


def test_so_does_a_call_of_the_inference_protocol(start, call, held):
    server = start(engine=held, max_wait_seconds=5.0)
    asked = infer.ModelInferRequest(model_name="brightness")
    picture = asked.inputs.add(name="image", datatype="BYTES", shape=[1])
    picture.contents.bytes_contents.append(b"a picture")
    future = (
        call(server)
        .channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        .future(asked.SerializeToString())
    )
    assert not held.next().work.may_wait(5.1)
    future.cancel()


def test_a_caller_that_cancels_ends_its_work_in_the_engine(start, call, held):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=90)
    work = held.next()
    future.cancel()
    assert work.cancelled.wait(90)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WorkerError("the worker died; send it again"), grpc.StatusCode.UNAVAILABLE),
        (BackendError("the network failed"), grpc.StatusCode.FAILED_PRECONDITION),
        (DeadlineError("too late"), grpc.StatusCode.DEADLINE_EXCEEDED),
    ],
    ids=lambda value: value.name if isinstance(value, grpc.StatusCode) else "",
)
def test_an_error_of_the_engine_keeps_its_type_and_its_sentence(start, call, held, error, code):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=90)
    held.next().fail(error)
    with pytest.raises(grpc.RpcError) as caught:
        future.result()
    assert caught.value.code() is code
    found = error_of(caught)
    assert type(found) is type(error)
    assert found.message == error.message


def test_a_full_queue_tells_when_to_try_again(start, call, held):
    held.refusals = [OverloadedError("too much waits", retry_after=0.25)]
    server = start(engine=held)
    with pytest.raises(grpc.RpcError) as caught:
        call(server).classification.Classify(request(), timeout=90)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error_of(caught).retry_after == 0.25


def test_a_fault_of_ours_is_told_by_its_incident_number_alone(start, call, held, caplog):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=90)
    held.next().fail(KeyError("a secret of the house"))
    with pytest.raises(grpc.RpcError) as caught:
        future.result()
    error = error_of(caught)
    assert isinstance(error, ServerError)
    assert "secret" not in error.message
    assert error.metadata["incident"] in error.message
    assert error.metadata["incident"] in caplog.text
    assert "a secret of the house" in caplog.text


@pytest.mark.parametrize("written", UNREADABLE)
def test_an_answer_that_cannot_be_read_is_the_workers_fault(start, call, held, written):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=90)
    held.next().put(ResponsePart(written, 1, last=True, runtime=Runtime("cpu", "1")))
    with pytest.raises(grpc.RpcError) as caught:
        future.result()
    assert isinstance(error_of(caught), WorkerError)


def test_nothing_of_a_workers_claim_reaches_the_caller(start, call, held):
    server = start(engine=held)
    claim = classification_pb2.ClassifyResponse(
        model={"id": "an impostor", "digest": "0" * 64, "framework": "of mine", "device": "cuda:7"}
    ).SerializeToString()
    # A field of the identity that only a newer client knows, and the claim once more.
    claim += b"\x12\x06\xa2\x06\x03new" + claim
    answers = []
    for written in (b"", claim):
        future = call(server).classification.Classify.future(request(), timeout=90)
        held.next().put(ResponsePart(written, 1, last=True, runtime=Runtime("cpu", "1.2.3")))
        answers.append(future.result().SerializeToString(deterministic=True))
    assert answers[0] == answers[1]


def test_a_message_beyond_the_limit_is_refused_and_smaller_ones_are_taken(start, call, held):
    server = start(engine=held, limits=Limits(message_bytes=1 << 20))
    large = classification_pb2.ClassifyRequest(
        model="brightness", image={"encoded": b"\0" * (1 << 20)}
    )
    caller = call(server)
    with pytest.raises(grpc.RpcError) as caught:
        caller.classification.Classify(large, timeout=90)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in caught.value.details()
    future = caller.classification.Classify.future(request(), timeout=90)
    held.next().give()
    assert future.result().results


def by_path(path) -> classification_pb2.ClassifyRequest:
    return classification_pb2.ClassifyRequest(
        model="brightness", image={"path": str(path), "name": "slide"}
    )


def test_a_path_is_refused_unless_the_administrator_allowed_its_folder(start, call, held, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"pixels")
    with pytest.raises(grpc.RpcError) as caught:
        call(start(engine=held)).classification.Classify(
            by_path(tmp_path / "picture.png"), timeout=30
        )
    error = error_of(caught)
    assert isinstance(error, PathPermissionError)
    assert error.field == "image.path"
    assert "administrator allow" in error.message


def test_an_allowed_file_reaches_the_engine_as_its_bytes(start, call, held, tmp_path):
    folder = tmp_path / "Bilder für heute"
    folder.mkdir()
    (folder / "bild ä.png").write_bytes(b"pixels")
    server = start(engine=held, allow_paths=(folder,))
    future = call(server).classification.Classify.future(by_path(folder / "bild ä.png"), timeout=90)
    work = held.next()
    assert work.request.image.encoded == b"pixels"
    assert work.request.image.name == "slide"
    work.give()
    assert future.result().results


def test_an_oversized_allowed_file_is_a_limits_error(start, call, held, tmp_path):
    with (tmp_path / "large.tif").open("wb") as file:
        file.truncate((1 << 20) + 1)
    server = start(engine=held, allow_paths=(tmp_path,), limits=Limits(message_bytes=1 << 20))
    with pytest.raises(grpc.RpcError) as caught:
        call(server).classification.Classify(by_path(tmp_path / "large.tif"), timeout=90)
    assert isinstance(error_of(caught), LimitError)


def test_more_calls_than_threads_are_all_answered(start, call, held):
    server = start(engine=held, max_workers=4)
    caller = call(server)
    futures = [caller.classification.Classify.future(request(), timeout=90) for _ in range(20)]
    giving = threading.Thread(target=lambda: [held.next().give() for _ in futures])
    giving.start()
    assert all(future.result().results for future in futures)
    giving.join()


def test_a_stop_that_waits_for_work_can_be_cut_short(start, call, held):
    server = start(engine=held)
    future = call(server).classification.Classify.future(request(), timeout=900)
    work = held.next()
    stopping = threading.Thread(target=server.stop, kwargs={"grace": 600})
    stopping.start()
    assert not work.cancelled.wait(0.5)
    server.hurry()
    stopping.join(90)
    assert not stopping.is_alive()
    assert work.cancelled.is_set()
    with pytest.raises(grpc.RpcError):
        future.result()


def test_a_call_that_was_accepted_is_answered_while_the_server_stops(start, call, held):
    server = start(engine=held)
    caller = call(server)
    future = caller.classification.Classify.future(request(), timeout=90)
    work = held.next()
    stopping = threading.Thread(target=server.stop, kwargs={"grace": 90})
    stopping.start()
    with pytest.raises(grpc.RpcError) as caught:
        while True:
            caller.zoo.GetServerInfo(zoo_pb2.GetServerInfoRequest(), timeout=90)
    # gRPC cancels a call that it had taken from the wire but not yet handed on.
    assert caught.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    work.give()
    assert future.result().results
    stopping.join(90)
    assert not stopping.is_alive()


def test_calls_for_a_model_that_loads_do_not_hold_others_up(start, call, held):
    caller = call(start(engine=held, max_workers=4))
    held.loading = True
    waiting = [caller.classification.Classify.future(request(), timeout=90) for _ in range(40)]
    for _ in waiting:
        held.next()
    held.loading = False
    other = caller.classification.Classify.future(request(), timeout=90)
    held.next().give()
    assert other.result().results
    assert not any(future.done() for future in waiting)
    for answer in held.answers[: len(waiting)]:
        answer.give()
    assert all(future.result().results for future in waiting)
