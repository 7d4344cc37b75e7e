"""Callers without any right, who make plain mistakes side by side, do not end the server.

protobuf's C implementation once did: see ``docs/reports/protobuf-message-classes.md``.
"""

import threading
import time

import grpc
import pytest
from tritonclient.grpc import service_pb2

from served import write_package
from sized import sized

METHOD = "/inference.GRPCInferenceService/ModelInfer"
CALLERS = 8
#: Before message classes were held, each of 12 runs of a minute ended the server, the slowest after 19 s.
SECONDS = sized(4, 60)


def infer_request(datatype):
    request = service_pb2.ModelInferRequest(model_name="brightness.network")
    tensor = request.inputs.add(name="input", datatype=datatype, shape=[1, 1, 4, 4])
    tensor.contents.fp32_contents.extend([1.0] * 16)
    return request.SerializeToString()


@pytest.fixture
def server(tmp_path, zoobridge_server):
    write_package(tmp_path / "zoo" / "brightness", "brightness")
    server = zoobridge_server(tmp_path / "zoo")
    yield server
    server.stop()


def test_concurrent_mistakes_of_inference_clients_do_not_end_the_server(server):
    requests = [infer_request("FP32"), infer_request("BYTEX")]
    expected = [grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT]
    surprises = []
    counts = [0] * CALLERS
    with grpc.insecure_channel(server.address) as channel:
        # Loads the model.
        channel.unary_unary(METHOD)(requests[0], timeout=120)
    until = time.monotonic() + SECONDS

    def call(number):
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(server.address, options) as channel:
            infer = channel.unary_unary(METHOD)
            while time.monotonic() < until and not surprises:
                which = counts[number] % 2
                outcome = infer.future(requests[which], timeout=60)
                if outcome.code() is not expected[which]:
                    surprises.append(f"{outcome.code()}: {outcome.details()}")
                counts[number] += 1

    callers = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    print(f"\n{sum(counts)} calls in {SECONDS} s")
    assert surprises == []
    assert server.process.poll() is None
    assert min(counts) > 0
