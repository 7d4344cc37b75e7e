"""The border between the zoo and whatever can run a network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

from zoobridge.backend import Network, TensorSpec, WeightsFile
from zoobridge.errors import BrokenPackageError
from zoobridge.zoo._description import ModelDescription, WeightsDescription

__all__ = ["OpenNetwork", "weights_file"]

#: Loads weights with a framework, in a process of their own, for as long as the context lasts.
#: ``zoobridge.engine.confined_network`` is one.
OpenNetwork: TypeAlias = Callable[[str, WeightsFile], AbstractContextManager[Network]]


def weights_file(
    model: ModelDescription, weights: WeightsDescription, *, trusted: bool
) -> WeightsFile:
    """Return a set of weights as a backend takes it, with all tensors that the package describes.

    Raises
    ------
    BrokenPackageError
        If the package cannot be used.
    """
    given = model.input
    if given is None or model.output is None:
        raise BrokenPackageError(f"model {model.reference} cannot be run: {model.problem}")
    shape = tuple(
        -1 if letter == "N" or given.sizes[letter].step else given.sizes[letter].min
        for letter in given.axes
    )
    return WeightsFile(
        format=weights.format,
        path=weights.path,
        inputs=(TensorSpec(given.name, given.dtype, shape),),
        outputs=model.outputs,
        trusted=trusted,
        architecture=weights.architecture,
    )
