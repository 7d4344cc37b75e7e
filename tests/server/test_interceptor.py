"""What every call passes: tokens, and messages that cannot be read."""

from __future__ import annotations

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from served import error_of, request
from zoobridge.errors import AuthenticationError, ManagingPermissionError
from zoobridge.protocol.v1 import classification_pb2, zoo_pb2

MANAGING = "the-managing-token"
CLASSIFYING = "the-classification-token"

UNARY = {
    "/zoobridge.v1.ClassificationService/Classify": classification_pb2.ClassifyRequest,
    "/zoobridge.v1.ZooService/ListFrameworks": zoo_pb2.ListFrameworksRequest,
    "/zoobridge.v1.ZooService/ListModels": zoo_pb2.ListModelsRequest,
    "/zoobridge.v1.ZooService/GetModel": zoo_pb2.GetModelRequest,
    "/zoobridge.v1.ZooService/LoadModel": zoo_pb2.LoadModelRequest,
    "/zoobridge.v1.ZooService/UnloadModel": zoo_pb2.UnloadModelRequest,
    "/zoobridge.v1.ZooService/GetServerInfo": zoo_pb2.GetServerInfoRequest,
    "/grpc.health.v1.Health/Check": health_pb2.HealthCheckRequest,
}
STREAMS = (
    "/zoobridge.v1.ClassificationService/ClassifyStream",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
OURS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


def outcome(action) -> grpc.StatusCode:
    try:
        action()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("method", sorted(UNARY))
@examples(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=200))
def test_no_bytes_whatever_are_answered_with_a_fault_of_ours(local, call, method, data):
    caller = call(local, token=MANAGING)
    assert outcome(lambda: caller.raw(method, data)) not in OURS


@pytest.mark.parametrize("method", sorted(UNARY))
def test_a_message_that_cannot_be_read_is_an_invalid_argument(local, call, method):
    with pytest.raises(grpc.RpcError) as caught:
        call(local, token=MANAGING).raw(method, b"\xff\xff\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "zoobridge.v1" in error_of(caught).message


@pytest.mark.parametrize("method", STREAMS)
def test_a_message_of_a_stream_that_cannot_be_read_is_an_invalid_argument(local, call, method):
    stream = call(local).channel.stream_stream(method)
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(iter([b"\xff\xff\xff"]), timeout=90))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(caught).message


@examples(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_request_that_was_damaged_on_the_way_never_harms_the_server(local, call, data):
    sound = bytearray(request(options={"top_k": 1}).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(sound)))
    caller = call(local)
    method = "/zoobridge.v1.ClassificationService/Classify"
    assert outcome(lambda: caller.raw(method, bytes(sound[:cut]))) not in OURS


def ask_all(caller) -> dict[str, grpc.StatusCode]:
    """Call everything once, with requests that only a permission can stop."""
    message = request().SerializeToString()
    name = zoo_pb2.GetModelRequest(model="brightness").SerializeToString()
    bodies = {"Classify": message, "GetModel": name, "LoadModel": name, "UnloadModel": name}
    return {
        method.rpartition("/")[2]: outcome(
            lambda method=method: caller.raw(method, bodies.get(method.rpartition("/")[2], b""))
        )
        for method in UNARY
        if "Classify" not in method
    }


ALL = {method.rpartition("/")[2] for method in UNARY if "Classify" not in method}
MANAGING_CALLS = {"ListLogRecords", "LoadModel", "UnloadModel"}
OK, NO_TOKEN, NOT_ALLOWED = (
    grpc.StatusCode.OK,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
)


@pytest.mark.parametrize(
    ("host", "token", "others", "managing"),
    [
        ("127.0.0.1", "", OK, NO_TOKEN),
        ("127.0.0.1", "wrong", NO_TOKEN, NO_TOKEN),
        ("127.0.0.1", MANAGING[:-1], NO_TOKEN, NO_TOKEN),
        ("127.0.0.1", CLASSIFYING, OK, NOT_ALLOWED),
        ("127.0.0.1", MANAGING, OK, OK),
        ("0.0.0.0", "", NO_TOKEN, NO_TOKEN),
        ("0.0.0.0", "wrong", NO_TOKEN, NO_TOKEN),
        ("0.0.0.0", MANAGING[:-1], NO_TOKEN, NO_TOKEN),
        ("0.0.0.0", CLASSIFYING, OK, NOT_ALLOWED),
        ("0.0.0.0", MANAGING, OK, OK),
    ],
)
def test_who_may_call_what(start, call, held, host, token, others, managing):
    server = start(
        engine=held, host=host, classification_token=CLASSIFYING, expose_unencrypted=True
    )
    found = ask_all(call(server, token=token))
    expected = {name: managing if name in MANAGING_CALLS else others for name in ALL}
    assert found == expected


def test_a_wrong_token_is_named_as_such_even_where_none_is_needed(start, call, held):
    caller = call(start(engine=held), token="wrong")
    for action in (
        lambda: caller.zoo.ListModels(
            zoo_pb2.ListModelsRequest(), metadata=caller.metadata, timeout=30
        ),
        lambda: list(
            caller.classification.ClassifyStream(iter([]), metadata=caller.metadata, timeout=30)
        ),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            action()
        error = error_of(caught)
        assert isinstance(error, AuthenticationError)
        assert "not this server's; this call needs none" in error.message
    assert not held.answers


def test_beyond_loopback_classifying_and_streams_need_a_token_too(start, call, held):
    server = start(engine=held, host="0.0.0.0", expose_unencrypted=True)
    caller = call(server)
    for action in (
        lambda: caller.classification.Classify(request(), timeout=90),
        lambda: list(caller.classification.ClassifyStream(iter([]), timeout=90)),
        lambda: list(caller.channel.stream_stream(STREAMS[1])(iter([]), timeout=90)),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            action()
        assert isinstance(error_of(caught), AuthenticationError)
    assert not held.answers


def test_an_empty_token_never_passes_for_one_that_was_not_set(start, call, held):
    server = start(engine=held, host="0.0.0.0", expose_unencrypted=True)
    caller = call(server)
    with pytest.raises(grpc.RpcError) as caught:
        caller.zoo.ListModels(
            zoo_pb2.ListModelsRequest(), metadata=(("authorization", "Bearer "),), timeout=30
        )
    assert isinstance(error_of(caught), AuthenticationError)


def test_a_classifier_who_wants_to_manage_is_told_which_token_is_needed(start, call, held):
    caller = call(start(engine=held, classification_token=CLASSIFYING), token=CLASSIFYING)
    with pytest.raises(grpc.RpcError) as caught:
        caller.zoo.LoadModel(
            zoo_pb2.LoadModelRequest(model="brightness"), metadata=caller.metadata, timeout=30
        )
    error = error_of(caught)
    assert isinstance(error, ManagingPermissionError)
    assert "managing token" in error.message


def certificate(folder):
    """A certificate for this machine, its key, and the authority that vouches for it."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain, key = folder / "server.crt", folder / "server.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    return chain, key, authority.cert_pem.bytes()


def test_with_tls_a_caller_who_knows_the_certificate_gets_through(start, call, held, tmp_path):
    chain, key, authority = certificate(tmp_path)
    server = start(engine=held, host="0.0.0.0", tls_certificate=chain, tls_key=key)
    credentials = grpc.ssl_channel_credentials(authority)
    caller = call(server, token=MANAGING, credentials=credentials)
    answer = caller.zoo.ListModels(
        zoo_pb2.ListModelsRequest(), metadata=caller.metadata, timeout=30
    )
    assert answer.models
    with pytest.raises(grpc.RpcError) as caught:
        call(server).zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
