"""Giving up a worker's rights in the kernel, before it touches a model or a picture.

On Linux the kernel's Landlock takes from a process, for good, what it does not need: reading
anything but the interpreter, the frameworks and the model package; writing anywhere but in a
private folder; TCP; signals to, and abstract sockets of, processes outside. Where user namespaces
are allowed, the process also moves into a network of its own that reaches nothing, which covers
UDP too (Landlock knows UDP only since its ABI 10).

What remains possible inside is to burn time and memory: deadlines and memory limits bound those.
"""

from __future__ import annotations

import ctypes
import errno
import os
import site
import sys
import sysconfig
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoobridge.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["ConfinementError", "confine", "confinement_available", "prepare_confinement"]

#: Below this ABI (Linux 6.7) the kernel cannot forbid TCP connections.
_LEAST_ABI: Final = 4

#: Shared libraries and system data; the second line is for distributions that keep them elsewhere.
_SYSTEM_FOLDERS: Final = (
    *("/usr", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/nix/store", "/gnu/store", "/run/opengl-driver"),
)

#: What the loader, the time zone and the frameworks' look at the machine need. /proc is named piece
#: by piece: other processes' folders reveal their command lines.
_SYSTEM_FILES: Final = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/localtime",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/modules",
    "/proc/stat",
    "/proc/version",
    "/proc/sys/kernel",
    "/proc/sys/vm",
    "/proc/driver/nvidia",
    "/sys/bus",
    "/sys/class",
    "/sys/devices",
    "/sys/fs/cgroup",
    "/sys/kernel/mm",
    "/sys/module",
)

#: Device files of accelerators (NVIDIA, AMD), as glob patterns below /dev.
_ACCELERATORS: Final = (
    "nvidia[0-9]*",
    "nvidiactl",
    "nvidia-*",
    "nvidia-caps/*",
    "kfd",
    "dri/render*",
)

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_CAPABILITY_VERSION_3: Final = 0x20080522


class ConfinementError(ServerError):
    """A process cannot be confined; the message says why."""


def confinement_available() -> tuple[str, str]:
    """Return how a worker on this system can be confined.

    Returns
    -------
    kind
        ``landlock`` or ``none``.
    reason
        Why there is none, as a sentence that names the fix; empty if there is.
    """
    if sys.platform != "linux":
        return "none", (
            "Workers are not confined here, since only Linux (6.7 or newer) can do it; "
            "load models only from people you trust, or run the server on Linux."
        )
    try:
        import landlockpy
    except ImportError:
        return "none", (
            "Workers are not confined, since the package landlockpy is missing; "
            'add it with: pip install "zoobridge[server]"'
        )
    try:
        abi = landlockpy.abi_version()
    except landlockpy.LandlockError as error:
        return "none", (
            f"Workers are not confined, since this kernel offers no Landlock ({error.strerror}); "
            "boot Linux 6.7 or newer with lsm=landlock among its security modules, "
            "and in a container allow the landlock system calls."
        )
    if abi < _LEAST_ABI:
        return "none", (
            f"Workers are not confined, since this kernel's Landlock (ABI {abi}) cannot forbid "
            "connections; boot Linux 6.7 or newer."
        )
    return "landlock", ""


def prepare_confinement() -> None:
    """Look up once, in a process that forks workers, what :func:`confine` needs in each of them."""
    confinement_available()
    _code_paths()


def confine(
    *,
    read: Sequence[Path],
    write: Sequence[Path],
    accelerators: bool = True,
    connect: int | None = None,
    programs: bool = False,
) -> None:
    """Take from this process, for good, all rights that its work does not need.

    To be called in a worker right after it was forked or spawned: while it has one thread, and
    before it opens the package. File descriptors that are open already keep working. The first
    folder of `write` becomes the process's temporary and cache folder (``TMPDIR``,
    ``XDG_CACHE_HOME``), since the libraries' own choices are out of reach.

    Parameters
    ----------
    read
        Files and folders (with all below them) that may be read: the model package. The
        interpreter, the installed packages, the folders of packages that are imported already,
        and what the system's libraries need are added.
    write
        Folders in which files may be read, made, changed and removed: the private temporary one.
    accelerators
        Whether GPUs may be used. Their driver names its threads by writing below
        ``/proc/self/task``, and does not start where it cannot.
    connect
        The only TCP port that may be connected to; `None` for none.
    programs
        Whether installed programs may be started, such as the interpreter; they have the same
        rights. TensorFlow reads its own entry in ``/proc``, which has another name in each of them:
        all of it can then be read, but for what the kernel shows to debuggers alone.

    Raises
    ------
    ConfinementError
        If the system cannot confine, if the process has several threads, or if a path in `read`
        or `write` does not exist. The process is then to end; it may be confined in part.
    """
    kind, reason = confinement_available()
    if kind == "none":
        raise ConfinementError(reason)
    from landlockpy import AccessFS, AccessNet, LandlockError, Ruleset, Scope

    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - one list, no Path objects
    if threads != 1:
        raise ConfinementError(
            f"A worker has {threads} threads before it is confined, which would leave all but one "
            "free; a backend's start() must not start any."
        )
    if connect is None:
        _leave_network()
    if write:
        os.environ["TMPDIR"] = os.environ["XDG_CACHE_HOME"] = str(write[0])
        tempfile.tempdir = None  # looked up again

    read_access = AccessFS.READ_FILE | AccessFS.READ_DIR
    file_access = (
        AccessFS.EXECUTE
        | AccessFS.READ_FILE
        | AccessFS.WRITE_FILE
        | AccessFS.TRUNCATE
        | AccessFS.IOCTL_DEV
    )
    write_access = (
        read_access
        | AccessFS.WRITE_FILE
        | AccessFS.TRUNCATE
        | AccessFS.MAKE_DIR
        | AccessFS.MAKE_REG
        | AccessFS.REMOVE_DIR
        | AccessFS.REMOVE_FILE
        | AccessFS.REFER
    )
    devices = _accelerators() if accelerators else []
    # CUDA's compilers for kernels (ptxas) are programs that the frameworks start.
    code_access = read_access | AccessFS.EXECUTE if devices or programs else read_access

    with Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL) as rules:

        def allow(path: str | Path, access: AccessFS) -> None:
            # The kernel refuses rights on folders (list, make, remove) in a rule for a file.
            rules.allow_path(path, access if os.path.isdir(path) else access & file_access)  # noqa: PTH112 - hot

        try:
            for code_path in _code_paths():
                with suppress(FileNotFoundError):
                    allow(code_path, code_access)
            for system_path in (*_SYSTEM_FILES, *(["/proc"] if programs else [])):
                with suppress(FileNotFoundError):
                    allow(system_path, read_access)
            allow("/dev/null", read_access | AccessFS.WRITE_FILE)
            for device in devices:
                allow(device, read_access | AccessFS.WRITE_FILE | AccessFS.IOCTL_DEV)
            if devices:
                allow("/proc/self/task", read_access | AccessFS.WRITE_FILE | AccessFS.TRUNCATE)
            for path in (*read, *write):
                allow(path, write_access if path in write else read_access)
            if connect is not None:
                rules.allow_port(connect, AccessNet.CONNECT_TCP)
            rules.restrict()
        except LandlockError as error:
            raise ConfinementError(f"The kernel refused to confine a worker: {error}") from error
        except OSError as error:
            raise ConfinementError(
                f"A worker cannot be confined, since {error.filename} cannot be opened "
                f"({error.strerror})."
            ) from error


def _accelerators() -> list[Path]:
    """Return the device files of this machine's accelerators."""
    return [path for pattern in _ACCELERATORS for path in Path("/dev").glob(pattern)]


def _installed() -> tuple[str, ...]:
    """Return the folders of the interpreter, of installed packages and of shared libraries."""
    folders = [
        *_SYSTEM_FOLDERS,
        *(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix),
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        *os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep),
    ]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return tuple(folders)


@cache
def _code_paths() -> tuple[str, ...]:
    """Return, without repetition, what is installed and where imported modules lie.

    Looked up once: walking the modules in a forked worker would copy every page that holds one.
    """
    # A prefix of "/", or one that holds the user's home, would give away everything.
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - strings throughout
    seen: list[str] = []
    for candidate in (*_installed(), *_imported_from()):
        # Most modules lie below a folder that is known: known by their names, without the disk.
        if not os.path.isabs(candidate) or _is_below(candidate, seen):  # noqa: PTH117
            continue
        path = os.path.realpath(candidate)
        too_wide = path == "/" or _is_below(home, [path])
        if too_wide or not os.path.exists(path) or _is_below(path, seen):  # noqa: PTH110
            continue
        seen.append(path)
    return tuple(seen)


def _imported_from() -> Iterator[str]:
    """Yield where imported packages lie: editable installs live outside the interpreter."""
    for name, module in list(sys.modules.items()):
        if "." in name or name == "__main__":
            continue
        folders = getattr(module, "__path__", None)
        if folders is not None:
            yield from folders
        elif isinstance(file := getattr(module, "__file__", None), str):
            yield file


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(
        path.startswith(folder) and path[len(folder) :][:1] in ("", os.sep) for folder in folders
    )


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySet(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _leave_network() -> None:
    """Move into an empty network, where the system lets a plain user do so.

    An addition that many systems forbid (containers, Ubuntu's AppArmor rule): TCP is denied by
    Landlock in any case, so that a refusal changes nothing but UDP.
    """
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    # Without these maps the process would see itself, and own its files, as "nobody".
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{user} {user} 1")
    (own / "gid_map").write_text(f"{group} {group} 1")
    # The namespace's owner holds every capability in it, which opens much of the kernel.
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    if libc.capset(ctypes.byref(header), ctypes.byref((_CapabilitySet * 2)())) != 0:
        code = ctypes.get_errno()
        raise ConfinementError(
            f"A worker could not drop its capabilities ({errno.errorcode.get(code, code)})."
        )
