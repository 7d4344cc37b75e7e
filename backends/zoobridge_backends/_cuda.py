"""What the NVIDIA driver of this machine offers, asked without a framework."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from typing import Final

__all__ = ["cuda_devices", "driver_problem", "has_gpu"]

_LIBRARY: Final = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MOST_DEVICES: Final = 16


def has_gpu() -> bool:
    """Return whether this machine has an NVIDIA GPU, usable or not."""
    # By name: a confined worker may open the device files, but not list their folder.
    names = [f"/dev/nvidia{index}" for index in range(_MOST_DEVICES)]
    return any(map(os.path.exists, names)) or cuda_devices() > 0


def cuda_devices() -> int:
    """Return how many GPUs the driver offers; 0 where it does not start."""
    count, _ = _ask_driver()
    return count


def driver_problem() -> str:
    """Return why the driver offers no GPU, as a sentence; empty where it does."""
    _, problem = _ask_driver()
    return problem


@functools.cache
def _ask_driver() -> tuple[int, str]:
    try:
        driver = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        return 0, f"The NVIDIA driver's library cannot be loaded ({error}); install the driver."
    code = driver.cuInit(0)
    if code != 0:
        return (
            0,
            f"The NVIDIA driver does not start: cuInit returned {code} ({_name(driver, code)}).",
        )
    count = ctypes.c_int(0)
    code = driver.cuDeviceGetCount(ctypes.byref(count))
    if code != 0 or count.value == 0:
        return 0, "The NVIDIA driver offers no GPU; check CUDA_VISIBLE_DEVICES and nvidia-smi."
    return count.value, ""


def _name(driver: ctypes.CDLL, code: int) -> str:
    name = ctypes.c_char_p()
    driver.cuGetErrorName(code, ctypes.byref(name))
    return (name.value or b"unknown error").decode()
