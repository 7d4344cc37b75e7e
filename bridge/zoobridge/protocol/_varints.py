"""Numbers, tags and lengths as protobuf writes them."""

from __future__ import annotations

from typing import Final

__all__ = ["BYTES", "field_tag", "varint"]

#: The wire type of what has a length.
BYTES: Final = 2


def varint(value: int) -> bytes:
    """Return a number that is not negative as protobuf writes it."""
    if value < 0x80:
        return _SMALL[value]
    if value < 0x4000:
        return _MORE[value & 0x7F] + _SMALL[value >> 7]
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def field_tag(number: int, *, kind: int = BYTES) -> bytes:
    """Return what stands before a field's value: its number and its wire type."""
    return varint(number << 3 | kind)


_SMALL: Final = [bytes([value]) for value in range(0x80)]
_MORE: Final = [bytes([value | 0x80]) for value in range(0x80)]
