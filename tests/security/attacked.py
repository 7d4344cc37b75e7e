"""Be attacked: start a backend, then load and run each file in forked processes of their own.

Called with a folder that holds ``request.json``; writes ``reply.json`` there.
"""

import builtins
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

from zoobridge.backend import BackendFault, TensorSpec, WeightsFile
from zoobridge.engine._confinement import confine


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


def main(folder):
    request = json.loads((folder / "request.json").read_text())
    package, canary = Path(request["package"]), Path(request["canary"])
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    os.environ["ATTACKED_PORT"] = str(listener.getsockname()[1])
    module, _, name = request["backend"].partition(":")
    backend = getattr(importlib.import_module(module), name)()
    backend.start()
    replies = {}
    for attack in request["attacks"]:
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
        try:
            listener.accept()[0].close()
            told["reached"] = True
        except BlockingIOError:
            told["reached"] = False
        replies[attack["name"]] = told
    (folder / "reply.json").write_text(json.dumps(replies))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
