"""System shared memory: regions that a client on this machine registers, to spare sending bytes.

Regions are read and written as files, never mapped: a client that shrinks one under the server's
feet gets an error, where a mapping would end the server with SIGBUS.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zoobridge.errors import InvalidRequestError, UnknownRegionError, UnsupportedError

__all__ = ["SharedMemory", "SharedMemoryRegion"]

_FOLDER: Final = Path("/dev/shm")  # noqa: S108 - where Linux keeps POSIX shared memory
_KEY: Final = re.compile(r"/?[A-Za-z0-9._-]{1,200}")


@dataclass(frozen=True)
class SharedMemoryRegion:
    """A part of a shared memory object.

    Parameters
    ----------
    name, key
        What the client calls it, and the object.
    offset, size
        Where it lies in the object, in bytes.
    descriptor
        Of the object.
    """

    name: str
    key: str
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
        """Return what a client is told that has made its object smaller."""
        return InvalidRequestError(
            f"the shared memory object '{self.key}' has shrunk since it was registered"
        )

    def part(self, offset: int, size: int) -> RegionPart:
        """Return a part that is read when it is wanted.

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
            raise InvalidRequestError(
                f"the shared memory object '{self.key}' has shrunk since it was registered"
            )
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


class SharedMemory:
    """The regions that are registered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._regions: dict[str, SharedMemoryRegion] = {}

    def register(self, name: str, key: str, offset: int, size: int) -> None:
        """Register a region.

        Raises
        ------
        InvalidRequestError
            If there is no such object, it is too small, or the name is taken.
        UnsupportedError
            On a system whose shared memory cannot be opened by its name.
        """
        if not _FOLDER.is_dir():
            raise UnsupportedError(
                "system shared memory is offered on Linux alone; send the bytes instead"
            )
        if not name:
            raise InvalidRequestError("a shared memory region needs a name", field="name")
        if not _KEY.fullmatch(key) or set(key.strip("/")) <= {"."}:
            raise InvalidRequestError(
                f"'{key}' is not the key of a shared memory object; it is a slash and a name",
                field="key",
            )
        with self._lock:
            if name in self._regions:
                raise InvalidRequestError(
                    f"the shared memory region '{name}' is registered already; unregister it first",
                    field="name",
                )
            descriptor = _open(key)
            have = os.fstat(descriptor).st_size
            if size < 1 or offset + size > have:
                os.close(descriptor)
                raise InvalidRequestError(
                    f"bytes {offset}…{offset + size} do not lie in the shared memory object "
                    f"'{key}' of {have} bytes",
                    field="byte_size",
                )
            region = SharedMemoryRegion(name, key, offset, size, descriptor)
            # Closed with its last user: a request may still read from it when it is forgotten.
            weakref.finalize(region, os.close, descriptor)
            self._regions[name] = region

    def region(self, name: str) -> SharedMemoryRegion:
        """Return a region.

        Raises
        ------
        InvalidRequestError
            If none of that name is registered.
        """
        with self._lock:
            region = self._regions.get(name)
        if region is None:
            raise InvalidRequestError(
                f"no shared memory region '{name}' is registered",
                field="parameters.shared_memory_region",
            )
        return region

    def regions(self, name: str = "") -> list[SharedMemoryRegion]:
        """Return all regions, or the one of a name.

        Raises
        ------
        UnknownRegionError
            If none of that name is registered.
        """
        with self._lock:
            if not name:
                return list(self._regions.values())
            if name not in self._regions:
                raise UnknownRegionError(f"no shared memory region '{name}' is registered")
            return [self._regions[name]]

    def unregister(self, name: str = "") -> None:
        """Forget a region, or all of them; one that is not known is forgotten already."""
        with self._lock:
            for known in [name] if name else list(self._regions):
                self._regions.pop(known, None)


def _open(key: str) -> int:
    path = _FOLDER / key.strip("/")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidRequestError(
            f"the shared memory object '{key}' cannot be opened ({error.strerror})", field="key"
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidRequestError(f"'{key}' is not a shared memory object", field="key")
    return descriptor
