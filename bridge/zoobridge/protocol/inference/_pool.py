"""The private descriptor pool."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from zoobridge.protocol.inference.descriptors_pb2 import DESCRIPTORS

__all__ = ["DESCRIPTORS", "messages_of"]

_pool = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS).file:
    _pool.Add(_file)


def messages_of(file: str) -> dict[str, Any]:
    """Return what a stub of a proto file defines: its messages, enumerations and their values."""
    descriptor = _pool.FindFileByName(file)
    defined: dict[str, Any] = {"DESCRIPTOR": descriptor}
    for name, message in descriptor.message_types_by_name.items():
        defined[name] = message_factory.GetMessageClass(message)
    for name, enum in descriptor.enum_types_by_name.items():
        wrapper = EnumTypeWrapper(enum)
        defined[name] = wrapper
        defined.update(wrapper.items())
    return defined
