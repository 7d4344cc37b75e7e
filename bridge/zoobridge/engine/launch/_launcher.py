"""The way in which this system starts workers."""

from __future__ import annotations

import sys

from zoobridge.engine.channel._core_tokens import CoreTokens
from zoobridge.engine.launch._fork import ForkLauncher
from zoobridge.engine.launch._process import Launcher
from zoobridge.engine.launch._spawn import SpawnLauncher

__all__ = ["make_launcher"]


def make_launcher(*, fork: bool, cores: CoreTokens | None = None) -> Launcher:
    """Return the launcher for this system: forking where asked for and possible.

    Parameters
    ----------
    fork
        Whether to fork where that is possible.
    cores
        What the workers share; `None`: each has all cores for itself.
    """
    return ForkLauncher(cores) if fork and sys.platform == "linux" else SpawnLauncher(cores)
