"""What the widgets call what an error of the server is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoobridge.errors import ZooBridgeError

__all__ = ["control_of", "in_own_words"]

#: Fields of the contract, and the control of the widgets that sets each.
_CONTROLS = {
    "options.channels": "“Axes”",
    "options.fit": "“Other sizes”",
    "options.intensity": "“Intensities”",
    "options.intensity.rule": "“Intensities”",
    "options.mask_fill": "“Outside the mask”",
    "framework": "“Framework”",
    "image.axes": "“Axes”",
    "pixels.axes": "“Axes”",
    "planes": "“Axes”",
    "token": "“Token”, under Server…",
    # Of a training project.
    "name": "“Model”",
    "project": "“Model”",
    "items.label": "“name of a new class”",
    "license": "“Licence”",
}


def control_of(field: str) -> str:
    """Return the control that sets a field of a request; empty where no widget has one."""
    return _CONTROLS.get(field, "")


def in_own_words(error: ZooBridgeError) -> str:
    """Return an error's sentence with the control that it is about."""
    control = control_of(error.metadata.get("option", error.field))
    named = not control or control.split(",")[0] in error.message
    return error.message if named else f"{error.message} (at {control})"
