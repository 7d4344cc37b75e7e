"""A loaded network in the forms that its worker runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.backend import Network

__all__ = ["Networks"]


class Networks:
    """The network of a model: one that uses all cores, and one-thread ones to run side by side.

    Parameters
    ----------
    load
        Loads the network with a number of intra-op threads.
    threads
        Cores that may be used.
    """

    def __init__(self, load: Callable[[int], Network], threads: int) -> None:
        self._load = load
        self.wide = load(threads)
        self.parallel = threads > 1 and self.wide.device == "cpu"
        self._narrow: Network | None = None
        self._lock = threading.Lock()

    @property
    def narrow(self) -> Network:
        """The one-thread network, loaded on first use."""
        with self._lock:
            if self._narrow is None:
                self._narrow = self._load(1)
            return self._narrow
