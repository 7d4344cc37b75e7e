"""Who may do what: tokens, and the calls that need them."""

from __future__ import annotations

import hmac
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from zoobridge.errors import (
    AuthenticationError,
    ManagingPermissionError,
    TrainingPermissionError,
)

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


#: Calls that make models, and keep pictures for that; all others of the service change nothing.
_TRAINING: Final = "/zoobridge.v1.TrainingService/"
_NOT_TRAINING: Final = frozenset({f"{_TRAINING}Explain"})


class Role(IntEnum):
    """What a caller has proved to be; each may do what the ones before it may."""

    STRANGER = 0
    CLASSIFIER = 1
    TRAINER = 2
    MANAGER = 3


#: What a call needs, for the sentence that refuses it.
_KINDS: Final = {
    Role.CLASSIFIER: "a token",
    Role.TRAINER: "the training token or the managing token",
    Role.MANAGER: "the managing token",
}


class Permissions:
    """Decides whether a caller may make a call.

    Parameters
    ----------
    managing_token
        Allows everything.
    classification_token
        Allows what does not change the server; empty for none.
    training_token
        Allows what the former does, and training; empty for none.
    process_token
        Allows what the classification token does; for processes of the server itself.
    open_to_strangers
        Whether calls that change nothing need no token, as on loopback.
    """

    def __init__(
        self,
        managing_token: str,
        *,
        classification_token: str = "",
        training_token: str = "",
        process_token: str = "",
        open_to_strangers: bool,
    ) -> None:
        self._tokens = (
            (Role.MANAGER, managing_token.encode()),
            (Role.TRAINER, training_token.encode()),
            (Role.CLASSIFIER, classification_token.encode()),
            (Role.CLASSIFIER, process_token.encode()),
        )
        self._open = open_to_strangers

    def role(self, metadata: Iterable[tuple[str, str | bytes]]) -> Role:
        """Tell what a caller is by the ``authorization: Bearer …`` of its call."""
        return self._role(_bearer(metadata))

    def _role(self, token: bytes) -> Role:
        # All are compared always, so that the time reveals nothing.
        found = [(role, hmac.compare_digest(token, own), own) for role, own in self._tokens]
        return max((role for role, same, own in found if same and own), default=Role.STRANGER)

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
            If it needs the managing token and another one came.
        TrainingPermissionError
            If it trains, and a token came that allows less.
        """
        least = _least_role(method)
        token = _bearer(metadata)
        needed = least > Role.CLASSIFIER or not self._open
        if not needed and not token:
            return
        role = self._role(token)
        if role is Role.STRANGER:
            raise AuthenticationError(
                f"{_refusal(least, needed=needed, sent=bool(token))} as metadata "
                "'authorization: Bearer TOKEN'; on the server's own machine the connection file holds "
                "it, mostly another one after each start",
                field="token",
            )
        if role >= least:
            return
        name = method.rpartition("/")[2]
        if least is Role.MANAGER:
            raise ManagingPermissionError(
                f"{name} needs the managing token; the one sent allows "
                f"{'training, ' if role is Role.TRAINER else ''}classifying and listing models only"
            )
        raise TrainingPermissionError(
            f"{name} is for training and needs the training token or the managing token; the one "
            "sent allows classifying and listing models only"
        )


def _least_role(method: str) -> Role:
    if method in _MANAGING:
        return Role.MANAGER
    training = method.startswith(_TRAINING) and method not in _NOT_TRAINING
    return Role.TRAINER if training else Role.CLASSIFIER


def _refusal(least: Role, *, needed: bool, sent: bool) -> str:
    if not needed:
        return (
            "the token that was sent is not this server's; this call needs none: leave it out, or "
            "send the right one"
        )
    kind = _KINDS[least]
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
