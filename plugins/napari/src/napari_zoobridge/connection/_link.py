"""A widget's connection: found automatically, monitored, and restored when lost."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

import zoobridge.client
from napari_zoobridge.connection._background import in_background, notify
from zoobridge.errors import AuthenticationError, ServerUnavailableError, ZooBridgeError

if TYPE_CHECKING:
    from pathlib import Path

    from zoobridge.client import Client, Framework, Model, ServerInfo

__all__ = ["Address", "ServerLink", "State", "can_start_server", "reason"]

_CHECK_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
_PATIENT_SECONDS = 60.0


class State(StrEnum):
    """What is known of the server."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


@dataclass(frozen=True)
class Address:
    """Which server to use.

    Parameters
    ----------
    address
        ``host:port``; empty for the newest server of this user on this machine.
    token
        Empty for none, or for the one that the server of this machine left for its user.
    ca
        File of PEM certificates to check the server's by; empty for those of the system.
    tls
        Whether to encrypt; `None` wherever `ca` is given or the server is on another machine.
    """

    address: str = ""
    token: str = field(default="", repr=False)
    ca: str = ""
    tls: bool | None = None


@dataclass(frozen=True)
class _Seen:
    info: ServerInfo
    frameworks: tuple[Framework, ...]
    models: tuple[Model, ...]


def can_start_server() -> bool:
    """Return whether the packages of a local server are installed beside napari."""
    return all(importlib.util.find_spec(name) is not None for name in ("bioimageio", "tifffile"))


def reason(error: ZooBridgeError, wanted: Address) -> str:
    """Explain why the connection failed, in terms of the form where the user corrects it.

    Parameters
    ----------
    error
        What the client raised.
    wanted
        The address that was tried.

    Returns
    -------
    str
        The client's message where the form cannot help.
    """
    where = f"the server at {wanted.address}" if wanted.address else "the server of this machine"
    text = str(error)
    if isinstance(error, AuthenticationError):
        asks = "rejects this token" if wanted.token else "requires a token"
        return f"{where} {asks}; enter the token that its owner gave you at “Token” under Server…"
    if not isinstance(error, ServerUnavailableError):
        return text
    # gRPC has one status for all of these; only the text distinguishes them.
    if "CERTIFICATE_VERIFY_FAILED" in text:
        named = "the file at “Certificate” does" if wanted.ca else "the system's certificates do"
        return (
            f"{named} not verify {where}; choose the certificate (PEM) of the authority that "
            "signed the server's, and enter the host name as it appears there, under Server…"
        )
    if "WRONG_VERSION_NUMBER" in text:
        return f"{where} does not use encryption; clear “Encrypt” and “Certificate” under Server…"
    if "Socket closed" in text and not (wanted.tls or wanted.ca):
        return (
            f"{where} closes unencrypted connections; select “Encrypt”, or choose its "
            "“Certificate”, under Server…"
        )
    return text


class ServerLink(QObject):
    """A client in a window's life.

    Signals
    -------
    changed
        Something about the server is different: its state, its models.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State.LOST
        self.sentence = "not connected yet"
        self.info: ServerInfo | None = None
        self.models: tuple[Model, ...] = ()
        self.frameworks: tuple[Framework, ...] = ()
        self._address = Address()
        self._client: Client | None = None
        self._busy = False
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(int(1000 * _CHECK_SECONDS))
        self._timer.timeout.connect(self.refresh)

    @property
    def client(self) -> Client:
        """The connection.

        Raises
        ------
        ServerUnavailableError
            There is none.
        """
        if self._client is None:
            raise ServerUnavailableError(self.sentence)
        return self._client

    @property
    def connected(self) -> Client | None:
        """The connection, where there is one."""
        return self._client

    def open(self, address: Address | None = None, *, quiet: bool = True) -> None:
        """Connect, in the background.

        Parameters
        ----------
        address
            Where to; `None` for the address of before.
        quiet
            A failure shows in the status line only, and not as a notification.
        """
        self._closed = False
        self._address = address if address is not None else self._address
        self._connect(None, quiet=quiet)

    def separate(self) -> Client:
        """Connect once more to the same server, for work that outlasts what is watched here.

        Takes its time: called in a thread. Whoever asks closes it.

        Raises
        ------
        ZooBridgeError
            There is no server, or it does not answer.
        """
        wanted = self._address
        return zoobridge.client.connect(
            wanted.address or None,
            token=wanted.token or None,
            ca=wanted.ca or None,
            tls=wanted.tls,
            timeout=_PATIENT_SECONDS,
        )

    def start_local(self, zoo: Path) -> None:
        """Start a server on a zoo's folder and connect to it, in the background."""
        self._address = Address()
        self._connect(zoo, quiet=False)

    def renew(self) -> None:
        """Reconnect after the connection was closed on purpose."""
        self._client = None
        self._connect(None, quiet=True)

    def refresh(self) -> None:
        """Refresh the server's state and its models, in the background."""
        if self._closed:
            self._timer.stop()
            return
        if self._busy:
            return
        if self._client is None:
            self._connect(None, quiet=True)
            return
        client = self._client
        self._busy = True
        in_background(
            lambda: _look(client),
            returned=lambda seen: self._seen(client, seen),
            failed=lambda error: self._failed(client, error, quiet=True),
        )

    def close(self) -> None:
        """Close the connection and stop monitoring."""
        # The timer may be gone already; where it is not, it stops itself when it next fires.
        self._closed = True
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self, start: Path | None, *, quiet: bool) -> None:
        old, self._client = self._client, None
        if old is not None:
            old.close()
        self._busy = True
        if self.state is not State.LOST or not quiet:
            self._set(State.CONNECTING, "connecting …" if start is None else "starting a server …")
        wanted = self._address

        def work() -> tuple[Client, _Seen]:
            client = zoobridge.client.connect(
                wanted.address or None,
                token=wanted.token or None,
                ca=wanted.ca or None,
                tls=wanted.tls,
                start=start,
                timeout=_ANSWER_SECONDS,
            )
            return client, _look(client)

        def connected(answer: tuple[Client, _Seen]) -> None:
            client, seen = answer
            if self._closed or wanted is not self._address or self._client is not None:
                client.close()
                return
            self._client = client
            self._seen(client, seen)

        def failed(error: Exception) -> None:
            # A newer wish is under way, and answers for itself.
            if wanted is self._address:
                self._failed(None, error, quiet=quiet)

        in_background(work, returned=connected, failed=failed)
        self._timer.start()

    def _seen(self, client: Client, seen: _Seen) -> None:
        self._busy = False
        if self._closed or client is not self._client:
            return
        same = (
            self.state is State.CONNECTED
            and self.models == seen.models
            and self.frameworks == seen.frameworks
            and self.info is not None
            and self.info.address == seen.info.address
        )
        self.info, self.models, self.frameworks = seen.info, seen.models, seen.frameworks
        usable = sum(not model.problem for model in seen.models)
        count = f"{usable} model{'' if usable == 1 else 's'}"
        if not same:
            self._set(
                State.CONNECTED, f"{seen.info.address}, ZooBridge {seen.info.version}, {count}"
            )

    def _failed(self, client: Client | None, error: Exception, *, quiet: bool) -> None:
        self._busy = False
        if self._closed or client is not self._client:
            return
        if not isinstance(error, ZooBridgeError):
            notify(error)
            return
        self._client = None
        if client is not None:
            client.close()
        sentence = reason(error, self._address)
        if isinstance(error, ServerUnavailableError) and not self._address.address and quiet:
            sentence = "No server is running on this machine: start one, or name another."
        if self.state is not State.LOST or self.sentence != sentence:
            self._set(State.LOST, sentence)
        if not quiet:
            notify(ZooBridgeError(sentence))

    def _set(self, state: State, sentence: str) -> None:
        self.state, self.sentence = state, sentence
        self.changed.emit()


def _look(client: Client) -> _Seen:
    return _Seen(
        client.info(timeout=_ANSWER_SECONDS),
        tuple(client.frameworks(timeout=_ANSWER_SECONDS)),
        tuple(client.models(timeout=_ANSWER_SECONDS)),
    )
