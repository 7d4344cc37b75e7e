"""What a user writes for regions, planes, channels, intensities, names and settings."""

from __future__ import annotations

from typing import Any

import click

__all__ = [
    "CHANNELS",
    "INTENSITY",
    "INTENSITY_SPAN",
    "NAMES",
    "PICTURE_SIZE",
    "PLANES",
    "REGION",
    "SETTING",
]


class _Region(click.ParamType[Any]):
    name = "region"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a region of the client."""
        from zoobridge.client import parse_region
        from zoobridge.errors import RegionError

        try:
            region = parse_region(value)
            region.to_message()
        except RegionError as error:
            self.fail(error.message, param, ctx)
        return region


class _Planes(click.ParamType[Any]):
    name = "planes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return indexes by axis."""
        from zoobridge.client import parse_planes
        from zoobridge.errors import InvalidRequestError

        try:
            return parse_planes(value)
        except InvalidRequestError as error:
            self.fail(error.message, param, ctx)


class _Channels(click.ParamType[Any]):
    name = "channels"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return channels, from 0."""
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        if not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
            self.fail(f"'{value}' is not a list of channels; count from 0, as in 2,1,0", param, ctx)
        return tuple(int(part) for part in parts)


class _Intensity(click.ParamType[Any]):
    name = "intensity"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a rule's name, or a range."""
        if isinstance(value, tuple) or value in {"as_is", "dtype_range", "unit_range", "min_max"}:
            return value
        low, comma, high = str(value).partition(",")
        try:
            span = (float(low), float(high))
        except ValueError:
            comma = ""
        if not comma or not span[0] < span[1]:
            self.fail(
                f"'{value}' is neither as_is, dtype_range, unit_range, min_max nor a range LOW,HIGH",
                param,
                ctx,
            )
        return span


class _Names(click.ParamType[Any]):
    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return names."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in str(value).split(","))
        if not all(names):
            self.fail(f"'{value}' names nothing between two commas", param, ctx)
        return names


class _Setting(click.ParamType[Any]):
    name = "setting"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return name and value."""
        if isinstance(value, tuple):
            return value
        name, found, given = str(value).partition("=")
        if not name or not found:
            self.fail(f"'{value}' is not a setting; write it as NAME=VALUE", param, ctx)
        return name, given


class _Size(click.ParamType[Any]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return height and width."""
        if isinstance(value, tuple):
            return value
        height, _, width = str(value).lower().replace("×", "x").partition("x")
        if not (height.isascii() and height.isdigit() and width.isascii() and width.isdigit()):
            self.fail(f"'{value}' is not a size; write HEIGHTxWIDTH, such as 224x224", param, ctx)
        return int(height), int(width)


class _Span(_Intensity):
    name = "range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the two ends of a range."""
        span = super().convert(value, param, ctx)
        if isinstance(span, str):
            self.fail(f"'{value}' is not a range LOW,HIGH", param, ctx)
        return span


REGION = _Region()
PLANES = _Planes()
CHANNELS = _Channels()
INTENSITY = _Intensity()
INTENSITY_SPAN = _Span()
NAMES = _Names()
PICTURE_SIZE = _Size()
SETTING = _Setting()
