"""Which user of this machine a caller is, as the kernel knows it."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote

__all__ = ["user_of_peer"]

_PEER: Final = re.compile(r"ipv[46]:\[?(?P<host>[0-9a-fA-F.:]+)\]?:(?P<port>\d+)")

# sock_diag(7), linux/inet_diag.h
_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLM_F_REQUEST: Final = 1
_TCP_ESTABLISHED: Final = 1
_NO_COOKIE: Final = b"\xff" * 8
_HEADER: Final = struct.Struct("=IHHII")
_QUERY: Final = struct.Struct("=BBBxI")
_UID_OFFSET: Final = _HEADER.size + 4 + 48 + 12


def user_of_peer(peer: str, port: int) -> int | None:
    """Return the user id that opened a connection from this machine.

    Parameters
    ----------
    peer
        The caller's end, as ``grpc.ServicerContext.peer`` gives it: ``ipv4:127.0.0.1:51234``.
    port
        The server's port.

    Returns
    -------
    int or None
        `None` where the caller does not come over the loopback interface, the kernel does not say
        whose the connection is, or its owner has no id in this user namespace.
    """
    match = _PEER.fullmatch(unquote(peer))
    if match is None or sys.platform != "linux":
        return None
    address = ipaddress.ip_address(match["host"])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_loopback:
        return None
    user = _ask_kernel(address, int(match["port"]), port)
    return None if user in (None, _nobody()) else user


def _ask_kernel(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, from_port: int, to_port: int
) -> int | None:
    """Look one connection up by both of its ends; the table of all would take too long to read."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    server = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    ends = (
        struct.pack(">HH", from_port, to_port)
        + address.packed.ljust(16, b"\0")
        + server.packed.ljust(16, b"\0")
        + bytes(4)
        + _NO_COOKIE
    )
    query = _QUERY.pack(family, socket.IPPROTO_TCP, 0, 1 << _TCP_ESTABLISHED) + ends
    size = _HEADER.size + len(query)
    message = _HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + query
    with (
        suppress(OSError),
        socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel,
    ):
        kernel.settimeout(1.0)
        kernel.sendto(message, (0, 0))
        answer, sender = kernel.recvfrom(4096)
        _, kind, _, _, _ = _HEADER.unpack_from(answer)
        state = answer[_HEADER.size + 1]
        from_kernel = sender == (0, 0)
        if from_kernel and kind == _SOCK_DIAG_BY_FAMILY and state == _TCP_ESTABLISHED:
            return int(struct.unpack_from("=I", answer, _UID_OFFSET)[0])
    return None


def _nobody() -> int:
    """Return the id that stands for all users whom this user namespace does not know."""
    return int(Path("/proc/sys/kernel/overflowuid").read_text("ascii"))
