"""``zoobridge serve`` as a separate process, and what it leaves behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from served import wait_until

_READY = re.compile(r"^zoobridge \S+ serves at (\S+)$", re.MULTILINE)


class Serving:
    """A server in a separate process; use it as a context manager.

    Its cache, settings and runtime folder lie below `folder`; `options` are those of the command, and
    `shell` is what a shell does before it, such as setting limits.
    """

    def __init__(self, zoo, folder, *options, environment=None, shell=""):
        self.folder = Path(folder)
        self.runtime = self.folder / "runtime"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "server.log"
        self.environment = (
            os.environ
            | {
                "ZOOBRIDGE_RUNTIME_DIR": str(self.runtime),
                "XDG_CACHE_HOME": str(self.folder / "cache"),
                "XDG_CONFIG_HOME": str(self.folder / "config"),
                "XDG_DATA_HOME": str(self.folder / "data"),
                "TMPDIR": str(self.scratch),
            }
            | (environment or {})
        )
        command = [
            sys.executable,
            "-m",
            "zoobridge",
            "serve",
            str(zoo),
            "--device",
            "cpu",
            *options,
        ]
        if shell:
            command = ["sh", "-c", f'{shell}; exec "$@"', "serve", *command]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        self.pid = self.process.pid
        self._known = {}
        with contextlib.ExitStack() as stack:
            stack.callback(self.kill)
            wait_until(self._ready)
            stack.pop_all()
        self.address = self.addresses()[-1]

    def _ready(self):
        assert self.process.poll() is None, self.log.read_text()
        return bool(self.addresses())

    def addresses(self):
        """The addresses that it has served at, one for each start."""
        return _READY.findall(self.log.read_text())

    def children(self):
        """Its mothers and workers, also those that it had when it was asked before."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.pid).children(recursive=True):
                self._known[child.pid] = child
        return [child for child in self._known.values() if alive(child)]

    def workers(self):
        """Its processes that run models: without children of their own, as those that fork have."""
        found = []
        for child in self.children():
            with contextlib.suppress(psutil.Error):
                if not child.children():
                    found.append(child)
        return found

    def memory_bytes(self):
        """The memory that the server process has by itself."""
        return psutil.Process(self.pid).memory_full_info().uss

    def descriptors(self):
        return psutil.Process(self.pid).num_fds()

    def threads(self):
        return psutil.Process(self.pid).num_threads()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Ask it to end; its exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self):
        """End it and all that it started."""
        children = self.children()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.kill()


def alive(process):
    """Whether a process runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def seconds_until_gone(processes, *, limit=30.0):
    """How long processes take to end; fails where one does not."""
    begun = time.monotonic()
    while any(alive(process) for process in processes):
        assert time.monotonic() - begun < limit, list(processes)
        time.sleep(0.005)
    return time.monotonic() - begun
