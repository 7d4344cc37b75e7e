"""What processes ask of the kernel that names an address or writes a file, told by strace."""

import os
import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NETWORK = ("bind", "connect", "sendmmsg", "sendmsg", "sendto")
_FILES = (
    *("creat", "link", "linkat", "mkdir", "mkdirat", "mknod", "mknodat", "open", "openat"),
    *("openat2", "rename", "renameat", "renameat2", "symlink", "symlinkat", "truncate"),
)
_CALL = re.compile(r"(?P<thread>\d+)\s+(?P<name>\w+)\(.*")
#: strace breaks the line of a call in two where another thread's came in between.
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"(?P<thread>\d+)\s+<\.\.\. \w+ resumed>(?P<rest>.*)")
_LOOPBACK = re.compile(r'inet_addr\("127\.|"::1"|"::ffff:127\.')
#: A path, behind the folder that it is relative to: AT_FDCWD</work>, "x".
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<path>[^"]*)"')


@dataclass(frozen=True)
class Trace:
    """The trace of a process and of all that it started."""

    path: Path

    @contextmanager
    def running(self, command: list[str], **options):
        """A command, traced into this file; what is left of it at the end is killed."""
        self.path.touch()
        calls = ",".join(_NETWORK + _FILES)
        strace = ["strace", "-f", "-y", "-qq", "--seccomp-bpf", "-s", "256", "-e", f"trace={calls}"]
        process = subprocess.Popen(
            [*strace, "-o", str(self.path), *command], start_new_session=True, **options
        )
        try:
            yield process
        finally:
            # All of them: strace alone would let go of the others.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def contacts(self) -> list[str]:
        """Tell the calls that name an address, but for listening on this machine alone."""
        return [
            line
            for name, line in self._calls()
            if name in _NETWORK
            and "sa_family=" in line
            and not (name == "bind" and _LOOPBACK.search(line))
        ]

    def written(self) -> set[Path]:
        """Tell the paths that were made, or opened for writing."""
        found = set()
        for name, line in self._calls():
            if name in _NETWORK or "= -1 " in line:
                continue
            if name.startswith("open") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", line):
                continue
            for match in _PATH.finditer(line):
                found.add(Path(match["folder"] or "/", match["path"]))
        return found

    def _calls(self):
        begun = {}
        for line in self.path.read_text("utf-8", "replace").splitlines():
            if match := _RESUMED.match(line):
                if first := begun.pop(match["thread"], None):
                    yield first["name"], first.string.removesuffix(_UNFINISHED) + match["rest"]
            elif match := _CALL.match(line):
                if line.endswith(_UNFINISHED):
                    begun[match["thread"]] = match
                else:
                    yield match["name"], line
        for match in begun.values():
            yield match["name"], match.string
