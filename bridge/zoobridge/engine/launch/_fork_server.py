"""A fork server: imports one framework, does nothing else with it, and forks workers.

``python -m zoobridge.engine.launch._fork_server FRAMEWORK DESCRIPTOR``, where the descriptor is a socket on
which the server asks for workers. It must stay single-threaded: a fork copies one thread only.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import Any, NoReturn

from zoobridge.backend import Backend
from zoobridge.confinement import prepare_confinement
from zoobridge.engine._backends import find_backend
from zoobridge.engine.worker import _main as _worker

__all__ = ["main"]

_MAX_DESCRIPTORS = 4


def main(framework: str, descriptor: int) -> int:
    """Import the framework, then serve the socket until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    backend = find_backend(framework)
    backend.start()
    prepare_confinement()
    gc.collect()
    # Objects that never move again need not be copied when a child's collector looks at them.
    gc.freeze()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    with socket.socket(fileno=descriptor) as server:
        poll = select.poll()
        poll.register(server, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if wake_read in ready:
                os.read(wake_read, 1024)
                _report_ended(server)
            if server.fileno() in ready:
                data, descriptors, _, _ = socket.recv_fds(server, 1 << 16, _MAX_DESCRIPTORS)
                if not data:
                    return 0
                _fork(
                    server,
                    (wake_read, wake_write),
                    backend,
                    framework,
                    json.loads(data),
                    descriptors,
                )


def _fork(
    server: socket.socket,
    wake: tuple[int, int],
    backend: Backend,
    framework: str,
    document: dict[str, Any],
    descriptors: list[int],
) -> None:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        server.close()
        for end in wake:
            os.close(end)
        _child(backend, framework, document, descriptors)
    for passed in descriptors:
        os.close(passed)
    server.send(json.dumps({"number": document["number"], "pid": pid}).encode())


def _child(
    backend: Backend, framework: str, document: dict[str, Any], descriptors: list[int]
) -> NoReturn:
    code = 1
    try:
        os.environ.update(document["environment"])
        log = os.open(
            os.path.join(document["folder"], "stderr.log"),  # noqa: PTH118 - before pathlib is needed
            os.O_WRONLY | os.O_CREAT | os.O_APPEND,
            0o600,
        )
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        arena = {
            "descriptor": descriptors[2] if len(descriptors) > 2 else -1,
            "path": document["path"],
            "capacity": document["capacity"],
        }
        code = _worker.run(
            backend,
            framework=framework,
            requests=descriptors[0],
            replies=descriptors[1],
            arena=arena,
            folder=document["folder"],
            cores=document["cores"],
        )
    except Exception:  # noqa: BLE001 - the process ends here; its log says why
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        # No clean-up of what the fork server had set up: it is not the child's.
        os._exit(code)


def _report_ended(server: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        server.send(json.dumps({"pid": pid, "status": code}).encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
