"""Be attacked: start a backend, then load and run each file in forked processes of their own.

Called with a folder that holds ``request.json``; writes ``reply.json`` there.
"""

import builtins
import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

from zoobridge.backend import BackendFault, TensorSpec, WeightsFile
from zoobridge.confinement import confine


def victim(backend, attack, package, reply):
    """Load and run, as a worker would, and tell what came out."""
    if attack["confined"]:
        private = Path(tempfile.mkdtemp())
        confine(read=[package], write=[private])
    import numpy as np

    shape = tuple(attack["shape"])
    spec = TensorSpec("x", "float32", (-1, *shape[1:]))
    weights = WeightsFile(
        attack["format"],
        package / attack["path"],
        (spec,),
        (TensorSpec("y", "float32", (-1, -1)),),
        trusted=attack["trusted"],
        architecture=attack.get("architecture", {}),
    )
    told = {"fault": "", "answer": []}
    try:
        network = backend.load(weights, device="cpu", threads=1)
        told["answer"] = network.forward([np.ones(shape, "f4")])[0].ravel().tolist()
    except BackendFault as fault:
        told["fault"] = str(fault)
    told["stolen"] = getattr(builtins, "stolen", "")
    told["maps"] = Path("/proc/self/maps").read_text()
    os.write(reply, json.dumps(told).encode())


def reached(listener):
    """Tell whether anybody connected, and forget those who did."""
    connections = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            connections += 1
    return connections > 0


def main(folder):
    request = json.loads((folder / "request.json").read_text())
    package, canary = Path(request["package"]), Path(request["canary"])
    listener = socket.socket(fileno=request["listener"])
    module, _, name = request["backend"].partition(":")
    backend = getattr(importlib.import_module(module), name)()
    backend.start()
    replies = {}
    # Confined victims import what they need by themselves; for the others it is imported once.
    for attack in sorted(request["attacks"], key=lambda attack: not attack["confined"]):
        if not attack["confined"]:
            for library in request["libraries"]:
                importlib.import_module(library)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(180)
            os.close(reader)
            victim(backend, attack, package, writer)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        told = json.loads(said or "{}")
        told["status"] = status
        told["written"] = canary.exists()
        canary.unlink(missing_ok=True)
        told["reached"] = reached(listener)
        replies[attack["name"]] = told
    (folder / "reply.json").write_text(json.dumps(replies))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
