"""Message classes of a descriptor pool of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import message_factory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.descriptor import Descriptor, FileDescriptor

__all__ = ["message_classes"]


def message_classes(file: FileDescriptor) -> dict[str, Any]:
    """Return the class of every message of a file, nested ones too, by its full name.

    Keep all of them for as long as any is used. protobuf's C implementation holds a class by a weak
    cache alone: the garbage collector destroys one that nothing else holds, and another thread that
    parses a message meanwhile is given the half-destroyed class, which ends the process
    (``docs/reports/protobuf-message-classes.md``).
    """
    return {
        message.full_name: message_factory.GetMessageClass(message)
        for message in _with_nested(file.message_types_by_name.values())
    }


def _with_nested(messages: Iterable[Descriptor]) -> Iterable[Descriptor]:
    for message in messages:
        yield message
        yield from _with_nested(message.nested_types)
