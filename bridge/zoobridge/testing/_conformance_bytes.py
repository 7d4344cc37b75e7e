"""The check of networks that take bytes, and prepare them on their device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from zoobridge.backend import ByteInput, ByteTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zoobridge.backend import Network

__all__ = ["prepares_bytes_as_their_table_states"]


class _Subject(Protocol):
    def networks(self) -> Iterable[tuple[object, Network]]: ...


def prepares_bytes_as_their_table_states(subject: _Subject) -> None:
    """Check that bytes become exactly what their table states, in every batch size.

    Raises
    ------
    AssertionError
        If they do not.
    """
    for _, network in subject.networks():
        _check(network)


def _check(network: Network) -> None:
    import numpy as np  # only after start(), which bounds its threads

    if not isinstance(network, ByteInput) or len(network.inputs) != 1:
        return
    (spec,) = network.inputs
    shape = [max(1, length) for length in spec.shape[1:]]
    random = np.random.default_rng(0)
    axes = [None, *range(1, len(spec.shape))] if shape else [None]
    for axis in axes:
        channels = 1 if axis is None else shape[axis - 1]
        values = random.normal(size=(channels, 256)).astype(spec.dtype)
        table = ByteTable(values, axis)
        for rows in (1, 2, 3, 8):
            pixels = random.integers(0, 256, (rows, *shape), np.uint8)
            if axis is None:
                prepared = values[0][pixels]
            else:
                along = [1] * pixels.ndim
                along[axis] = -1
                prepared = values[np.arange(channels).reshape(along), pixels]
            expected = network.forward([prepared])
            found = network.forward_bytes(pixels, table)
            assert len(found) == len(expected), "bytes have other outputs than floats"
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(one, other, equal_nan=True), (
                    f"a batch of {rows} bytes differs from what its table states"
                )
