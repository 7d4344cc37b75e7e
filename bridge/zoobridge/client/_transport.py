"""Which server to use, the channel to it, and what its status codes mean."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import status_pb2

from zoobridge.client._own_words import error_of
from zoobridge.errors import (
    CancelledError,
    InvalidRequestError,
    LimitError,
    ServerUnavailableError,
    UnsupportedError,
    WorkerError,
    ZooBridgeError,
)
from zoobridge.protocol import STATUS_DETAILS_KEY, error_from_status
from zoobridge.protocol.connection import discover

if TYPE_CHECKING:
    from zoobridge.protocol.connection import ConnectionFile

__all__ = [
    "ADDRESS_VARIABLE",
    "CA_VARIABLE",
    "TOKEN_VARIABLE",
    "Endpoint",
    "concerns_one_image",
    "error_from_rpc",
    "resolve",
]

#: Environment variables that stand in for the arguments of ``connect``.
ADDRESS_VARIABLE = "ZOOBRIDGE_ADDRESS"
TOKEN_VARIABLE = "ZOOBRIDGE_TOKEN"  # noqa: S105 - a variable's name
CA_VARIABLE = "ZOOBRIDGE_CA"


@dataclass(frozen=True)
class Endpoint:
    """A server's address and how to connect to it.

    Parameters
    ----------
    address
        ``host:port``.
    token
        Sent as ``authorization: Bearer …``; empty for none.
    tls
        Whether the connection is encrypted and the server's certificate checked.
    ca
        PEM certificates to check it by; `None` for those of the system.
    """

    address: str
    token: str = ""
    tls: bool = False
    ca: bytes | None = None

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries."""
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()

    @property
    def options(self) -> list[tuple[str, Any]]:
        """Settings of the channel; the server's limits, not gRPC's 4 MiB, bound messages."""
        options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            # A server that was restarted is back in a second or two, and is looked for as often.
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]
        if is_loopback(self.address):
            # A proxy set for the internet must not be asked for this very machine.
            options.append(("grpc.enable_http_proxy", 0))
        return options

    def channel(self) -> grpc.Channel:
        """Open a channel; nothing is sent yet."""
        if not self.tls:
            return grpc.insecure_channel(self.address, options=self.options)
        return grpc.secure_channel(
            self.address, grpc.ssl_channel_credentials(self.ca), options=self.options
        )


def split_address(address: str) -> tuple[str, int]:
    """Return host and port.

    Raises
    ------
    InvalidRequestError
        If the address is not ``host:port``.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536 or "/" in host:
        raise InvalidRequestError(
            f"'{address}' is not a server's address; write host:port, such as lab-server:50051"
        )
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Tell whether an address is on this very machine."""
    host, _ = split_address(address)
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def resolve(
    address: str | None, *, token: str | None, ca: str | os.PathLike[str] | None, tls: bool | None
) -> Endpoint:
    """Decide which server to use.

    Parameters
    ----------
    address
        ``host:port``; `None` for ``$ZOOBRIDGE_ADDRESS``, else the newest server of this user on
        this machine.
    token
        `None` for ``$ZOOBRIDGE_TOKEN``, else the one in the server's connection file.
    ca
        File of PEM certificates; `None` for ``$ZOOBRIDGE_CA``, else the connection file's.
    tls
        `None` to use TLS wherever `ca` is known or the address is not on this machine.

    Raises
    ------
    ServerUnavailableError
        If no address is given and no server of this user runs.
    InvalidRequestError
        If the address cannot be one, or `ca` cannot be read.
    """
    given = address or os.environ.get(ADDRESS_VARIABLE)
    found = _running(given)
    if given is None and found is None:
        raise ServerUnavailableError(
            "no server is running; start one with `zoobridge serve ZOO`, or name one "
            f"(--server HOST:PORT, or {ADDRESS_VARIABLE})"
        )
    chosen = given or (found.address if found is not None else "")
    loopback = is_loopback(chosen)
    ca_path = ca or os.environ.get(CA_VARIABLE) or (found.ca if found is not None else "")
    encrypted = tls if tls is not None else bool(ca_path) or not loopback
    return Endpoint(
        address=chosen,
        token=token or os.environ.get(TOKEN_VARIABLE) or (found.token if found is not None else ""),
        tls=encrypted,
        ca=_certificates(ca_path) if ca_path and encrypted else None,
    )


def _running(address: str | None) -> ConnectionFile | None:
    """Return the connection file of the server at an address, or of the newest that listens."""
    for connection in discover():
        if address is not None:
            if connection.address == address:
                return connection
        elif _listens(connection.address):
            return connection
    return None


def _listens(address: str) -> bool:
    """Tell whether a port is open; a killed server's process id may have been given out again."""
    try:
        with socket.create_connection(split_address(address), timeout=2.0):
            return True
    except (OSError, InvalidRequestError):
        return False


def _certificates(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidRequestError(
            f"cannot read the certificate {os.fspath(path)}: {error.strerror or error}"
        ) from error


def error_from_rpc(error: grpc.RpcError, endpoint: Endpoint) -> ZooBridgeError:
    """Return the error that a failed call stands for.

    The server's own sentence is kept where it sent one; what gRPC itself reports is put into words.
    """
    details = _details(error.trailing_metadata())
    if details is not None:
        return error_of(details)
    code, text = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE:
        hint = "is it running? Start one with `zoobridge serve ZOO`"
        if endpoint.tls:
            hint = "does it serve with TLS, and is its certificate known (ca)?"
        return ServerUnavailableError(f"no server answers at {endpoint.address} ({text}); {hint}")
    if code is grpc.StatusCode.CANCELLED:
        return CancelledError("the call was cancelled")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in text:
        return LimitError(f"the server takes no message of this size ({text})")
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return UnsupportedError(
            f"the server at {endpoint.address} does not support this call ({text}); "
            "check that it is a ZooBridge server of this version"
        )
    return error_from_status(status_pb2.Status(code=code.value[0], message=text or code.name))


def _details(metadata: Any) -> status_pb2.Status | None:
    for key, value in metadata or ():
        if key == STATUS_DETAILS_KEY:
            return status_pb2.Status.FromString(value)
    return None


def concerns_one_image(error: ZooBridgeError) -> bool:
    """Tell whether an error is a picture's own, so that other pictures may fare better.

    What is wrong with the model, the options or the caller's rights is wrong for all of them.
    """
    if isinstance(error, InvalidRequestError):
        return not error.field.startswith(("options", "model", "framework"))
    return isinstance(error, WorkerError)
