"""Batch sizes of a network on an accelerator: a short ladder, so that nothing is compiled twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault, ByteInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from zoobridge.backend import ByteTable, Network, TensorSpec

__all__ = ["LadderNetwork", "ladder", "rung"]


def rung(rows: int) -> int:
    """Return the least size of the ladder that holds so many rows: a power of two."""
    return 1 << max(0, rows - 1).bit_length()


def ladder(most: int) -> list[int]:
    """Return the sizes of the ladder up to `most`."""
    return [1 << power for power in range(max(1, most).bit_length())]


class LadderNetwork:
    """A network that meets batches of 1, 2, 4, 8 … rows alone.

    Rows are added to reach the next size, and what they give is cut off. It follows
    :class:`zoobridge.backend.Network`, and :class:`zoobridge.backend.ByteInput` for a network that
    does so.

    Parameters
    ----------
    network
        A network whose tensors all have the batch as their first axis, of any length.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.takes_bytes = isinstance(network, ByteInput)

    @property
    def device(self) -> str:
        """Where it runs."""
        return self._network.device

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The input tensors."""
        return self._network.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The output tensors."""
        return self._network.outputs

    @staticmethod
    def fits(network: Network) -> bool:
        """Return whether the batch is the first axis of all tensors of a network, and of any length."""
        specs = (*network.inputs, *network.outputs)
        return bool(specs) and all(spec.shape[:1] == (-1,) for spec in specs)

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch; see :meth:`zoobridge.backend.Network.forward`."""
        return self._run(inputs, self._network.forward)

    def forward_bytes(
        self, pixels: NDArray[np.uint8], table: ByteTable
    ) -> list[NDArray[np.generic]]:
        """Run the network on bytes; see :meth:`zoobridge.backend.ByteInput.forward_bytes`."""
        network: Any = self._network
        return self._run([pixels], lambda arrays: network.forward_bytes(arrays[0], table))

    def _run(
        self,
        inputs: Sequence[NDArray[Any]],
        forward: Callable[[list[NDArray[Any]]], list[NDArray[np.generic]]],
    ) -> list[NDArray[np.generic]]:
        rows = len(inputs[0])
        size = rung(rows)
        if size == rows or any(len(array) != rows for array in inputs):
            return forward(list(inputs))
        outputs = forward([_padded(array, size) for array in inputs])
        if any(len(output) != size for output in outputs):
            raise BackendFault(
                f"the network answered other than {size} items where {size} were asked"
            )
        return [output[:rows] for output in outputs]


def _padded(array: NDArray[Any], size: int) -> NDArray[Any]:
    padded = np.zeros((size, *array.shape[1:]), array.dtype)
    padded[: len(array)] = array
    return padded
