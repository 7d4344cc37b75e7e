"""Who may do what: tokens, and the calls that need them."""

from __future__ import annotations

import hmac
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from zoobridge.errors import AuthenticationError, ManagingPermissionError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Permissions", "Role"]

#: Calls that change the zoo or the server.
_MANAGING: Final = frozenset(
    {
        "/inference.GRPCInferenceService/RepositoryModelLoad",
        "/inference.GRPCInferenceService/RepositoryModelUnload",
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
        token = _bearer(metadata)
        # Both are compared always, so that the time tells nothing.
        manager = hmac.compare_digest(token, self._managing)
        classifier = hmac.compare_digest(token, self._classification)
        if manager and self._managing:
            return Role.MANAGER
        return Role.CLASSIFIER if classifier and self._classification else Role.STRANGER

    def check(self, method: str, metadata: Iterable[tuple[str, str | bytes]]) -> None:
        """Let a call pass.

        Parameters
        ----------
        method
            Its full name, such as ``/zoobridge.v1.ZooService/ListModels``.
        metadata
            What the caller sent with it.

        Raises
        ------
        AuthenticationError
            If it needs a token and none of ours came.
        ManagingPermissionError
            If it needs the managing token and the other one came.
        """
        managing = method in _MANAGING
        if self._open and not managing:
            return
        role = self.role(metadata)
        if role is Role.STRANGER:
            kind = "the managing token" if managing else "a token"
            wrong = ", and the one that was sent is not this server's" if _bearer(metadata) else ""
            raise AuthenticationError(
                f"this call needs {kind}{wrong}; send it as metadata 'authorization: Bearer TOKEN' "
                "(--token, or ZOOBRIDGE_TOKEN; on the server's own machine the connection file "
                "holds it)"
            )
        if managing and role is not Role.MANAGER:
            name = method.rpartition("/")[2]
            raise ManagingPermissionError(
                f"{name} changes the server and needs the managing token; the one sent allows "
                "classifying and listing only"
            )


def _bearer(metadata: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Return the token that came with a call; empty if none did."""
    token = b""
    for key, value in metadata:
        if key == "authorization":
            given = value.encode() if isinstance(value, str) else value
            scheme, _, rest = given.partition(b" ")
            token = rest.strip() if scheme.lower() == b"bearer" else b""
    return token
