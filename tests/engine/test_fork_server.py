"""A fork server forks a worker for each message, reports its end, and ends with its socket."""

import json
import os
import socket
import subprocess
import sys

import pytest

from zoobridge.engine._backends import worker_environment
from zoobridge.engine.channel._arena import Arena


class Asked:
    """The server's end of the socket."""

    def __init__(self, framework):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        module = "zoobridge.engine.launch._fork_server"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, framework, str(theirs.fileno())],
                env=worker_environment(),
                pass_fds=[theirs.fileno()],
                stderr=subprocess.PIPE,
            )

    def fork(self, number, folder):
        """Ask for a worker; return its pid, and the pipe whose end ends it."""
        folder.mkdir()
        arena = Arena(4096, folder / "arena", anonymous=True)
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        document = {
            "number": number,
            "folder": str(folder),
            "environment": {"HOME": str(folder)},
            "capacity": arena.capacity,
            "path": str(arena.path),
            "cores": None,
        }
        socket.send_fds(
            self.socket,
            [json.dumps(document).encode()],
            [request_read, reply_write, arena.descriptor],
        )
        for end in (request_read, reply_write, reply_read):
            os.close(end)
        arena.close()
        answer = self.receive()
        assert answer["number"] == number
        return answer["pid"], request_write

    def receive(self):
        return json.loads(self.socket.recv(1 << 16))


@pytest.fixture
def asked():
    server = Asked("faulty")
    yield server
    server.socket.close()
    assert server.process.wait(60) == 0
    server.process.stderr.close()


def test_each_message_forks_a_worker_and_its_end_is_reported(asked, tmp_path):
    first, first_pipe = asked.fork(1, tmp_path / "first")
    second, second_pipe = asked.fork(2, tmp_path / "second")
    assert len({first, second, asked.process.pid}) == 3
    os.close(second_pipe)
    assert asked.receive() == {"pid": second, "status": 0}
    os.kill(first, 9)
    assert asked.receive() == {"pid": first, "status": -9}
    os.close(first_pipe)


def test_a_fork_server_for_no_framework_says_why_and_ends():
    server = Asked("nothing")
    assert server.socket.recv(1 << 16) == b""
    assert server.process.wait(60) != 0
    assert b"nothing" in server.process.stderr.read()
    server.process.stderr.close()
    server.socket.close()
