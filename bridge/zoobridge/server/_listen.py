"""Opening the port."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

import grpc

from zoobridge.errors import InvalidRequestError, ServerUnavailableError

if TYPE_CHECKING:
    from zoobridge.server._config import ServerConfig

__all__ = ["listen", "reachable_address", "server_options"]

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what they are reached by


_PENDING_CALLS = 16_384
_IDENTITY_ALONE = 1


def server_options(config: ServerConfig) -> list[tuple[str, int]]:
    """Return gRPC's settings."""
    return [
        # A second server on the same port is a mistake, not a wish to share it.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", config.limits.message_bytes),
        ("grpc.max_send_message_length", -1),
        # A compressed message is unpacked before its size is checked; pictures are compressed already.
        ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_ALONE),
        ("grpc.max_concurrent_streams", 1024),
        # Beyond 1,000 calls that came at once gRPC would drop some by chance, as CANCELLED; here all
        # reach the interceptor, which refuses in words.
        ("grpc.server.max_pending_requests", _PENDING_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", _PENDING_CALLS),
        # Clients keep a channel for hours; those that vanished are noticed within two minutes.
        ("grpc.keepalive_time_ms", 90_000),
        ("grpc.keepalive_timeout_ms", 30_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]


def listen(server: grpc.Server, config: ServerConfig) -> int:
    """Open the port; return its number.

    Raises
    ------
    InvalidRequestError
        If the certificate or its key cannot be used.
    ServerUnavailableError
        If the port is taken, or the address is not this machine's.
    """
    address = _joined(config.host, config.port)
    credentials = _credentials(config)
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise _why_not(config) from error
    if port == 0:
        raise _why_not(config)
    return int(port)


def reachable_address(config: ServerConfig, port: int) -> str:
    """Return what a program on this machine reaches the server by."""
    host = _WILDCARDS.get(config.host, config.host)
    if config.tls and host != config.host:
        # A certificate names hosts, seldom addresses.
        host = "localhost"
    return _joined(host, port)


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _credentials(config: ServerConfig) -> grpc.ServerCredentials | None:
    certificate, key = config.tls_certificate, config.tls_key
    if certificate is None or key is None:
        return None
    try:
        # gRPC would take what is not a certificate, and then fail every handshake.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        chain, secret = certificate.read_bytes(), key.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidRequestError(
            f"the TLS certificate {certificate} with the key {key} cannot be used: {reason}",
            field="tls_certificate",
        ) from error
    return grpc.ssl_server_credentials([(secret, chain)])


def _why_not(config: ServerConfig) -> ServerUnavailableError:
    """Return why a port cannot be opened; gRPC reports it only in its log."""
    where = _joined(config.host, config.port)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return ServerUnavailableError(
                f"port {config.port} of {config.host} is taken, perhaps by another ZooBridge "
                "server; choose another one, or 0 for a free one",
                metadata={"setting": "port"},
            )
        reason = error.strerror or str(error)
        return ServerUnavailableError(
            f"cannot listen at {where}: {reason}; choose another host or port",
            metadata={"setting": "host,port"},
        )
    return ServerUnavailableError(
        f"cannot listen at {where}; choose another host or port, or try again",
        metadata={"setting": "host,port"},
    )
