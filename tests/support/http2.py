"""HTTP/2 as an attacker writes it: frames of one's own over a bare socket."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind, payload=b"", *, flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, prefix, first=0):
    """An HPACK integer of RFC 7541, section 5.1."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    written = [first | limit]
    value -= limit
    while value >= 128:
        written.append(value % 128 + 128)
        value //= 128
    return bytes([*written, value])


def text(value):
    return integer(len(value), 7) + value


def literal(name, value, *, indexed=False):
    """A header of a new name, kept in the receiver's table or not."""
    return (b"\x40" if indexed else b"\0") + text(name) + text(value)


def request_headers(path):
    """The headers of a gRPC call."""
    return (
        b"\x83\x86\x04"
        + text(path)
        + b"\x01"
        + text(b"localhost")
        + literal(b"content-type", b"application/grpc")
        + literal(b"te", b"trailers")
    )


#: What a client says first.
OPENING = PREFACE + frame(SETTINGS)


class Connection:
    """A connection that has sent its preface; use it as a context manager."""

    def __init__(self, address, *, preface=OPENING):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout=30)
        self.socket.sendall(preface)

    def send(self, data):
        """Send, and drop what comes back; False once the server has closed the connection."""
        try:
            self.socket.sendall(data)
            self.drain()
        except OSError:
            return False
        return True

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                if not self.socket.recv(1 << 20):
                    raise ConnectionResetError
        except BlockingIOError:
            pass
        finally:
            self.socket.setblocking(True)
            self.socket.settimeout(30)

    def closed_within(self, seconds):
        """Whether the server closes the connection."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(1 << 20):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()
