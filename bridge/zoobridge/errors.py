"""What can go wrong, each in a type of its own.

An error is raised where it is known and carries a sentence that names the fix. The type decides
the gRPC status code and the stable reason (``google.rpc.ErrorInfo.reason``);
:mod:`zoobridge.protocol` turns errors into ``google.rpc.Status`` and back, so that a client raises
the same type that the server or a worker raised.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AuthenticationError",
    "BackendError",
    "BrokenPackageError",
    "CancelledError",
    "Code",
    "DeadlineError",
    "FrameworkError",
    "ImageFormatError",
    "InvalidRequestError",
    "LimitError",
    "ManagingPermissionError",
    "ModelInputError",
    "NonFiniteError",
    "OverloadedError",
    "PathPermissionError",
    "RefusedInputError",
    "RegionError",
    "ServerError",
    "ServerUnavailableError",
    "TrustError",
    "UnknownModelError",
    "UnknownRegionError",
    "UnsupportedError",
    "WorkerError",
    "ZooBridgeError",
]


class Code(IntEnum):
    """Canonical status codes (``google/rpc/code.proto``) that ZooBridge answers with."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class ZooBridgeError(Exception):
    """Any error that ZooBridge answers with.

    Parameters
    ----------
    message
        A sentence for the person at the screen that names the fix.
    field
        The request's field that is at fault, as a path (``image.pixels.axes``); empty if none is.
    metadata
        Further facts by name, for programs: ``{"model": "digits"}``.
    retry_after
        After how many seconds the same call may succeed; `None` where retrying does not help.
    """

    code: ClassVar[Code] = Code.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after


class InvalidRequestError(ZooBridgeError):
    """The request does not make sense, whatever the model."""

    code = Code.INVALID_ARGUMENT
    reason = "INVALID_REQUEST"


class ImageFormatError(InvalidRequestError):
    """The picture cannot be decoded, or its description does not match its data."""

    reason = "IMAGE_FORMAT"


class RegionError(InvalidRequestError):
    """A region or plane lies outside the picture, or its mask does not match its box."""

    reason = "REGION"


class ModelInputError(InvalidRequestError):
    """The picture is sound but does not fit the model."""

    reason = "MODEL_INPUT"


class NonFiniteError(InvalidRequestError):
    """The picture holds NaN or infinite pixels."""

    reason = "NON_FINITE_PIXELS"


class LimitError(InvalidRequestError):
    """The request passes a limit of the server."""

    reason = "LIMIT"


class RefusedInputError(InvalidRequestError):
    """This very input has ended workers before and is refused from now on."""

    reason = "REFUSED_INPUT"


class UnknownModelError(ZooBridgeError):
    """No model of that name or version is in the zoo."""

    code = Code.NOT_FOUND
    reason = "UNKNOWN_MODEL"


class UnknownRegionError(ZooBridgeError):
    """No shared memory region of that name is registered."""

    code = Code.NOT_FOUND
    reason = "UNKNOWN_REGION"


class UnsupportedError(ZooBridgeError):
    """This system, or this server, does not offer that."""

    code = Code.UNIMPLEMENTED
    reason = "UNSUPPORTED"


class BrokenPackageError(ZooBridgeError):
    """The model package cannot be used as it is."""

    code = Code.FAILED_PRECONDITION
    reason = "BROKEN_PACKAGE"


class TrustError(ZooBridgeError):
    """The weights can run code or programs, and nobody has trusted them."""

    code = Code.FAILED_PRECONDITION
    reason = "TRUST_REQUIRED"


class FrameworkError(ZooBridgeError):
    """The framework is missing, or too old to be safe."""

    code = Code.FAILED_PRECONDITION
    reason = "FRAMEWORK_UNAVAILABLE"


class BackendError(ZooBridgeError):
    """The framework failed while it loaded or ran the network."""

    code = Code.FAILED_PRECONDITION
    reason = "BACKEND_FAILED"


class WorkerError(ZooBridgeError):
    """The worker process ended while it had this work; a new one takes its place."""

    code = Code.UNAVAILABLE
    reason = "WORKER_DIED"


class OverloadedError(ZooBridgeError):
    """Too much work is waiting, or the memory budget is used up."""

    code = Code.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"


class DeadlineError(ZooBridgeError):
    """The caller's deadline passed before the work was done."""

    code = Code.DEADLINE_EXCEEDED
    reason = "DEADLINE"


class CancelledError(ZooBridgeError):
    """The caller cancelled."""

    code = Code.CANCELLED
    reason = "CANCELLED"


class AuthenticationError(ZooBridgeError):
    """The token is missing or wrong."""

    code = Code.UNAUTHENTICATED
    reason = "TOKEN"


class ManagingPermissionError(ZooBridgeError):
    """The call changes the zoo or the server, and the token does not allow that."""

    code = Code.PERMISSION_DENIED
    reason = "MANAGING_TOKEN_REQUIRED"


class PathPermissionError(ZooBridgeError):
    """The request names a file on the server's machine that the administrator did not allow."""

    code = Code.PERMISSION_DENIED
    reason = "PATH_NOT_ALLOWED"


class ServerUnavailableError(ZooBridgeError):
    """No server answers."""

    code = Code.UNAVAILABLE
    reason = "SERVER_UNAVAILABLE"


class ServerError(ZooBridgeError):
    """A fault of ZooBridge itself; please report it."""

    code = Code.INTERNAL
    reason = "INTERNAL"
