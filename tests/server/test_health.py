"""Health of the server, its services and its models; and reflection."""

from __future__ import annotations

import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from served import error_of, wait_until, write_package
from zoobridge.errors import UnknownModelError

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

SERVICES = {
    "zoobridge.v1.ClassificationService",
    "zoobridge.v1.TrainingService",
    "zoobridge.v1.ZooService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1alpha.ServerReflection",
}


@pytest.fixture
def health(call):
    def make(server):
        return health_pb2_grpc.HealthStub(call(server).channel)

    return make


def ask(stub, name):
    return stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=90).status


def known(stub, name):
    try:
        return ask(stub, name)
    except grpc.RpcError:
        return None


@pytest.mark.parametrize(
    "name", ["", *sorted(SERVICES - {"grpc.reflection.v1alpha.ServerReflection"})]
)
def test_the_server_and_its_services_serve(local, health, name):
    assert ask(health(local), name) == SERVING


def test_a_model_serves_by_its_id_and_by_its_version_and_a_broken_one_does_not(local, health):
    stub = health(local)
    wait_until(lambda: known(stub, "wreck") is not None)
    for name in ("brightness", "brightness@1.0.0", "brightness@2.0.0"):
        assert ask(stub, name) == SERVING
    assert ask(stub, "wreck") == NOT_SERVING
    assert ask(stub, "wreck@1.0.0") == NOT_SERVING


def test_what_is_not_there_is_not_found(local, health):
    with pytest.raises(grpc.RpcError) as caught:
        ask(health(local), "brightness@9")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert isinstance(error_of(caught), UnknownModelError)


def test_a_watch_tells_when_a_model_comes_and_when_the_server_ends(start, health, held, tmp_path):
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    server = start(engine=held, zoos=(zoo,))
    watch = health(server).Watch(health_pb2.HealthCheckRequest(service="late"), timeout=90)
    assert next(watch).status == SERVICE_UNKNOWN
    write_package(tmp_path / "being-copied", "late").rename(zoo / "late")
    assert next(watch).status == SERVING
    stopping = threading.Thread(target=server.stop, kwargs={"grace": 20})
    stopping.start()
    assert next(watch).status == NOT_SERVING
    assert list(watch) == []
    stopping.join(30)
    assert not stopping.is_alive()


def test_reflection_lists_the_services_and_describes_every_message(local, call):
    database = ProtoReflectionDescriptorDatabase(call(local).channel)
    assert set(database.get_services()) == SERVICES
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool(database)
    stream = pool.FindServiceByName("zoobridge.v1.ClassificationService").methods_by_name[
        "ClassifyStream"
    ]
    assert stream.output_type.fields_by_name["error"].message_type.full_name == "google.rpc.Status"
    described = pool.FindMessageTypeByName("zoobridge.v1.ItemResult")
    proto = descriptor_pb2.DescriptorProto()
    described.CopyToProto(proto)
    assert {field.name for field in proto.field} >= {"index", "prediction", "error"}
