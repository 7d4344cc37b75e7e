"""The private descriptor pool."""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from zoobridge.protocol._message_classes import message_classes
from zoobridge.protocol.inference.descriptors_pb2 import DESCRIPTORS

__all__ = ["DESCRIPTORS", "messages_of"]

_files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS).file
_pool = descriptor_pool.DescriptorPool()
for _file in _files:
    _pool.Add(_file)

# Held for the life of the process.
_CLASSES: Final = {
    name: kind
    for file in _files
    for name, kind in message_classes(_pool.FindFileByName(file.name)).items()
}


def messages_of(file: str) -> dict[str, Any]:
    """Return what a stub of a proto file defines: its messages, enumerations and their values."""
    descriptor = _pool.FindFileByName(file)
    defined: dict[str, Any] = {"DESCRIPTOR": descriptor}
    for name, message in descriptor.message_types_by_name.items():
        defined[name] = _CLASSES[message.full_name]
    for name, enum in descriptor.enum_types_by_name.items():
        wrapper = EnumTypeWrapper(enum)
        defined[name] = wrapper
        defined.update(wrapper.items())
    return defined
