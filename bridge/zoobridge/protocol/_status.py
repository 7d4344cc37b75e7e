"""Errors as ``google.rpc.Status`` and back."""

from __future__ import annotations

from google.protobuf import duration_pb2
from google.rpc import error_details_pb2, status_pb2

from zoobridge import errors
from zoobridge.errors import ZooBridgeError
from zoobridge.protocol.v1 import errors_pb2

__all__ = [
    "ERROR_DOMAIN",
    "STATUS_DETAILS_KEY",
    "error_from_status",
    "status_from_error",
    "trailing_metadata",
]

#: ``ErrorInfo.domain`` of everything that ZooBridge answers.
ERROR_DOMAIN = "zoobridge"

#: Where gRPC carries a serialized ``google.rpc.Status`` (trailing metadata).
STATUS_DETAILS_KEY = "grpc-status-details-bin"

# gRPC refuses 8 KiB of metadata by default, and the message travels twice (once percent-encoded).
_MESSAGE_CHARACTERS = 600
_VALUE_CHARACTERS = 200
_VALUES = 8


_BY_REASON: dict[str, type[ZooBridgeError]] = {
    kind.reason: kind
    for kind in map(errors.__dict__.get, errors.__all__)
    if isinstance(kind, type) and issubclass(kind, ZooBridgeError) and kind is not ZooBridgeError
}
# The first value of each hundred stands for a bare status (errors.proto).
_BY_CODE: dict[int, type[ZooBridgeError]] = {
    number // 100: _BY_REASON[name.removeprefix("ERROR_REASON_")]
    for name, number in errors_pb2.ErrorReason.items()
    if number and number % 100 == 0
}


def _sendable(text: str, characters: int) -> str:
    """Shorten a text, and replace what UTF-8 has no code for (file names may hold such)."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= characters else clean[: characters - 1] + "…"


def status_from_error(error: ZooBridgeError) -> status_pb2.Status:
    """Return an error as a message.

    The details hold an ``ErrorInfo`` (domain ``zoobridge``, the type's reason, the error's
    metadata), a ``BadRequest`` where a field is at fault, and a ``RetryInfo`` where the same call
    may succeed later. Overlong messages and metadata are shortened so that gRPC can carry them.
    """
    message = _sendable(error.message, _MESSAGE_CHARACTERS)
    status = status_pb2.Status(code=int(error.code), message=message)
    metadata = {
        _sendable(key, 64): _sendable(value, _VALUE_CHARACTERS)
        for key, value in list(error.metadata.items())[:_VALUES]
    }
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=metadata)
    )
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_sendable(error.field, _VALUE_CHARACTERS),
            description=_sendable(message, _VALUE_CHARACTERS),
        )
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(max(0, round(error.retry_after * 1e9)))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def trailing_metadata(status: status_pb2.Status) -> tuple[tuple[str, bytes], ...]:
    """Return the metadata with which a gRPC call carries a status' details."""
    return ((STATUS_DETAILS_KEY, status.SerializeToString()),)


def error_from_status(status: status_pb2.Status) -> ZooBridgeError:
    """Return the error that a message stands for.

    Returns
    -------
    ZooBridgeError
        Of the type with the stated reason. Without an ``ErrorInfo`` of ours, or with a reason
        that only a newer server knows, of the type that stands for the status code; an unknown
        reason is then kept as ``metadata["reason"]``.
    """
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    has_retry = False
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            detail.Unpack(request)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            has_retry = detail.Unpack(retry)
    metadata = dict(info.metadata)
    kind = _BY_REASON.get(info.reason) if info.domain == ERROR_DOMAIN else None
    if kind is None:
        kind = _BY_CODE.get(status.code, errors.ServerError)
        if info.reason:
            metadata.setdefault("reason", info.reason)
    return kind(
        status.message,
        field=request.field_violations[0].field if request.field_violations else "",
        metadata=metadata,
        retry_after=retry.retry_delay.ToNanoseconds() / 1e9 if has_retry else None,
    )
