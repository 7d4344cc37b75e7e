"""``zoobridge top``, in a terminal and in a pipe, beside a server that works."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from zoobridge.client import connect

ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>]|\([AB])")


class Terminal:
    """A program in a terminal of its own: what it wrote, and keys to press."""

    def __init__(self, command, *words):
        self._written = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self.mode = termios.tcgetattr(theirs)
        self._theirs = theirs
        environment = command.environment | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoobridge", *words],
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            # Only then are keys such as Ctrl-C this program's.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )

    @property
    def screen(self):
        """What it wrote, without the marks that place and colour it."""
        return ESCAPES.sub("", self._written.decode("utf-8", "ignore"))

    def read_until(self, pattern, *, seconds=60):
        """Read on until the text fits a pattern; fails when it does not come."""
        limit = time.monotonic() + seconds
        while not (found := re.search(pattern, self.screen)):
            assert time.monotonic() < limit, self.screen
            if select.select([self._ours], [], [], 0.2)[0]:
                self._written += os.read(self._ours, 1 << 16)
        return found

    def press(self, key):
        os.write(self._ours, key)

    def wait(self, *, seconds=60):
        """Wait for the program's end, reading what it writes; returns its exit code."""
        limit = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < limit, self.screen
            if select.select([self._ours], [], [], 0.1)[0]:
                self._written += os.read(self._ours, 1 << 16)
        with contextlib.suppress(OSError):
            while select.select([self._ours], [], [], 0)[0]:
                self._written += os.read(self._ours, 1 << 16)
        return self.process.returncode

    @property
    def mode_now(self):
        return termios.tcgetattr(self._theirs)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def terminal():
    opened = []

    def open_one(command, *words) -> Terminal:
        opened.append(Terminal(command, *words))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def busy(zb, pictures):
    """The command of a user whose server has classified sixty pictures."""
    zb("unload", "brightness")
    zb("classify", "brightness", pictures, "--format", "json")
    return zb


def test_a_terminal_shows_models_live_until_q(busy, terminal, pictures):
    live = terminal(busy, "top", "--interval", "0.2")
    live.read_until(r"brightness@1\.0\.0\s+onnx\s+cpu\s+1\s+[\d.]+ MiB\s+0\s+60\s+0")
    assert "memory" in live.screen
    busy("classify", "brightness", pictures, "--format", "json")
    live.read_until(r"MiB\s+0\s+120\s+0\s+[\d.]+/s")
    live.press(b"q")
    assert live.wait() == 0
    assert live.mode_now == live.mode


def test_ctrl_c_ends_it_and_leaves_the_terminal_as_it_was(busy, terminal):
    live = terminal(busy, "top")
    live.read_until("brightness")
    live.press(b"\x03")
    assert live.wait() == 130
    assert live.mode_now == live.mode
    assert "Traceback" not in live.screen


def test_a_vanished_server_is_told_in_one_sentence(command, zoo, terminal, tmp_path):
    server = command.start("serve", zoo, "--threads", "1")
    try:
        while "serves at" not in (line := server.stderr.readline()):
            assert line
        live = terminal(command, "top", "--interval", "0.2")
        live.read_until("models 0")
        server.send_signal(signal.SIGKILL)
        assert live.wait() == 1
    finally:
        server.kill()
        server.communicate()
    (sentence,) = re.findall(r"Error: ([^\r\n]*)", live.screen)
    assert "no server answers" in sentence
    assert live.mode_now == live.mode


def test_once_prints_plain_text(busy):
    text = busy("top", "--once").stdout
    assert "\x1b" not in text
    (line,) = [line for line in text.splitlines() if "brightness@1.0.0" in line]
    assert line.split()[6:8] == ["0", "60"]
    assert re.search(r"memory [\d.]+ [MG]iB of [\d.]+ GiB", text)


def test_a_pipe_is_written_look_by_look(busy):
    process = busy.start("top", "--interval", "0.2", "--json")
    try:
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))
    finally:
        process.kill()
        process.communicate()
    (model,) = first["models"]
    assert (model["requests"], model["failures"], model["instances"]) == (60, 0, 1)
    assert (model["device"], model["precision"]) == ("cpu", "float32")
    assert model["device_memory_bytes"] == 0
    assert sum(one["size"] * one["count"] for one in model["batches"]) == 60
    assert model["memory_bytes"] > 1 << 20
    assert first["server_memory_bytes"] > 1 << 20
    assert model["inference_ms"] > 0
    assert second["time"] > first["time"]
    # Nothing was asked in between.
    assert second["models"][0]["rate"] == 0.0
    assert second["models"][0]["inference_ms"] is None


def test_the_client_reads_what_a_model_has_done(busy, served):
    with connect(served.address) as client:
        said = client.statistics()
    (model,) = said.models
    assert (model.model, model.version, model.framework) == ("brightness", "1.0.0", "onnx")
    assert (model.requests, model.items, model.waiting) == (60, 60, 0)
    stages = (
        model.queue_seconds
        + model.preprocess_seconds
        + model.inference_seconds
        + model.postprocess_seconds
    )
    assert stages > 0
    assert 0 < model.last_used <= time.time()
    assert said.memory_limit_bytes > model.memory_bytes
    if sys.platform == "linux":
        assert said.standby_memory_bytes > 1 << 20
