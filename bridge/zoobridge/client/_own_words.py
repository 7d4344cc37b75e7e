"""What the Python client calls what an error of the server is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from zoobridge.errors import ZooBridgeError

    Error = TypeVar("Error", bound=ZooBridgeError)

__all__ = ["in_own_words"]

_PARAMETERS = {
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
}


def in_own_words(error: Error) -> Error:
    """Note at an error which parameter, or setting of the server, it is about; return the error.

    A note is shown below the message where Python shows the error, and by no other client.
    """
    setting = error.metadata.get("setting", "")
    parameter = _PARAMETERS.get(error.metadata.get("option", error.field), "")
    if setting:
        error.add_note(f"setting of the server: {setting.replace(',', ', ')}")
    elif parameter:
        error.add_note(f"parameter: {parameter}=")
    return error
