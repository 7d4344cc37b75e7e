"""Errors that a worker reports."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from zoobridge.errors import WorkerError, ZooBridgeError
from zoobridge.protocol import error_from_status

__all__ = ["worker_error"]


def worker_error(payload: bytes | memoryview) -> ZooBridgeError:
    """Return the error in the payload of a FAILED frame, which a hostile worker may have written."""
    try:
        return error_from_status(status_pb2.Status.FromString(payload))
    except DecodeError:
        return WorkerError("the worker sent a malformed status; its model may be hostile")
