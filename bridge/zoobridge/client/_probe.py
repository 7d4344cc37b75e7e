"""What listens at a port, where it is not a gRPC server."""

from __future__ import annotations

import contextlib
import socket
from typing import Final

from zoobridge.client._transport import Endpoint, split_address
from zoobridge.errors import ServerUnavailableError

__all__ = ["check_speaks_grpc"]

# What a client of HTTP/2 sends first (RFC 9113, 3.4): the preface and an empty SETTINGS frame.
_HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_SETTINGS: Final = 4
_SECONDS: Final = 1.0
_OTHERS: Final = (
    (b"HTTP/", "HTTP"),
    (b"<", "HTTP"),
    (b"SSH-", "SSH"),
    (b"\x15\x03", "TLS; give its certificate (--ca), or ask for TLS (--tls)"),
    (b"RFB ", "VNC"),
    (b"220", "FTP or SMTP"),
    (b"-ERR", "Redis"),
)


def check_speaks_grpc(endpoint: Endpoint) -> None:
    """Check, within a second, that what listens at an address is not another program.

    Encrypted connections are not looked into: TLS reports at once that the
    other side does not speak it.

    Raises
    ------
    ServerUnavailableError
        If another protocol answers.
    """
    if endpoint.tls:
        return
    host, port = split_address(endpoint.address)
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection((host, port), _SECONDS) as line:
        line.settimeout(_SECONDS)
        line.sendall(_HELLO)
        answer = line.recv(9)
    if len(answer) >= 4 and answer[3] == _SETTINGS:
        return
    spoken = next((name for mark, name in _OTHERS if answer.startswith(mark)), "")
    if not spoken and not answer:
        return  # Nothing listens, or it waits: the call itself will say so.
    what = f"speaks {spoken or 'another protocol'}"
    raise ServerUnavailableError(
        f"port {port} of {host} {what}, not gRPC: another program listens there; name the address "
        "that `zoobridge serve` printed"
    )
