"""Unexpected exceptions as errors that a caller may see."""

from __future__ import annotations

import logging
import secrets

from zoobridge.errors import ServerError, ZooBridgeError

__all__ = ["known_error"]

_log = logging.getLogger(__name__)


def known_error(exception: Exception, where: str) -> ZooBridgeError:
    """Return what a caller is told of an exception.

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
        its traceback under an incident number, and the caller is told that number alone.
    """
    if isinstance(exception, ZooBridgeError):
        return exception
    incident = secrets.token_hex(4)
    _log.error("incident incident=%s call=%s", incident, where, exc_info=exception)
    return ServerError(
        f"ZooBridge failed on this call (incident {incident}); please report it together with what "
        "the server's log says under that number",
        metadata={"incident": incident},
    )
