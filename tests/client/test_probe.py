"""Another program at the port is named at once."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from zoobridge.client import connect
from zoobridge.errors import ServerUnavailableError


@contextmanager
def listening(greeting: bytes):
    """Listen at a port, and answer whoever comes with some bytes, or with nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            server.settimeout(0.05)
            lines = []
            while not ended.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                lines.append(line)
                if greeting:
                    line.sendall(greeting)
            for line in lines:
                line.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def test_a_web_server_is_named_at_once():
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            port = server.server_address[1]
            begun = time.monotonic()
            with pytest.raises(ServerUnavailableError) as caught:
                connect(f"127.0.0.1:{port}", timeout=60)
            assert time.monotonic() - begun < 30
        finally:
            server.shutdown()
            thread.join()
    assert f"port {port} of 127.0.0.1 speaks HTTP, not gRPC" in str(caught.value)
    assert "zoobridge serve" in str(caught.value)


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "speaks SSH, not gRPC"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS"),
        (b"what is this?", "speaks another protocol"),
    ],
)
def test_other_protocols_are_named_too(greeting, words):
    with listening(greeting) as port, pytest.raises(ServerUnavailableError, match=words):
        connect(f"127.0.0.1:{port}")


def test_a_program_that_says_nothing_is_named_after_the_deadline():
    with listening(b"") as port:
        address = f"127.0.0.1:{port}"
        with pytest.raises(ServerUnavailableError, match=f"{address} did not answer within 1 s"):
            connect(address, timeout=1)
