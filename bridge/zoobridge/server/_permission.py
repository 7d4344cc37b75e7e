"""Who may do what: tokens, and the calls that need them."""

from __future__ import annotations

import hmac
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from zoobridge.errors import AuthenticationError, ManagingPermissionError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Permissions", "Role"]

#: Calls that change the zoo or the server, or show what other callers do.
_MANAGING: Final = frozenset(
    {
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        "/inference.GRPCInferenceService/RepositoryModelUnload",
        "/zoobridge.v1.ZooService/ListLogRecords",
        "/zoobridge.v1.ZooService/LoadModel",
        "/zoobridge.v1.ZooService/UnloadModel",
    }
)


class Role(IntEnum):
    """What a caller has proved to be; each may do what the ones before it may."""

    STRANGER = 0
    CLASSIFIER = 1
    MANAGER = 2


class Permissions:
    """Decides whether a caller may make a call.

    Parameters
    ----------
    managing_token
        Allows everything.
    classification_token
        Allows what does not change the server; empty for none.
    open_to_strangers
        Whether calls that change nothing need no token, as on loopback.
    """

    def __init__(
        self, managing_token: str, *, classification_token: str = "", open_to_strangers: bool
    ) -> None:
        self._managing = managing_token.encode()
        self._classification = classification_token.encode()
        self._open = open_to_strangers

    def role(self, metadata: Iterable[tuple[str, str | bytes]]) -> Role:
        """Tell what a caller is by the ``authorization: Bearer …`` of its call."""
        return self._role(_bearer(metadata))

    def _role(self, token: bytes) -> Role:
        # Both are compared always, so that the time tells nothing.
        manager = hmac.compare_digest(token, self._managing)
        classifier = hmac.compare_digest(token, self._classification)
        if manager and self._managing:
            return Role.MANAGER
        return Role.CLASSIFIER if classifier and self._classification else Role.STRANGER

    def check(self, method: str, metadata: Iterable[tuple[str, str | bytes]]) -> None:
        """Let a call pass.

        A token that is sent must be one of ours even where none is needed: its caller takes itself
        for somebody, and would else learn of the mistake with a later call only.

        Parameters
        ----------
        method
            Its full name, such as ``/zoobridge.v1.ZooService/ListModels``.
        metadata
            What the caller sent with it.

        Raises
        ------
        AuthenticationError
            If another token than ours came, or none and one is needed.
        ManagingPermissionError
            If it needs the managing token and the other one came.
        """
        managing = method in _MANAGING
        token = _bearer(metadata)
        needed = managing or not self._open
        if not needed and not token:
            return
        role = self._role(token)
        if role is Role.STRANGER:
            raise AuthenticationError(
                f"{_refusal(managing=managing, needed=needed, sent=bool(token))} as metadata "
                "'authorization: Bearer TOKEN'; on the server's own machine the connection file holds "
                "it, mostly another one after each start",
                field="token",
            )
        if managing and role is not Role.MANAGER:
            name = method.rpartition("/")[2]
            raise ManagingPermissionError(
                f"{name} needs the managing token; the one sent allows classifying and listing models "
                "only"
            )


def _refusal(*, managing: bool, needed: bool, sent: bool) -> str:
    if not needed:
        return (
            "the token that was sent is not this server's; this call needs none: leave it out, or "
            "send the right one"
        )
    kind = "the managing token" if managing else "a token"
    wrong = ", and the one that was sent is not this server's" if sent else ""
    return f"this call needs {kind}{wrong}; send it"


def _bearer(metadata: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Return the token that came with a call; empty if none did."""
    token = b""
    for key, value in metadata:
        if key == "authorization":
            given = value.encode() if isinstance(value, str) else value
            scheme, _, rest = given.partition(b" ")
            token = rest.strip() if scheme.lower() == b"bearer" else b""
    return token
