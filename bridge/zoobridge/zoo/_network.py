"""Running a bare network elsewhere: the border between the zoo and whatever can run one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

from zoobridge.backend import Network, WeightsFile

__all__ = ["OpenNetwork"]

#: Loads weights with a framework, in a process of their own, for as long as the context lasts.
#: ``zoobridge.engine.confined_network`` is one.
OpenNetwork: TypeAlias = Callable[[str, WeightsFile], AbstractContextManager[Network]]
