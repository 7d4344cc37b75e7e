"""The first forward calls of a network, made while it loads: frameworks put much off until then."""

from __future__ import annotations

import sys
import time
import traceback
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.backend import BackendFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.backend import Network
    from zoobridge.imaging import InputSpec

__all__ = ["warm_up"]


def warm_up(network: Network, spec: InputSpec, sizes: Sequence[int] = ()) -> dict[int, float]:
    """Run a network on zeros of the smallest size that it takes.

    Parameters
    ----------
    network
        Just loaded.
    spec
        The model's input.
    sizes
        Batch sizes to run twice, smallest first; none to run it once as the package states it.

    Returns
    -------
    dict
        Seconds of the second run, by size; only of those that could be run. Where a network does
        not take zeros nothing is lost: a picture may be answered all the same, and if not, its
        request has the error.
    """
    seconds: dict[int, float] = {}
    if len(network.inputs) != 1:
        return seconds
    shape = spec.least_shape
    try:
        if not sizes:
            network.forward([np.zeros(shape, spec.dtype)])
        for size in sizes:
            zeros = np.zeros((size, *shape[1:]), spec.dtype)
            network.forward([zeros])
            start = time.monotonic()
            network.forward([zeros])
            seconds[size] = time.monotonic() - start
    except BackendFault as fault:
        sys.stderr.write(f"the network does not take zeros: {fault}\n")
    except Exception:  # noqa: BLE001 - as for a request: no fault of a network ends its worker
        traceback.print_exc()
    return seconds
