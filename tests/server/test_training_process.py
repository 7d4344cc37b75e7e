"""A process that trains, as the server sees it: it may be slow, silent, or write what is no frame."""

import json
import os
import sys
import threading
import time

import psutil
import pytest

from served import wait_until
from zoobridge.errors import CancelledError, WorkerError
from zoobridge.protocol.connection import PRIVATE_VARIABLES
from zoobridge.server.training._process import TrainingProcess

SILENT = "import time; time.sleep(60)"
#: Answers "echo" with what it was sent; leaves "slow" without an answer until it is cancelled.
ANSWERING = """
from zoobridge.protocol.pipes import CallFrame, CallKind, CallPipe
pipe = CallPipe(0, 1)
pipe.read()
while (frame := pipe.read()) is not None:
    if frame.kind is CallKind.CANCEL:
        pipe.write(CallFrame(CallKind.END, frame.call))
    elif frame.data.startswith(b"echo"):
        pipe.write(CallFrame(CallKind.RESPONSE, frame.call, frame.data))
        pipe.write(CallFrame(CallKind.END, frame.call))
"""
RAW = "import os, time; os.write(1, bytes.fromhex('{frame}')); time.sleep(60)"
MUCH = b"x" * (1 << 20)


@pytest.fixture
def start(tmp_path):
    started = []

    def start(program):
        process = TrainingProcess(
            [sys.executable, "-c", program], {}, tmp_path, death="the process ended"
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


class Caller:
    """Whoever waits for a call."""

    def __init__(self, process, method="slow", data=b"", end_after=30.0):
        self.cancel = None
        self.outcome = None
        self._registered = threading.Event()
        call = process.call(method, data, on_end=self._on_end, end_after=end_after)
        self._thread = threading.Thread(target=self._wait, args=(call,), daemon=True)
        self._thread.start()
        assert self._registered.wait(10)

    def _on_end(self, cancel):
        self.cancel = cancel
        self._registered.set()
        return True

    def _wait(self, call):
        try:
            self.outcome = list(call)
        except (CancelledError, WorkerError) as error:
            self.outcome = error

    def result(self):
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.outcome


def test_cancelling_returns_at_once_where_the_process_reads_nothing(start):
    process = start(SILENT)
    first = Caller(process, data=MUCH)
    second = Caller(process, data=MUCH)
    # The pipe takes 64 KiB: the first request holds it.
    begun = time.monotonic()
    first.cancel()
    second.cancel()
    assert time.monotonic() - begun < 1
    assert not process.ended


def test_a_process_that_reads_nothing_is_ended_when_a_call_was_cancelled(start):
    process = start(SILENT)
    caller = Caller(process, data=MUCH, end_after=0.1)
    caller.cancel()
    assert isinstance(caller.result(), CancelledError)
    wait_until(lambda: process.ended and not psutil.pid_exists(process.pid))


def test_who_is_gone_waits_no_longer_and_others_are_answered(start):
    process = start(ANSWERING)
    gone = Caller(process)
    gone.cancel()
    assert isinstance(gone.result(), CancelledError)
    assert Caller(process, "echo", b"this").result() == [b"echo\0this"]
    assert not process.ended


@pytest.mark.parametrize("frame", ["ff" * 9, "0300000001ffffffff"], ids=["kind", "size"])
def test_what_is_no_frame_ends_the_process_and_every_call_on_it(start, frame):
    process = start(RAW.format(frame=frame))
    assert isinstance(Caller(process).result(), WorkerError)
    wait_until(lambda: not psutil.pid_exists(process.pid))
    with pytest.raises(WorkerError, match="the process ended"):
        next(process.call("echo", b"", on_end=lambda _: True, end_after=1))


def test_what_a_process_started_ends_with_it(start, tmp_path):
    program = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; "
        "time.sleep(60)'], stdin=-3, stdout=-3); open('pid', 'w').write(str(child.pid))"
    )
    start(program)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not _runs(child))


def _runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_knows_no_secret_of_the_server_and_no_other_server(start, tmp_path, monkeypatch):
    for name in (*PRIVATE_VARIABLES, "AWS_SECRET_KEY", "HF_TOKEN", "DB_PASSWORD"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("PLAIN", "seen")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    program = (
        "import json, os; open('new', 'w').write(json.dumps(dict(os.environ))); "
        "os.rename('new', 'environment')"
    )
    start(program)
    file = tmp_path / "environment"
    wait_until(file.exists)
    environment = json.loads(file.read_text("utf-8"))
    assert "hush" not in environment.values()
    assert environment["PLAIN"] == "seen"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["HOME"] == str(tmp_path)


def test_a_number_that_was_given_to_another_process_is_left_alone(start, monkeypatch):
    process = start(ANSWERING)
    process.kill()
    sent = []
    monkeypatch.setattr(os, "killpg", lambda *arguments: sent.append(arguments))
    process.kill()
    assert sent == []
