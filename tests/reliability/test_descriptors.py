"""Few file descriptors: the limit is raised where it may be, and named where it may not."""

import resource

import grpc
import psutil
import pytest

from calling import error_of_call
from served import Caller, request, wait_until, write_package
from sized import sized
from zoobridge.errors import OverloadedError
from zoobridge.protocol.v1 import zoo_pb2

MODELS = sized(16, 40)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A zoo of more models than so few descriptors can load."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(MODELS):
        write_package(folder / f"m{number}", f"m{number}")
    return folder


def test_a_server_raises_its_soft_limit_to_the_hard_one(serve):
    server = serve(shell="ulimit -S -n 300; ulimit -H -n 2000")
    assert psutil.Process(server.pid).rlimit(resource.RLIMIT_NOFILE) == (2000, 2000)
    wait_until(lambda: server.descriptors() > 5)


def test_a_server_without_descriptors_names_the_limit_and_answers_again_once_there_are_some(
    serve, many
):
    server = serve("--threads", "1", zoo=many, shell="ulimit -n 64")
    caller = Caller(server.address)
    answered, refused = [], []
    for number in range(MODELS):
        try:
            caller.classification.Classify(request(model=f"m{number}"), timeout=90)
            answered.append(number)
        except grpc.RpcError as error:
            refused.append(error)
    print(f"\n64 descriptors: {len(answered)} models of {MODELS} loaded")
    assert answered
    assert refused
    for error in refused:
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, error
        known = error_of_call(error)
        assert isinstance(known, OverloadedError)
        assert "ulimit -n" in known.message
        assert known.retry_after
    before = server.descriptors()
    # Nothing was left open by what failed.
    for _ in range(3):
        with pytest.raises(grpc.RpcError):
            caller.classification.Classify(request(model=f"m{MODELS - 1}"), timeout=90)
    wait_until(lambda: server.descriptors() <= before, seconds=10)
    caller.classification.Classify(request(model=f"m{answered[0]}"), timeout=90)
    token = next(server.runtime.glob("server-*.json")).read_text().split('"token": "')[1]
    metadata = (("authorization", f"Bearer {token.split(chr(34))[0]}"),)
    for number in answered:
        caller.zoo.UnloadModel(
            zoo_pb2.UnloadModelRequest(model=f"m{number}"), metadata=metadata, timeout=90
        )
    assert caller.classification.Classify(request(model=f"m{MODELS - 1}"), timeout=90).results
    caller.channel.close()
