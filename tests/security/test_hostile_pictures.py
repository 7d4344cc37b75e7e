"""Pictures that promise or unpack to far more than there is cost little, and never the model.

They are refused by their headers, or end with the deadline of their call.
"""

import threading
import time

import grpc
import psutil
import pytest

from hostile_pictures import PICTURES, jpeg_of_scans
from served import Caller, request, write_package
from serving import Serving
from sized import sized
from zoobridge.protocol.v1 import classification_pb2

MB = 1 << 20
SECONDS = 5
#: OK: what lies in the file beside what a picture needs is not read.
ALLOWED = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    write_package(folder / "zoo" / "brightness", "brightness")
    with Serving(folder / "zoo", folder / "server") as server:
        yield server


@pytest.fixture
def caller(server):
    caller = Caller(server.address)
    caller.classification.Classify(request(), timeout=120)
    yield caller
    caller.channel.close()


def memory(server):
    total = 0
    for process in (psutil.Process(server.pid), *server.children()):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total


def outcome(server, caller, picture):
    """The code and text of a call, and the megabytes that the server and its workers took."""
    before = memory(server)
    peak = [before]
    ended = threading.Event()

    def watch():
        while not ended.wait(0.02):
            peak[0] = max(peak[0], memory(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    asked = classification_pb2.ClassifyRequest(model="brightness", image={"encoded": picture})
    begun = time.monotonic()
    call = caller.classification.Classify.future(asked, timeout=SECONDS)
    code = call.code()
    text = call.details() or ""
    if code is grpc.StatusCode.OK and call.result().results[0].HasField("error"):
        text = call.result().results[0].error.message
    took = (peak[0] - before) / MB
    ended.set()
    watcher.join()
    print(f"\n{code.name} {text[:90]!r}: {time.monotonic() - begun:.1f} s, {took:.0f} MB")
    return code, took


@pytest.mark.parametrize("name", PICTURES)
def test_a_hostile_picture_costs_little_and_the_next_one_is_answered(server, caller, name):
    code, took = outcome(server, caller, PICTURES[name]())
    assert code in ALLOWED
    assert took < 200
    assert caller.classification.Classify(request(), timeout=60).results[0].prediction.top
    assert server.process.poll() is None


def test_a_jpeg_of_too_many_scans_is_refused_by_its_header(server, caller):
    code, took = outcome(server, caller, jpeg_of_scans(sized(2000, 10_000)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert took < 50


def test_a_jpeg_of_many_scans_ends_with_its_deadline(server, caller):
    code, took = outcome(server, caller, jpeg_of_scans(200))
    assert code in ALLOWED
    assert took < 200
    assert caller.classification.Classify(request(), timeout=60).results[0].prediction.top
