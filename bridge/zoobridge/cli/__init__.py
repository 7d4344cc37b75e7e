"""The ``zoobridge`` command."""

from zoobridge.cli._app import main

__all__ = ["main"]
