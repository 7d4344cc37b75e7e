"""The process of a served project: which call runs, which waits, and what a cancelled one costs."""

import os
import threading
from queue import SimpleQueue

import pytest
from google.rpc import status_pb2

from served import wait_until
from zoobridge.errors import CancelledError
from zoobridge.protocol import error_from_status
from zoobridge.protocol.pipes import CallKind, CallPipe
from zoobridge.protocol.v1 import training_pb2 as pb
from zoobridge.training.service._process import _Runner


class Held:
    """Calls that run until the test lets them: a fit reports a step whenever it is asked to."""

    LONG = frozenset({"Fit", "Suggest"})

    def __init__(self):
        self.started = threading.Event()
        self.steps = SimpleQueue()

    def warm_one(self):
        return False

    def close(self):
        pass

    def Fit(self, _request, on_step):  # noqa: N802 - as in the contract
        self.started.set()
        while self.steps.get(timeout=10):
            on_step("features", 1, 2)
        yield pb.FitResponse(figures=pb.TrainingFigures(accuracy=1))

    def Suggest(self, _request, _on_step):  # noqa: N802
        yield pb.SuggestResponse(suggested=pb.SuggestedItems())


@pytest.fixture
def running():
    """A runner with a fit under way as call 1, its calls, and the server's end of its pipe."""
    to_server, from_process = os.pipe()
    calls = Held()
    runner = _Runner(calls, CallPipe(to_server, from_process), warm=False)
    runner.put("Fit", 1, b"")
    assert calls.started.wait(10)
    yield runner, calls, CallPipe(to_server, from_process)
    calls.steps.put(False)
    wait_until(lambda: runner._running is None)
    os.close(from_process)
    os.close(to_server)


def cancellation(frame):
    assert frame.kind is CallKind.STATUS
    return error_from_status(status_pb2.Status.FromString(frame.data))


def test_a_waiting_call_that_is_cancelled_is_answered_at_once_and_the_running_one_ends(running):
    runner, calls, server = running
    runner.put("Suggest", 2, b"")
    runner.cancel(2)
    frame = server.read()
    assert frame.call == 2
    assert isinstance(cancellation(frame), CancelledError)
    calls.steps.put(False)
    assert [(one.call, one.kind) for one in (server.read(), server.read())] == [
        (1, CallKind.RESPONSE), (1, CallKind.END),
    ]  # fmt: skip
    runner.put("Suggest", 3, b"")
    assert [server.read().call for _ in range(2)] == [3, 3]


def test_a_running_call_that_is_cancelled_ends_at_its_next_step(running):
    runner, calls, server = running
    calls.steps.put(True)
    assert server.read().kind is CallKind.RESPONSE
    runner.cancel(1)
    calls.steps.put(True)
    frame = server.read()
    assert frame.call == 1
    assert isinstance(cancellation(frame), CancelledError)


def test_cancelling_what_was_answered_already_harms_no_later_call(running):
    runner, calls, server = running
    calls.steps.put(False)
    assert [server.read().kind for _ in range(2)] == [CallKind.RESPONSE, CallKind.END]
    runner.cancel(1)
    runner.put("Suggest", 2, b"")
    assert [server.read().kind for _ in range(2)] == [CallKind.RESPONSE, CallKind.END]
