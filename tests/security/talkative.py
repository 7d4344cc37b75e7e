"""Be a process that tries to reach out, where it can do no harm: HOW FOLDER, until it is killed.

It is confined first, so that its look-ups are seen and lead nowhere.
"""

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

# NumPy's BLAS would start threads, and a process is confined only as long as it has one.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
from zoobridge.confinement import confine


def look_up():
    with suppress(OSError):
        socket.getaddrinfo("zoobridge.invalid", 80)


def connect():
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", 9))


def telemetry():
    import onnxruntime  # noqa: F401 - it looks its maker's host up some seconds after the import


def write():
    (Path(sys.argv[2]) / "written").write_text("1")


confine(read=[], write=[Path(sys.argv[2])])
{"look_up": look_up, "connect": connect, "telemetry": telemetry, "write": write}[sys.argv[1]]()
signal.pause()
