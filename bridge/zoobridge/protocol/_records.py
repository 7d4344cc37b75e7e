"""Dataclasses and messages that say the same, mapped field by field.

A field of a dataclass stands for the message's field of the same name, or of the name that
:func:`sent_as` gives it. Enumerations become words (:func:`enum_word`), repeated fields tuples, maps
dictionaries in the order of their keys, absent optional fields `None`, and messages the dataclass
that the annotation names. What cannot be mapped so is handed over by name.
"""

from __future__ import annotations

import struct
from dataclasses import MISSING, field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from google.protobuf.message_factory import GetMessageClass

from zoobridge.protocol._enums import enum_number_of, enum_word_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

__all__ = ["from_message", "sent_as", "shortest_float32", "to_message"]

Record = TypeVar("Record")
SomeMessage = TypeVar("SomeMessage", bound="Message")
_KEY = "sent_as"
_FLOAT32 = struct.Struct("<f")


def sent_as(name: str, *, default: Any = MISSING) -> Any:
    """Declare a field of a dataclass that a message calls by another name."""
    return field(default=default, metadata={_KEY: name})


def from_message(kind: type[Record], *messages: Message, **known: Any) -> Record:
    """Return the dataclass that messages describe.

    Parameters
    ----------
    kind
        The dataclass.
    *messages
        Where its fields stand, each in the first message that has it.
    **known
        Values of fields that are not taken from a message.
    """
    key: Any = kind
    for message in messages:
        for name, read in _readers(key, message.DESCRIPTOR):
            if name not in known:
                known[name] = read(message)
    return kind(**known)


def to_message(record: Any, kind: type[SomeMessage], **known: Any) -> SomeMessage:
    """Return the message that an object describes.

    Parameters
    ----------
    record
        A dataclass with an attribute for each field of the message that is not in `known`.
    kind
        The message.
    **known
        Values of fields that are not taken from the record.

    Raises
    ------
    AttributeError
        If the record lacks a field of the message.
    """
    values = {}
    key: Any = type(record)
    for part, attribute in _attributes(key, kind.DESCRIPTOR):
        value = known[part.name] if part.name in known else getattr(record, attribute)
        if value is not None:
            values[part.name] = _sent(value, part)
    return kind(**values)


def shortest_float32(value: float) -> float:
    """Return the shortest decimal number that stands for the same float32 (0.9, not 0.89999998)."""
    data = _FLOAT32.pack(value)
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if _FLOAT32.pack(short) == data:
            return short
    return float(f"{value:.9g}")


@cache
def _readers(kind: Any, descriptor: Descriptor) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(kind)
    named = ((one.name, one.metadata.get(_KEY, one.name)) for one in fields(kind))
    return tuple(
        (name, _reader(hints[name], descriptor.fields_by_name[sent]))
        for name, sent in named
        if sent in descriptor.fields_by_name
    )


def _reader(hint: Any, part: FieldDescriptor) -> Callable[[Any], Any]:
    name = part.name
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        (inner,) = (one for one in arguments if one is not NoneType)
        read = _reader(inner, part)
        return lambda message: read(message) if message.HasField(name) else None
    if origin is tuple:
        convert = _converter(arguments[0], part)
        return lambda message: tuple(map(convert, getattr(message, name)))
    if part.message_type is not None and part.message_type.GetOptions().map_entry:
        convert = _converter(arguments[1], part.message_type.fields_by_name["value"])
        return lambda message: {
            key: convert(value) for key, value in sorted(getattr(message, name).items())
        }
    convert = _converter(hint, part)
    return lambda message: convert(getattr(message, name))


def _converter(hint: Any, part: FieldDescriptor) -> Callable[[Any], Any]:
    """Return what turns one value of a field into Python's."""
    if part.enum_type is not None:
        kind = part.enum_type
        return lambda number: enum_word_of(kind, number)
    if part.message_type is not None:
        return lambda message: from_message(hint, message)
    if part.cpp_type == part.CPPTYPE_FLOAT:
        return shortest_float32
    return lambda value: value


@cache
def _attributes(kind: Any, descriptor: Descriptor) -> tuple[tuple[FieldDescriptor, str], ...]:
    renamed = (
        {one.metadata[_KEY]: one.name for one in fields(kind) if _KEY in one.metadata}
        if is_dataclass(kind)
        else {}
    )
    return tuple((part, renamed.get(part.name, part.name)) for part in descriptor.fields)


def _sent(value: Any, part: FieldDescriptor) -> Any:
    """Return what a message's constructor takes for a field."""
    if isinstance(value, (tuple, list)):
        return [_sent(one, part) for one in value]
    if part.message_type is not None and part.message_type.GetOptions().map_entry:
        inner = part.message_type.fields_by_name["value"]
        return {key: _sent(one, inner) for key, one in value.items()}
    if part.enum_type is not None and isinstance(value, str):
        return enum_number_of(part.enum_type, value, field=part.name)
    if is_dataclass(value) and part.message_type is not None:
        return to_message(value, GetMessageClass(part.message_type))
    return value
