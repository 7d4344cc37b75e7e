"""The first forward call of a network, made while it loads: frameworks put much off until then."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.backend import BackendFault

if TYPE_CHECKING:
    from zoobridge.backend import Network
    from zoobridge.imaging import InputSpec

__all__ = ["warm_up"]


def warm_up(network: Network, spec: InputSpec) -> bool:
    """Run a network once on zeros of the smallest size that it takes.

    Parameters
    ----------
    network
        Just loaded.
    spec
        The model's input.

    Returns
    -------
    bool
        Whether it answered. Where it did not, nothing is lost: a picture may be answered all the
        same, and if not, its request is told why.
    """
    if len(network.inputs) != 1:
        return False
    try:
        network.forward([np.zeros(spec.least_shape, spec.dtype)])
    except BackendFault as fault:
        sys.stderr.write(f"the network does not take zeros: {fault}\n")
        return False
    except Exception:  # noqa: BLE001 - as for a request: no fault of a network ends its worker
        traceback.print_exc()
        return False
    return True
