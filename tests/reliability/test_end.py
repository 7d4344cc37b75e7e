"""How a server ends: asked once, asked twice, and not asked at all."""

import itertools
import os
import queue
import signal
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from calling import CLASSIFY, error_of_call
from served import Caller, request, wait_until
from serving import alive, seconds_until_gone
from sized import sized
from zoobridge.errors import ServerUnavailableError
from zoobridge.protocol.connection import RUNTIME_DIR_VARIABLE, discover
from zoobridge.protocol.v1 import classification_pb2, zoo_pb2

INFER_STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
CALLS = 64


@pytest.fixture
def busy(serve):
    """A server of a model, with so many calls under way."""
    server = serve("--threads", "1", "--grace", "60")
    caller = Caller(server.address)
    picture = request(200, model="working", options={"top_k": 1})
    caller.classification.Classify(picture, timeout=90)
    futures = [caller.classification.Classify.future(picture, timeout=90) for _ in range(CALLS)]
    wait_until(lambda: any(future.done() for future in futures))
    yield server, caller, futures
    caller.channel.close()


def _accepted(caller):
    """How many requests of the model the server has accepted."""
    (model,) = caller.zoo.GetStatistics(zoo_pb2.GetStatisticsRequest(), timeout=90).models
    return model.requests + model.waiting


def _ends(seconds, *, most=1.0):
    # Others may use the machine beside a small run.
    assert seconds < most * sized(5, 1), f"{seconds:.2f} s"


def test_every_accepted_call_is_answered_and_new_ones_learn_what_to_do(busy):
    server, caller, futures = busy
    wait_until(lambda: _accepted(caller) > CALLS)
    server.signal(signal.SIGTERM)
    refused = []
    while not refused and server.process.poll() is None:
        try:
            caller.raw(CLASSIFY, request(10).SerializeToString())
        except grpc.RpcError as error:
            refused.append(error)
    answered = [future.result().results[0].prediction.top[0].label for future in futures]
    assert answered == ["bright"] * CALLS
    assert refused[0].code() is grpc.StatusCode.UNAVAILABLE
    error = error_of_call(refused[0])
    assert isinstance(error, ServerUnavailableError)
    assert "send this one again when it is back" in error.message
    assert error.retry_after
    assert server.process.wait(60) == 0
    assert not server.children()


def test_streams_without_work_do_not_hold_the_end_up(serve):
    server = serve("--threads", "1", "--grace", "60")
    caller = Caller(server.address)
    picture = request(200, model="brightness", options={"top_k": 1})
    feed = queue.SimpleQueue()
    first = classification_pb2.ClassifyStreamRequest(id="first", request=picture)
    feed.put(first)
    classify = caller.classification.ClassifyStream(iter(feed.get, None), timeout=90)
    assert next(classify).id == "first"
    infer = caller.channel.stream_stream(INFER_STREAM)(iter(feed.get, None), timeout=90)
    listed = caller.channel.stream_stream(REFLECTION)(iter(feed.get, None), timeout=90)
    health = health_pb2_grpc.HealthStub(caller.channel).Watch(
        health_pb2.HealthCheckRequest(), timeout=90
    )
    assert next(health).status == health_pb2.HealthCheckResponse.SERVING
    wait_until(lambda: server.threads() > 4)
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    for stream in (classify, infer):
        with pytest.raises(grpc.RpcError) as ended:
            next(stream)
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "send the rest when it is back" in ended.value.details()
    assert server.process.wait(60) == 0
    print(f"\nended {time.monotonic() - begun:.2f} s after the signal")
    assert time.monotonic() - begun < 30
    assert listed.code() is not grpc.StatusCode.OK
    for _ in range(3):
        feed.put(None)
    caller.channel.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_asks_twice_gets_the_end_at_once_and_no_process_is_left(busy, number):
    server, _, futures = busy
    children = server.children()
    assert len(children) >= 2
    server.signal(signal.SIGTERM)
    time.sleep(0.1)
    begun = time.monotonic()
    server.signal(number)
    assert server.process.wait(30) == 0
    seconds = time.monotonic() - begun
    seconds += seconds_until_gone(children)
    print(f"\nended {seconds:.2f} s after the second signal")
    _ends(seconds, most=2.0)
    assert all(future.done() or future.exception(timeout=30) for future in futures)


@pytest.mark.parametrize(
    ("way", "state"),
    list(itertools.product(("--fork", "--spawn"), ("computing", "importing"))),
)
def test_workers_end_by_themselves_when_the_server_is_killed(serve, way, state):
    server = serve("--threads", "2", way)
    caller = Caller(server.address)
    picture = request(200, model="working")
    futures = []
    if state == "importing":
        futures.append(caller.classification.Classify.future(picture, timeout=90))
        wait_until(server.children)
    else:
        caller.classification.Classify(picture, timeout=90)
    if state != "importing":
        futures += [
            caller.classification.Classify.future(picture, timeout=90) for _ in range(CALLS)
        ]
        wait_until(lambda: any(future.done() for future in futures))
    children = server.children()
    assert children
    os.kill(server.pid, signal.SIGKILL)
    seconds = seconds_until_gone(children)
    print(f"\n{way} {state}: workers ended {seconds:.2f} s after the server")
    _ends(seconds)
    caller.channel.close()


def test_a_server_that_is_killed_is_back_and_the_next_calls_find_it(serve, monkeypatch):
    server = serve("--restart", "--threads", "1")
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(server.runtime))
    caller = Caller(server.address)
    longest = []
    for life in range(1, sized(2, 10) + 1):
        wait_until(lambda: _answers(caller))
        (connection,) = discover()
        assert connection.address == server.address
        children = server.children()
        begun = time.monotonic()
        os.kill(connection.pid, signal.SIGKILL)
        wait_until(lambda: _answers(caller))
        longest.append(time.monotonic() - begun)
        assert len(server.addresses()) == life + 1
        assert set(server.addresses()) == {server.address}
        (found,) = discover()
        # Programs that know the token may go on as well.
        assert (found.address, found.token) == (connection.address, connection.token)
        gone = [child for child in children if child.pid != found.pid]
        seconds_until_gone(gone)
    print(f"\nanswers again after {max(longest):.2f} s at most")
    caller.channel.close()
    # What the killed ones left is gone too.
    assert len(list(server.scratch.glob("zoobridge-*"))) == 1
    assert server.stop() == 0
    assert not list(server.scratch.glob("zoobridge-*"))
    wait_until(lambda: not server.children())
    assert discover() == []


def test_stopping_a_server_that_would_be_restarted_ends_it_for_good(serve, monkeypatch):
    server = serve("--restart", "--threads", "1")
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(server.runtime))
    (connection,) = discover()
    os.kill(connection.pid, signal.SIGTERM)
    assert server.process.wait(30) == 0


def test_a_server_that_would_be_restarted_ends_with_its_supervisor(serve):
    server = serve("--restart", "--threads", "1")
    children = server.children()
    os.kill(server.pid, signal.SIGKILL)
    seconds_until_gone(children)
    assert not any(alive(child) for child in children)


def test_a_server_that_cannot_start_is_not_started_again(serve, tmp_path):
    with pytest.raises(AssertionError, match="does not exist"):
        serve("--restart", zoo=tmp_path / "nowhere")


def _answers(caller):
    try:
        caller.zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=5)
    except grpc.RpcError:
        return False
    return True
