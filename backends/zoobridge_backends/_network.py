"""What is the same in the networks and backends of all frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.backend import BackendFault, DeviceFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.backend import TensorSpec

__all__ = ["DescribedNetwork", "check_precision", "choose_device"]


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
    precision
        How they are computed: ``float32``, ``tf32``, ``float16``.
    """

    def __init__(
        self,
        device: str,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        parameters: int,
        precision: str = "float32",
    ) -> None:
        self._device = device
        self._precision = precision
        self._parameters = parameters
        self._inputs = inputs
        self._outputs = outputs

    @property
    def device(self) -> str:
        """Where it runs: ``cpu``, ``cuda:0``."""
        return self._device

    @property
    def precision(self) -> str:
        """How numbers are computed: ``float32``, ``tf32``, ``float16``."""
        return self._precision

    @property
    def parameters(self) -> int:
        """Numbers in the weights, as far as the framework states them."""
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
    DeviceFault
        If the framework does not see it.
    """
    if device == "auto":
        return devices[1] if len(devices) > 1 else "cpu"
    if device not in devices:
        raise DeviceFault(
            f"{framework} does not see the device {device}, but: {', '.join(devices)}."
        )
    return device


def check_precision(
    precision: str, device: str, *, supported: Sequence[str], framework: str
) -> str:
    """Return the precision that a network has on a device.

    Parameters
    ----------
    precision
        What was asked for.
    device
        Where the network runs; the CPU computes float32 only.
    supported
        What the framework can do on an accelerator.
    framework
        Its name as people write it.

    Raises
    ------
    BackendFault
        If the framework cannot do it.
    """
    if device == "cpu":
        return "float32"
    if precision not in supported:
        raise BackendFault(
            f"{framework} cannot compute these weights in {precision}; "
            f"use the precision {' or '.join(supported)}."
        )
    return precision
