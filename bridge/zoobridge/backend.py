"""What a framework must offer to run in ZooBridge: the two Protocols of a backend.

A backend is found through the entry-point group ``zoobridge.backends``: the entry point's name is
the framework's, its object a class that is called without arguments. It must be cheap to import
and to construct; the framework itself is imported by :meth:`Backend.start` alone, in a process
that exists for it. ``zoobridge.testing`` holds the conformance suite.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Backend",
    "BackendFault",
    "ByteInput",
    "ByteTable",
    "Counted",
    "DeviceFault",
    "DeviceMemoryFault",
    "Diagnosing",
    "FrameworkFacts",
    "Network",
    "Precise",
    "TensorSpec",
    "WeightsFile",
]


class BackendFault(Exception):  # noqa: N818 - "fault" is what the engine maps to a typed error
    """A network that cannot be loaded or run; the message is a sentence for the user."""


class DeviceFault(BackendFault):
    """A device that cannot be used; the message says why."""


class DeviceMemoryFault(BackendFault):
    """A batch for which the device's memory does not suffice; a smaller one may run."""


@dataclass(frozen=True, eq=False)
class ByteTable:
    """What becomes of each value of a byte on its way to the network.

    Parameters
    ----------
    values
        ``(channels, 256)``, of the dtype of the network's input.
    axis
        The batch's axis that counts channels; `None` where there is a single channel and no axis.
    """

    values: NDArray[np.generic]
    axis: int | None

    def first_places(self, axes: int) -> NDArray[np.int64]:
        """Return where each channel's values begin in ``values.ravel()``.

        Added to a batch of bytes of so many axes, they give the places of what becomes of each byte.
        """
        import numpy as np  # after start() has bounded its threads

        count, length = self.values.shape
        shape = [1] * axes
        if self.axis is not None:
            shape[self.axis] = count
        return np.arange(0, count * length, length, dtype=np.int64).reshape(shape)


@dataclass(frozen=True)
class TensorSpec:
    """One input or output tensor of a network.

    Parameters
    ----------
    name
        The name in the weights, or a made-up one where the format has none.
    dtype
        NumPy name of the element type, such as ``float32``.
    shape
        Length of each axis, the batch included; -1 where any length will do.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class FrameworkFacts:
    """What is known of a framework without importing it.

    Parameters
    ----------
    version
        The installed version; empty if it is not installed.
    problem
        Why it cannot be used, as a sentence; empty if it can.
    remedy
        The command that fixes it; empty if there is nothing to fix.
    """

    version: str = ""
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class WeightsFile:
    """Weights to load, already checked and unpacked.

    Parameters
    ----------
    format
        BioImage.IO name of the weights format.
    path
        The file, or the folder of a SavedModel.
    inputs, outputs
        The tensors that the package's description states, in its order.
    trusted
        Whether the user trusted this package's digest: only then may code in it run.
    architecture
        For state dicts: ``{"callable": ..., "import_from" | "path": ..., "kwargs": {...}}``.
    """

    format: str
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    trusted: bool = False
    architecture: Mapping[str, object] = field(default_factory=dict)


@runtime_checkable
class Network(Protocol):
    """A loaded network."""

    @property
    def device(self) -> str:
        """Where it runs, in the framework's words: ``cpu``, ``cuda:0``."""
        ...

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The input tensors, in the order in which :meth:`forward` takes them."""
        ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The output tensors, in the order in which :meth:`forward` returns them."""
        ...

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch.

        Must be callable from several threads at once.

        Parameters
        ----------
        inputs
            One array per input tensor, batch first, of the stated dtype.

        Returns
        -------
        list of NDArray
            One array per output tensor, batch first, owned by the caller.

        Raises
        ------
        BackendFault
            If the framework reports an error.
        """
        ...


@runtime_checkable
class Counted(Protocol):
    """A network that reports its number of parameters; optional for backends."""

    @property
    def parameters(self) -> int:
        """Numbers in the weights: learned ones, and stored statistics of normalisation layers."""
        ...


@runtime_checkable
class ByteInput(Protocol):
    """A network that takes pixels as bytes, and prepares them on its device.

    Backends need not offer it. A byte takes a quarter of the way to the device that a float takes.
    """

    def forward_bytes(
        self, pixels: NDArray[np.uint8], table: ByteTable
    ) -> list[NDArray[np.generic]]:
        """Run the network on a batch whose values a table states.

        Parameters
        ----------
        pixels
            The one input tensor, batch first, before the last step.
        table
            What each byte becomes. The same object stands for the same values.

        Returns
        -------
        list of NDArray
            As :meth:`Network.forward` of ``table.values[channel, pixels]``.

        Raises
        ------
        BackendFault
            If the framework reports an error.
        """
        ...


@runtime_checkable
class Precise(Protocol):
    """A network that states its precision; backends need not offer it."""

    @property
    def precision(self) -> str:
        """How numbers are computed: ``float32``, ``tf32``, ``float16``."""
        ...


@runtime_checkable
class Diagnosing(Protocol):
    """A backend that knows why a device is missing; backends need not offer it."""

    def device_problem(self) -> str:
        """Return why an accelerator of this machine is not among :meth:`Backend.devices`.

        Returns
        -------
        str
            A sentence that names the fix; empty if there is nothing to explain.
        """
        ...


@runtime_checkable
class Backend(Protocol):
    """The adapter of one framework."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The weights formats that it loads, fastest first."""
        ...

    def facts(self) -> FrameworkFacts:
        """Return what is known without importing the framework (from package metadata)."""
        ...

    def start(self) -> None:
        """Import the framework and do nothing else with it.

        Called once, before any fork: no tensor may be made here, no thread started. Environment
        variables that silence telemetry and bound thread pools are set before the import.
        """
        ...

    def devices(self) -> tuple[str, ...]:
        """Return the devices that the framework sees. Called in a worker, after :meth:`start`."""
        ...

    def load(self, weights: WeightsFile, *, device: str, threads: int) -> Network:
        """Load a network.

        A backend may take a keyword ``precision`` (``float32``, ``tf32`` or ``float16``) besides; it
        is given only where the server was started with another than ``float32``.

        Parameters
        ----------
        weights
            What to load.
        device
            One of :meth:`devices`, or ``auto``: the first accelerator, else ``cpu``. Numbers are
            computed in full float32, on an accelerator too.
        threads
            Intra-op threads that one :meth:`Network.forward` may use.

        Raises
        ------
        DeviceFault
            If the device cannot be used.
        BackendFault
            If the framework cannot load it.
        """
        ...
