"""What the Python client calls what an error of the server is about."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from zoobridge.protocol import error_from_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.rpc import status_pb2

    from zoobridge.errors import ZooBridgeError

__all__ = ["PARAMETERS", "error_of"]

#: The parameter of :class:`Client`'s methods that sets a field of a request.
PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({
    "options.channels": "channels",
    "options.fit": "fit",
    "options.intensity": "intensity",
    "options.intensity.rule": "intensity",
    "options.interpolation": "interpolation",
    "options.orientation": "orientation",
    "image.axes": "axes",
    "image.series": "series",
    "planes": "planes",
    "regions.box": "regions",
    "token": "token",
})  # fmt: skip


def error_of(status: status_pb2.Status) -> ZooBridgeError:
    """Return the error that a message stands for, with a note on what it is about.

    The note names the parameter, or the setting of the server. Python shows it below the message, and
    no other client does.
    """
    error = error_from_status(status)
    setting = error.metadata.get("setting", "")
    parameter = PARAMETERS.get(error.metadata.get("option", error.field), "")
    if setting:
        error.add_note(f"setting of the server: {setting.replace(',', ', ')}")
    elif parameter:
        error.add_note(f"parameter: {parameter}=")
    return error
