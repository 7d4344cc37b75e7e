"""One picture that takes long holds nobody up: others are answered meanwhile, and it ends in time."""

import time

import grpc
import pytest

from calling import error_of_call, percentile
from served import Caller, request
from sized import FULL, sized
from slow_pictures import large_png, tiff_of_directories
from zoobridge.errors import RefusedInputError
from zoobridge.protocol.v1 import classification_pb2

#: More than any machine decodes within what a step may go on after its deadline.
SIDE = 30_000


@pytest.fixture(scope="module")
def server(serve):
    return serve("--threads", "2")


@pytest.fixture
def caller(server):
    caller = Caller(server.address)
    caller.classification.Classify(request(), timeout=90)
    yield caller
    caller.channel.close()


def encoded(data):
    return classification_pb2.ClassifyRequest(model="brightness", image={"encoded": data})


def workers(server):
    return {worker.pid for worker in server.workers()}


def answered_meanwhile(caller, futures):
    """How long other calls of the model take until so many are done."""
    seconds = []
    while not all(future.done() for future in futures):
        begun = time.monotonic()
        caller.classification.Classify(request(7), timeout=60)
        seconds.append(time.monotonic() - begun)
    return seconds


def test_others_are_answered_while_pictures_of_many_directories_are_read(server, caller):
    pictures = [
        encoded(tiff_of_directories(sized(60_000, 400_000), mark=mark)) for mark in range(4)
    ]
    begun = time.monotonic()
    futures = [caller.classification.Classify.future(picture, timeout=3) for picture in pictures]
    seconds = answered_meanwhile(caller, futures)
    ended = time.monotonic() - begun
    print(f"\nothers: {len(seconds)} answered, {1000 * max(seconds):.0f} ms at most")
    print(f"the four are over after {ended:.1f} s")
    assert max(seconds) < sized(10, 1.5)
    # They end with their deadline, also inside the worker.
    limit = time.monotonic() + 3
    while time.monotonic() < limit:
        caller.classification.Classify(request(7), timeout=60)
    assert ended < sized(20, 5)


def test_a_step_that_does_not_end_costs_its_worker_and_the_picture_is_refused(server, caller):
    before = workers(server)
    picture = encoded(large_png(SIDE))
    future = caller.classification.Classify.future(picture, timeout=0.3)
    others = [
        caller.classification.Classify.future(request(level), timeout=60) for level in range(20)
    ]
    seconds = answered_meanwhile(caller, [future])
    assert future.exception().code() is grpc.StatusCode.DEADLINE_EXCEEDED
    for level, other in enumerate(others):
        scores = {score.label: score.score for score in other.result().results[0].prediction.top}
        assert scores["bright"] == pytest.approx(level)
    limit = time.monotonic() + 30
    while workers(server) & before and time.monotonic() < limit:
        begun = time.monotonic()
        caller.classification.Classify(request(7), timeout=60)
        seconds.append(time.monotonic() - begun)
    assert not workers(server) & before, "the worker still works for nobody"
    print(f"\nothers: {1000 * percentile(seconds, 99):.0f} ms at the 99th of 100")
    if FULL:
        assert max(seconds) < 2
    with pytest.raises(grpc.RpcError) as caught:
        caller.classification.Classify(picture, timeout=0.3)
    error = error_of_call(caught.value)
    assert isinstance(error, RefusedInputError)
    assert "unless its deadline allows more than" in error.message


def test_a_picture_that_is_cancelled_while_it_is_decoded_is_not_held_against_it(server, caller):
    picture = encoded(tiff_of_directories(2000, mark=9))
    for _ in range(3):
        future = caller.classification.Classify.future(picture, timeout=60)
        time.sleep(0.2)
        future.cancel()
    assert caller.classification.Classify(picture, timeout=90).results


def test_threads_that_took_the_place_of_others_leave_the_worker_able_to_answer(server, caller):
    picture = encoded(tiff_of_directories(1500, mark=11))
    for _ in range(sized(4, 100)):
        slow = [caller.classification.Classify.future(picture, timeout=90) for _ in range(4)]
        answered_meanwhile(caller, slow)
        assert all(future.result().results for future in slow)
        for level in range(10):
            caller.classification.Classify(request(level), timeout=30)
