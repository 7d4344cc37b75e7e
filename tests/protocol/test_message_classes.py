"""No class of a message can be destroyed while the process lives."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from zoobridge.protocol import message_classes

#: What processes of ZooBridge that read messages import.
PROCESSES = {
    "server": [
        "zoobridge.server._server",
        "zoobridge.evaluation.service._servicer",
        "zoobridge.zoo._onnx_file",
    ],
    "worker": ["zoobridge.engine.worker._main"],
    "client": [
        "zoobridge.client._client",
        "grpc_health.v1.health_pb2",
        "google.rpc.error_details_pb2",
    ],
}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_message_class_of_a_process_is_held(process):
    program = [sys.executable, Path(__file__).with_name("lost_classes.py"), *PROCESSES[process]]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    count, *lost = done.stdout.split()
    assert int(count) > 40
    assert lost == []


def file_with_nested_messages():
    file = descriptor_pb2.FileDescriptorProto(name="nested.proto", package="nested")
    outer = file.message_type.add(name="Outer")
    outer.nested_type.add(name="Inner").nested_type.add(name="Innermost")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindFileByName("nested.proto")


def test_classes_of_nested_messages_are_among_those_to_keep():
    names = ["nested.Outer", "nested.Outer.Inner", "nested.Outer.Inner.Innermost"]
    assert list(message_classes(file_with_nested_messages())) == names


def test_a_class_that_is_not_kept_is_destroyed():
    # The reason for all this. Where protobuf fixes it, `message_classes` can go.
    outer = file_with_nested_messages().message_types_by_name["Outer"]
    kept = message_factory.GetMessageClass(outer)
    nested = weakref.ref(message_factory.GetMessageClass(outer.nested_types[0]))
    gc.collect()
    assert kept.DESCRIPTOR is outer
    assert nested() is None
