"""What the page is started with."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from zoobridge.errors import InvalidRequestError

__all__ = ["ServerChoice", "Uploads", "WebConfig"]


@dataclass(frozen=True)
class ServerChoice:
    """Which server to use; see :func:`zoobridge.client.connect`.

    Parameters
    ----------
    address
        ``host:port``; `None` for the newest server of this user on this machine.
    token, ca, tls
        As for :func:`~zoobridge.client.connect`.
    pid
        Only a server of this process; 0 for any.
    """

    address: str | None = None
    token: str | None = field(default=None, repr=False)
    ca: str | None = None
    tls: bool | None = None
    pid: int = 0


@dataclass(frozen=True)
class Uploads:
    """What visitors may leave with the page.

    Parameters
    ----------
    picture_bytes
        Size of one picture's file.
    picture_pixels
        Pixels of it, all planes together, that are decoded to be shown.
    visitor_pictures, visitor_bytes
        Pictures of one visitor, and their size.
    total_bytes
        Pictures of all visitors.
    visitors
        Visitors whose pictures are kept at the same time.
    idle_seconds
        After how long without a request a visitor's pictures are removed.
    """

    picture_bytes: int = 256 << 20
    picture_pixels: int = 800_000_000
    visitor_pictures: int = 2_000
    visitor_bytes: int = 1 << 30
    total_bytes: int = 4 << 30
    visitors: int = 500
    idle_seconds: float = 2 * 3600.0


@dataclass(frozen=True)
class WebConfig:
    """Settings of the page.

    Parameters
    ----------
    server
        The ZooBridge server.
    host, port
        Where to listen; port 0 for a free one.
    names
        Further names that browsers reach this machine by.
    tls_certificate, tls_key
        PEM files; needed wherever `host` is not this machine alone.
    login_token
        What visitors from other machines log in with; a random one if empty.
    pictures
        A folder of pictures that every visitor may take; `None` for none.
    studies
        Where studies of human judges are kept; `None` to forget them with the process.
    uploads
        Limits.
    open_browser
        Whether to open the page in this user's browser.
    ends_with_input
        Whether to end when standard input is closed, as a child of ``zoobridge serve`` does.

    Raises
    ------
    InvalidRequestError
        If `host` is not this machine alone and there is no certificate.
    """

    server: ServerChoice = ServerChoice()
    host: str = "127.0.0.1"
    port: int = 0
    names: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    login_token: str = field(default="", repr=False)
    pictures: Path | None = None
    studies: Path | None = None
    uploads: Uploads = Uploads()
    open_browser: bool = False
    ends_with_input: bool = False

    def __post_init__(self) -> None:
        if not self.loopback and (self.tls_certificate is None or self.tls_key is None):
            raise InvalidRequestError(
                f"{self.host} can be reached from other machines; give --tls-cert and --tls-key, "
                "or listen at 127.0.0.1"
            )
        for path in (self.tls_certificate, self.tls_key, self.pictures):
            if path is not None and not path.exists():
                raise InvalidRequestError(f"{os.fspath(path)} does not exist")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the page."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"

    @property
    def scheme(self) -> str:
        """``https`` where there is a certificate, else ``http``."""
        return "http" if self.tls_certificate is None else "https"
