"""Unreadable messages and unexpected exceptions as errors that a caller may see."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from zoobridge.engine import out_of_descriptors
from zoobridge.errors import InvalidRequestError, ServerError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["known_error", "parsed"]

_log = logging.getLogger(__name__)


def parsed(parse: Callable[[bytes], Any], data: bytes) -> Any:
    """Return the message that a caller's bytes hold.

    Raises
    ------
    InvalidRequestError
        If they hold none.
    """
    try:
        return parse(data)
    except DecodeError as error:
        raise InvalidRequestError(
            "the message cannot be parsed; it is truncated or uses a different protocol than "
            "zoobridge.v1"
        ) from error


def known_error(exception: Exception, where: str) -> ZooBridgeError:
    """Return the error that a caller gets for an exception.

    Parameters
    ----------
    exception
        What was raised.
    where
        The call, for the log.

    Returns
    -------
    ZooBridgeError
        The exception itself where it is one. Anything else is a fault of ours: it is logged with
        its traceback under an incident number; the caller gets only that number.
    """
    if isinstance(exception, ZooBridgeError):
        return exception
    if isinstance(exception, OSError):
        known = out_of_descriptors(exception, "answer this call")
        if known is not None:
            return known
    incident = secrets.token_hex(4)
    _log.error("incident incident=%s call=%s", incident, where, exc_info=exception)
    return ServerError(
        f"ZooBridge failed on this call (incident {incident}); please report it together with what "
        "the server's log says under that number",
        metadata={"incident": incident},
    )
