"""The server as a separate process: what it imports, says, leaves behind, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading

import psutil
import pytest

from served import request, wait_until
from zoobridge.protocol.connection import discover
from zoobridge.protocol.v1 import classification_pb2, zoo_pb2

STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)

# Reports on itself from inside, since nothing outside can see what a process has imported.
PROGRAM = """
import sys, threading
from pathlib import Path
from zoobridge.server import ServerConfig, serve

def report():
    for line in sys.stdin:
        print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})), flush=True)

threading.Thread(target=report, daemon=True).start()
serve(ServerConfig(
    zoos=(Path(sys.argv[1]),), cache=Path(sys.argv[2]), trust_file=Path(sys.argv[3]),
    threads=1, device="cpu", grace_seconds=20, log_format=sys.argv[4],
))
"""


class Process:
    def __init__(self, zoo, cache, folder, *, log_format="text"):
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(PROGRAM), str(zoo), str(cache),
                 str(folder / "trusted.json"), log_format],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=os.environ | {"ZOOBRIDGE_RUNTIME_DIR": str(folder / "runtime")},
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )  # fmt: skip
        wait_until(self._ready, seconds=60)
        (self.connection,) = discover()
        self.address = self.connection.address

    def _ready(self):
        assert self.process.poll() is None, self.log.read_text()
        return bool(discover())

    def modules(self):
        self.process.stdin.write("report\n")
        self.process.stdin.flush()
        return set(self.process.stdout.readline().split())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(STOP)
        status = self.process.wait(60)
        self.process.stdin.close()
        self.process.stdout.close()
        return status


@pytest.fixture
def serve(zoo, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path / "runtime"))
    processes = []

    def make(**fields):
        process = Process(zoo, cache, tmp_path, **fields)
        processes.append(process)
        return process

    yield make
    for process in processes:
        process.stop()


def test_a_server_ends_when_a_file_asks_it_to(serve):
    server = serve()
    server.connection.stop_path.touch()
    assert server.process.wait(30) == 0


def test_it_serves_without_a_framework_or_a_decoder_and_is_small(serve, call):
    # The first one reads the packages with bioimageio.spec, and keeps what it found.
    first = serve()
    call(first).zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=90)
    assert first.stop() == 0
    served = serve()
    caller = call(served)
    answer = caller.classification.Classify(request(), timeout=90)
    assert answer.results[0].prediction.top[0].label == "bright"
    caller.zoo.GetModel(zoo_pb2.GetModelRequest(model="brightness"), timeout=90)
    foreign = {
        *("torch", "torchvision", "tensorflow", "keras", "onnxruntime", "onnx"),
        *("PIL", "imagecodecs", "tifffile", "bioimageio", "scipy", "prometheus_client"),
    }
    assert not served.modules() & foreign
    memory = psutil.Process(served.process.pid).memory_full_info().uss
    assert memory < 120 << 20, f"{memory >> 20} MiB"


def test_it_prints_one_line_with_its_address_and_leaves_nothing_behind(serve, tmp_path):
    served = serve()
    # It is found a moment before the line is written.
    wait_until(lambda: f"{served.address}\n" in served.log.read_text())
    lines = served.log.read_text().splitlines()
    ready = [line for line in lines if served.address in line]
    assert len(ready) == 1
    assert re.fullmatch(rf"zoobridge \S+ serves at {re.escape(served.address)}", ready[0])
    if sys.platform != "win32":
        assert served.connection.path.stat().st_mode & 0o077 == 0
    assert served.connection.pid == served.process.pid
    children = psutil.Process(served.process.pid).children(recursive=True)
    assert served.stop() == 0
    assert discover() == []
    assert list((tmp_path / "runtime").iterdir()) == []
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_work_that_was_accepted_is_answered_after_it_was_asked_to_end(serve, call):
    served = serve()
    caller = call(served)
    # Warm, so that what follows is under way at once.
    caller.classification.Classify(request(), timeout=90)
    asked = threading.Event()

    def messages():
        for index in range(50):
            yield classification_pb2.ClassifyStreamRequest(id=str(index), request=request(index))
        asked.wait(30)

    answers = caller.classification.ClassifyStream(messages(), timeout=90)
    found = [next(answers).id for _ in range(50)]
    futures = [caller.classification.Classify.future(request(9), timeout=90) for _ in range(8)]
    assert futures[0].result().results
    served.process.send_signal(STOP)
    asked.set()
    assert sorted(found, key=int) == [str(index) for index in range(50)]
    assert served.process.wait(60) == 0


def test_its_log_can_be_json(serve, call):
    served = serve(log_format="json")
    call(served).classification.Classify(request(), timeout=90)
    assert served.stop() == 0
    entries = [
        json.loads(line) for line in served.log.read_text().splitlines() if line.startswith("{")
    ]
    loaded = [entry for entry in entries if entry["message"].startswith("model loaded")]
    assert loaded
    assert loaded[0]["level"] == "info"
    assert "model=brightness@2.0.0" in loaded[0]["message"]


def test_a_second_server_finds_another_port(serve, zoo, cache, settings, held):
    from zoobridge.server import Server

    served = serve()
    with Server(settings(), engine=held) as other:
        assert other.address != served.address
        assert {connection.address for connection in discover()} == {
            other.address,
            served.address,
        }
