"""A part of a shared memory object, read and written as a file.

It is never mapped: a client that shrinks its object under the server's feet gets an error, where a
mapping would end the server with SIGBUS.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from zoobridge.server.inference._caller import Owner

__all__ = ["RegionPart", "SharedMemoryRegion"]


@dataclass(frozen=True)
class SharedMemoryRegion:
    """A part of a shared memory object.

    Parameters
    ----------
    name, key
        What the client calls it, and the object.
    owner
        Who registered it.
    offset, size
        Where it lies in the object, in bytes.
    descriptor
        Of the object.
    """

    name: str
    key: str
    owner: Owner
    offset: int
    size: int
    descriptor: int

    def check(self, offset: int, size: int) -> None:
        """Check that a part lies inside.

        Raises
        ------
        InvalidRequestError
            If it does not.
        """
        if offset < 0 or size < 0 or offset + size > self.size:
            raise InvalidRequestError(
                f"bytes {offset}…{offset + size} do not lie in the shared memory region "
                f"'{self.name}' of {self.size} bytes",
                field="parameters.shared_memory_byte_size",
            )

    def read(self, offset: int, size: int) -> bytes:
        """Return a copy of a part."""
        self.check(offset, size)
        data = os.pread(self.descriptor, size, self.offset + offset)
        if len(data) != size:
            raise self.shrunk()
        return data

    def shrunk(self) -> InvalidRequestError:
        """Return the error of a client that made its object smaller."""
        return InvalidRequestError(
            f"the shared memory object '{self.key}' has shrunk since it was registered"
        )

    def part(self, offset: int, size: int) -> RegionPart:
        """Return a part, which is read on demand.

        Raises
        ------
        InvalidRequestError
            If it does not lie inside.
        """
        self.check(offset, size)
        return RegionPart(self, offset, size)

    def write(self, offset: int, data: bytes) -> None:
        """Write to a part."""
        self.check(offset, len(data))
        if os.fstat(self.descriptor).st_size < self.offset + offset + len(data):
            raise self.shrunk()
        os.pwrite(self.descriptor, data, self.offset + offset)


@dataclass(frozen=True)
class RegionPart:
    """Bytes of a region; follows :class:`zoobridge.engine.ByteSource`."""

    region: SharedMemoryRegion
    offset: int
    nbytes: int

    def read(self) -> bytes:
        """Return a copy of them."""
        return self.region.read(self.offset, self.nbytes)

    def read_into(self, place: memoryview) -> None:
        """See :meth:`zoobridge.engine.ByteSource.read_into`."""
        region = self.region
        read = os.preadv(region.descriptor, [place], region.offset + self.offset)
        if read != self.nbytes:
            raise region.shrunk()
