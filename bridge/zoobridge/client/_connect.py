"""Connecting to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.client._client import Client
from zoobridge.client._start import find_server
from zoobridge.errors import DeadlineError, ServerUnavailableError, ZooBridgeError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = ["connect"]


def connect(
    address: str | None = None,
    *,
    token: str | None = None,
    ca: str | os.PathLike[str] | None = None,
    tls: bool | None = None,
    start: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    timeout: float = 10.0,
) -> Client:
    """Connect to a server.

    Parameters
    ----------
    address
        ``host:port``; `None` for ``$ZOOBRIDGE_ADDRESS``, else the newest server of this user on
        this machine.
    token
        `None` for ``$ZOOBRIDGE_TOKEN``, else what the server of this machine left for its user.
    ca
        File of PEM certificates to check the server's by; `None` for ``$ZOOBRIDGE_CA``, else
        those of the system.
    tls
        Whether to encrypt. `None`: wherever `ca` is given or the server is on another machine.
    start
        A zoo (a folder, or several): if no server of this user runs, one is started on it in the
        background and keeps running after this program ends.
    timeout
        Seconds to wait for the server's first answer.

    Raises
    ------
    ServerUnavailableError
        If no server runs, or none answers at the address.
    AuthenticationError
        If the server wants a token.

    Examples
    --------
    >>> import zoobridge
    >>> client = zoobridge.connect()  # doctest: +SKIP
    >>> client.classify("digits", "scans/*.png").to_pandas()  # doctest: +SKIP
    """
    client = Client(find_server(address, token=token, ca=ca, tls=tls, start=start))
    try:
        client.info(timeout=timeout)
    except DeadlineError as error:
        client.close()
        raise ServerUnavailableError(
            f"{client.address} did not answer within {timeout:g} s; check that it is a ZooBridge server, "
            "and use the address that `zoobridge serve` printed"
        ) from error
    except ZooBridgeError:
        client.close()
        raise
    return client
