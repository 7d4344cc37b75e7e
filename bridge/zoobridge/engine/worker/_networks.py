"""A loaded network in the forms that its worker runs."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from zoobridge.engine.worker._ladder import LadderNetwork
from zoobridge.imaging import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.backend import Network

__all__ = ["MOST_ROWS", "Networks", "RowLimits", "row_bytes"]

#: The most rows of a batch, and of what a thread runs at once.
MOST_ROWS: Final = 256
_BATCH_BYTES: Final = 128 << 20
_CHUNK_BYTES: Final = 32 << 20
_CHUNK_ROWS: Final = 512
_PREPARED_BYTES: Final = 256 << 20


class Networks:
    """The network of a model: one that uses all cores, and one-thread ones to run side by side.

    Parameters
    ----------
    load
        Loads the network with a number of intra-op threads.
    threads
        Cores that may be used.
    ladder
        Whether rows may be added to a batch on an accelerator, so that it meets few sizes alone.
    """

    def __init__(
        self, load: Callable[[int], Network], threads: int, *, ladder: bool = False
    ) -> None:
        self._load = load
        self.wide = load(threads)
        #: The network itself, as its backend made it.
        self.loaded = self.wide
        #: Whether it runs in the batch sizes of a ladder alone.
        self.ladder = ladder and self.wide.device != "cpu" and LadderNetwork.fits(self.wide)
        if self.ladder:
            self.wide = LadderNetwork(self.wide)
        self.parallel = threads > 1 and self.wide.device == "cpu"
        self._narrow: Network | None = None
        self._lock = threading.Lock()
        self._asked = False

    @property
    def narrow(self) -> Network:
        """The one-thread network, loaded on first use."""
        with self._lock:
            if self._narrow is None:
                self._narrow = self._load(1)
            return self._narrow

    def narrow_loaded(self) -> bool:
        """Return whether the one-thread network is loaded; else have a thread load it."""
        if self._narrow is None and not self._asked:
            self._asked = True
            threading.Thread(target=lambda: self.narrow, name="narrow", daemon=True).start()
        return self._narrow is not None


@dataclass(frozen=True)
class RowLimits:
    """How many rows fit into the memory that a worker takes for them.

    Parameters
    ----------
    batch
        Rows that run together.
    chunk
        Rows that are prepared together.
    prepared
        Rows that wait for the network.
    """

    batch: int
    chunk: int
    prepared: int

    @classmethod
    def of(cls, source: InputSpec | Network) -> RowLimits:
        """Return the limits for rows of a network's input."""
        size = row_bytes(source)
        return cls(
            batch=max(1, min(MOST_ROWS, _BATCH_BYTES // size)),
            chunk=max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // size)),
            prepared=max(1, _PREPARED_BYTES // size),
        )


def row_bytes(source: InputSpec | Network) -> int:
    """Return the bytes of one row of the network's input, as far as its shape is stated."""
    if isinstance(source, InputSpec):
        return max(1, math.prod(source.least_shape) * np.dtype(source.dtype).itemsize)
    sizes = [
        math.prod(max(1, length) for length in spec.shape[1:]) * np.dtype(spec.dtype).itemsize
        for spec in source.inputs
    ]
    return max(1, sum(sizes))
