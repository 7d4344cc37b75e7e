"""What is the same in the networks and backends of all frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.backend import BackendFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.backend import TensorSpec

__all__ = ["DescribedNetwork", "choose_device"]


class DescribedNetwork:
    """A network that knows where it runs, what it takes and what it gives.

    Parameters
    ----------
    device
        In the framework's words.
    inputs, outputs
        The tensors, in the order of the package's description.
    parameters
        How many numbers its weights hold.
    """

    def __init__(
        self,
        device: str,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        parameters: int,
    ) -> None:
        self._device = device
        self._parameters = parameters
        self._inputs = inputs
        self._outputs = outputs

    @property
    def device(self) -> str:
        """Where it runs: ``cpu``, ``cuda:0``."""
        return self._device

    @property
    def parameters(self) -> int:
        """Numbers in the weights, as far as the framework tells them."""
        return self._parameters

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The input tensors."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The output tensors."""
        return self._outputs


def choose_device(device: str, devices: Sequence[str], framework: str) -> str:
    """Choose among the devices that a framework sees.

    Parameters
    ----------
    device
        One of them, or ``auto``: the first accelerator, else ``cpu``.
    devices
        ``cpu`` first.
    framework
        Its name as people write it.

    Raises
    ------
    BackendFault
        If the framework does not see it.
    """
    if device == "auto":
        return devices[1] if len(devices) > 1 else "cpu"
    if device not in devices:
        raise BackendFault(
            f"{framework} does not see the device {device}, but: {', '.join(devices)}."
        )
    return device
