"""Enumerations of the contract as the words that Python uses for them, and back."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from enum import StrEnum

    from google.protobuf.descriptor import EnumDescriptor

__all__ = [
    "enum_number",
    "enum_number_of",
    "enum_word",
    "enum_word_of",
    "enum_words",
    "from_enum",
    "to_enum",
]

Member = TypeVar("Member", bound="StrEnum")


def _prefix(kind: EnumDescriptor) -> str:
    """Return what the value names of an enumeration start with: ``MASK_FILL_`` for ``MaskFill``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.name).upper() + "_"


# Thousands of results say the same few words. A newer peer may send any number.
@lru_cache(1024)
def enum_word_of(kind: EnumDescriptor, number: int) -> str:
    """Return a value's word by the enumeration's descriptor; see :func:`enum_word`."""
    if number == 0:
        return ""
    value = kind.values_by_number.get(number)
    return value.name.removeprefix(_prefix(kind)).lower() if value else f"value_{number}"


def enum_word(wrapper: Any, number: int) -> str:
    """Return a value's word.

    Parameters
    ----------
    wrapper
        The enumeration, such as ``classification_pb2.Fit``.
    number
        The value.

    Returns
    -------
    str
        The name in lower case without its prefix (``grey_to_rgb``); empty for 0, which every
        enumeration of the contract keeps for "not stated"; ``value_17`` for a number that only
        a newer peer knows.
    """
    return enum_word_of(wrapper.DESCRIPTOR, number)


def enum_words(wrapper: Any) -> tuple[str, ...]:
    """Return the words of an enumeration in order of their numbers, without "not stated"."""
    return tuple(enum_word(wrapper, number) for number in sorted(wrapper.values()) if number)


def enum_number(wrapper: Any, word: str, *, field: str = "") -> int:
    """Return the value of a word; 0 for the empty word.

    Raises
    ------
    InvalidRequestError
        If no such word exists; the message lists those that there are.
    """
    return enum_number_of(wrapper.DESCRIPTOR, word, field=field)


def enum_number_of(kind: EnumDescriptor, word: str, *, field: str = "") -> int:
    """Return the value of a word by the enumeration's descriptor; see :func:`enum_number`."""
    if not word:
        return 0
    value = kind.values_by_name.get(_prefix(kind) + word.upper())
    if value is None or value.number == 0:
        known = ", ".join(enum_word_of(kind, one) for one in sorted(kind.values_by_number) if one)
        raise InvalidRequestError(
            f"{field or kind.name}: '{word}' is not one of {known}", field=field
        )
    return value.number


def to_enum(kind: type[Member], wrapper: Any, number: int, *, field: str = "") -> Member | None:
    """Return the member that a value of the contract stands for.

    Parameters
    ----------
    kind
        The Python enumeration, whose values are the words (:func:`enum_word`).
    wrapper
        The contract's enumeration.
    number
        The value.
    field
        The request's field, for the error.

    Returns
    -------
    Member or None
        `None` for 0, "not stated".

    Raises
    ------
    InvalidRequestError
        If `kind` has no such member, as when a newer client asks for something.
    """
    if number == 0:
        return None
    word = enum_word(wrapper, number)
    try:
        return kind(word)
    except ValueError:
        known = ", ".join(member.value for member in kind)
        raise InvalidRequestError(
            f"{field or wrapper.DESCRIPTOR.name}: this server does not know '{word}'; "
            f"it knows {known}",
            field=field,
        ) from None


def from_enum(wrapper: Any, member: StrEnum | None) -> int:
    """Return the contract's value of a member; 0 for `None`."""
    return enum_number(wrapper, member.value) if member is not None else 0
