"""Checking weights and arrays against what a package describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from zoobridge.backend import BackendFault, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zoobridge.backend import WeightsFile

__all__ = ["check_format", "check_inputs", "check_outputs", "identity", "in_stated_order"]


def check_format(weights: WeightsFile, formats: Sequence[str], framework: str) -> None:
    """Check that a framework's backend loads this weights format.

    Raises
    ------
    BackendFault
        If it does not.
    """
    if weights.format not in formats:
        raise BackendFault(f"{framework} loads {', '.join(formats)}, not {weights.format}.")


def identity(weights: WeightsFile, device: str) -> object:
    """Give a key that two calls share if they mean the same network on the same device."""
    return (
        *(weights.format, weights.path, weights.trusted, device),
        *(weights.inputs, weights.outputs, json.dumps(dict(weights.architecture), sort_keys=True)),
    )


def in_stated_order(
    stated: Sequence[TensorSpec], own: Sequence[TensorSpec], kind: Literal["input", "output"]
) -> tuple[TensorSpec, ...]:
    """Bring the tensors of the weights into the order of the description.

    They are matched by name; by position where the names differ and the counts agree. Outputs
    that are not stated are left out.

    Parameters
    ----------
    stated
        What the description names; empty without a description.
    own
        What the weights hold.

    Raises
    ------
    BackendFault
        If neither way fits.
    """
    if not stated:
        return tuple(own)
    by_name = {spec.name: spec for spec in own}
    if all(spec.name in by_name for spec in stated) and (
        kind == "output" or len(stated) == len(own)
    ):
        return tuple(by_name[spec.name] for spec in stated)
    if len(stated) == len(own):
        return tuple(own)
    raise BackendFault(
        f"The package describes {_count(len(stated), kind)} ({_names(stated)}), but its weights "
        f"have {len(own)} ({_names(own)}); correct the {kind}s in its rdf.yaml."
    )


def check_inputs(arrays: Sequence[NDArray[np.generic]], specs: Sequence[TensorSpec]) -> None:
    """Check arrays against the inputs of a network.

    Raises
    ------
    BackendFault
        If count, dtype or shape differ, or if the arrays differ in their number of items.
    """
    if len(arrays) != len(specs):
        raise BackendFault(
            f"The network takes {_count(len(specs), 'input')} ({_names(specs)}), "
            f"but was given {len(arrays)}."
        )
    for array, spec in zip(arrays, specs, strict=True):
        fits = len(array.shape) == len(spec.shape) and all(
            wanted in (-1, length) for length, wanted in zip(array.shape, spec.shape, strict=True)
        )
        # A type's name is recreated each time that it is asked for.
        if array.dtype != spec.dtype or not fits:
            raise BackendFault(
                f'Input "{spec.name}" takes {spec.dtype} of shape {_shape(spec.shape)}, but was '
                f"given {array.dtype.name} of shape {_shape(array.shape)}."
            )
    if len(arrays) > 1 and len({array.shape[:1] for array in arrays}) > 1:
        raise BackendFault("The inputs hold different numbers of items.")


def check_outputs(
    arrays: Sequence[NDArray[np.generic]], specs: Sequence[TensorSpec]
) -> list[NDArray[np.generic]]:
    """Check that a network gave as many tensors as stated, where its format does not state it.

    Raises
    ------
    BackendFault
        If it did not.
    """
    if specs and len(arrays) != len(specs):
        raise BackendFault(
            f"The package describes {_count(len(specs), 'output')} ({_names(specs)}), but the "
            f"network gave {len(arrays)}; correct the outputs in its rdf.yaml."
        )
    return list(arrays)


def _count(number: int, kind: str) -> str:
    return f"{number} {kind}" if number == 1 else f"{number} {kind}s"


def _names(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(spec.name for spec in specs)


def _shape(shape: Sequence[int]) -> str:
    return "(" + ", ".join("any" if length < 0 else str(length) for length in shape) + ")"
