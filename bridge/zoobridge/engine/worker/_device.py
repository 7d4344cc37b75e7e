"""Which device a worker uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.backend import Diagnosing
from zoobridge.errors import DeviceError

if TYPE_CHECKING:
    from zoobridge.backend import Backend

__all__ = ["ChosenDevice", "choose_device"]


@dataclass(frozen=True)
class ChosenDevice:
    """The device of a worker, and the others.

    Parameters
    ----------
    name
        ``cpu``, ``cuda:0``, …
    devices
        All that the framework sees.
    problem
        Why an accelerator of the machine is not used; empty where one is used, or the machine has none.
    """

    name: str
    devices: tuple[str, ...]
    problem: str = ""


def choose_device(backend: Backend, wanted: str, *, framework: str, replica: int) -> ChosenDevice:
    """Choose the device of a worker.

    Parameters
    ----------
    backend
        A started backend.
    wanted
        ``auto``, or the devices that the administrator named, separated by commas.
    framework
        The backend's name.
    replica
        Number of the replica; replicas take the devices in turn.

    Raises
    ------
    DeviceError
        If a device was named that the framework cannot use.
    """
    devices = backend.devices()
    problem = ""
    if len(devices) == 1 and isinstance(backend, Diagnosing):
        problem = backend.device_problem()
    if wanted == "auto":
        accelerators = devices[1:]
        name = accelerators[replica % len(accelerators)] if accelerators else devices[0]
        return ChosenDevice(name, devices, problem)
    named = [name.strip() for name in wanted.split(",") if name.strip()]
    name = named[replica % len(named)]
    if name not in devices:
        reason = problem or f"it has {', '.join(devices)} here."
        raise DeviceError(
            f"{framework} cannot use the device {name}: {reason} "
            "Start the server with another device, or with auto.",
            metadata={"device": name, "setting": "device"},
        )
    return ChosenDevice(name, devices, "" if problem and name == "cpu" else problem)
