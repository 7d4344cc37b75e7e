"""System shared memory: regions that a client on this machine registers, to spare sending bytes.

The server opens objects with its own rights, which may be more than the caller's. So a caller
registers only what its own user may open, and a region belongs to the user who registered it.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import weakref
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoobridge.errors import (
    InvalidRequestError,
    LimitError,
    ManagingPermissionError,
    UnknownRegionError,
    UnsupportedError,
)
from zoobridge.server.inference._region import SharedMemoryRegion

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.server.inference._caller import Caller, Owner

__all__ = ["MAX_REGIONS", "CallerRegions", "SharedMemory"]

#: Regions that a user may have registered at once; each holds a descriptor of the server.
MAX_REGIONS: Final = 256

_FOLDER: Final = Path("/dev/shm")  # noqa: S108 - where Linux keeps POSIX shared memory
_KEY: Final = re.compile(r"/?[A-Za-z0-9._-]{1,200}")
_LONGEST_NAME: Final = 256
_READ_AND_WRITE: Final = 0o6


class SharedMemory:
    """The regions that are registered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._regions: dict[Owner, dict[str, SharedMemoryRegion]] = {}

    def register(self, caller: Caller, name: str, key: str, offset: int, size: int) -> None:
        """Register a region.

        Raises
        ------
        InvalidRequestError
            If no such object exists, it is too small, or the name is taken.
        ManagingPermissionError
            If the caller's user may not open the object for reading and writing.
        LimitError
            If the caller has too many regions.
        UnsupportedError
            On a system whose shared memory cannot be opened by its name.
        """
        _check(name, key)
        with self._lock:
            regions = self._regions.get(caller.owner, {})
            if name in regions:
                raise InvalidRequestError(
                    f"the shared memory region '{name}' is registered already; unregister it first",
                    field="name",
                )
            if len(regions) >= MAX_REGIONS:
                raise LimitError(
                    f"{len(regions)} shared memory regions are registered, as many as a user may "
                    "have; unregister those that are no longer used",
                    field="name",
                )
            region = _open_region(caller, name, key, offset, size)
            # Closed with its last user: a request may still read from it when it is forgotten.
            weakref.finalize(region, os.close, region.descriptor)
            self._regions.setdefault(caller.owner, regions)[name] = region

    def region(self, caller: Caller, name: str) -> SharedMemoryRegion:
        """Return a region of the caller.

        Raises
        ------
        InvalidRequestError
            If it has registered none of that name.
        """
        with self._lock:
            region = self._regions.get(caller.owner, {}).get(name)
        if region is None:
            raise InvalidRequestError(
                f"no shared memory region '{name}' is registered",
                field="parameters.shared_memory_region",
            )
        return region

    def regions(self, caller: Caller, name: str = "") -> list[SharedMemoryRegion]:
        """Return the regions that a caller may see: its own, and with the managing token all.

        Parameters
        ----------
        caller
            Who asks.
        name
            Only those of this name; empty for every name.

        Raises
        ------
        UnknownRegionError
            If no region has that name.
        """
        with self._lock:
            found = [
                region
                for owner in self._visible(caller)
                for region in self._regions.get(owner, {}).values()
                if name in ("", region.name)
            ]
        if name and not found:
            raise UnknownRegionError(f"no shared memory region '{name}' is registered")
        return found

    def unregister(self, caller: Caller, name: str = "") -> None:
        """Forget a region that a caller may see, or all; one that is not known is forgotten already."""
        with self._lock:
            for owner in self._visible(caller):
                regions = self._regions.get(owner, {})
                for known in [name] if name else list(regions):
                    regions.pop(known, None)
                if not regions:
                    self._regions.pop(owner, None)

    def _visible(self, caller: Caller) -> list[Owner]:
        """Return whose regions a caller sees, its own first."""
        others = [owner for owner in self._regions if owner != caller.owner]
        return [caller.owner, *others] if caller.manager else [caller.owner]


class CallerRegions:
    """The regions of one call's user, who is looked up when the first one is named.

    Parameters
    ----------
    memory
        All regions.
    caller
        Finds out who makes the call.
    """

    def __init__(self, memory: SharedMemory, caller: Callable[[], Caller]) -> None:
        self._memory = memory
        self._caller = caller

    def region(self, name: str) -> SharedMemoryRegion:
        """See :meth:`SharedMemory.region`."""
        return self._memory.region(self._caller(), name)


def _check(name: str, key: str) -> None:
    if not _FOLDER.is_dir():
        raise UnsupportedError(
            "system shared memory is offered on Linux alone; send the bytes instead"
        )
    if not 0 < len(name) <= _LONGEST_NAME:
        raise InvalidRequestError(
            f"a shared memory region needs a name of 1 to {_LONGEST_NAME} characters", field="name"
        )
    if not _KEY.fullmatch(key) or set(key.strip("/")) <= {"."}:
        raise InvalidRequestError(
            f"'{key}' is not the key of a shared memory object; it is a slash and a name",
            field="key",
        )


def _open_region(caller: Caller, name: str, key: str, offset: int, size: int) -> SharedMemoryRegion:
    descriptor = _open(key)
    with ExitStack() as stack:
        stack.callback(os.close, descriptor)
        if not (caller.manager or _may_open(caller.owner, descriptor)):
            raise ManagingPermissionError(
                f"the shared memory object '{key}' belongs to another user of this machine, and its "
                "mode does not let yours read and write it; change its mode, or send the managing "
                "token as metadata 'authorization: Bearer TOKEN'"
            )
        have = os.fstat(descriptor).st_size
        if size < 1 or offset + size > have:
            raise InvalidRequestError(
                f"bytes {offset}…{offset + size} do not lie in the shared memory object "
                f"'{key}' of {have} bytes",
                field="byte_size",
            )
        stack.pop_all()
    return SharedMemoryRegion(name, key, caller.owner, offset, size, descriptor)


def _open(key: str) -> int:
    path = _FOLDER / key.strip("/")
    try:
        # A named pipe of that name must not hold the server up.
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidRequestError(
            f"the shared memory object '{key}' cannot be opened ({error.strerror})", field="key"
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidRequestError(f"'{key}' is not a shared memory object", field="key")
    return descriptor


def _may_open(user: int, descriptor: int) -> bool:
    """Whether the kernel lets a user open a file for reading and writing, by its owner and mode."""
    state = os.fstat(descriptor)
    if user == 0:
        return True
    if user == state.st_uid:
        shift = 6
    elif _has_access_list(descriptor):
        # It may take from a user what the mode gives.
        return False
    else:
        shift = 3 if state.st_gid in _groups(user) else 0
    return state.st_mode >> shift & _READ_AND_WRITE == _READ_AND_WRITE


def _has_access_list(descriptor: int) -> bool:
    with suppress(OSError):
        return "system.posix_acl_access" in os.listxattr(descriptor)
    return False


def _groups(user: int) -> list[int]:
    # Not on Windows.
    import pwd

    with suppress(KeyError):
        entry = pwd.getpwuid(user)
        return os.getgrouplist(entry.pw_name, entry.pw_gid)
    return []
