"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

__all__ = ["machine"]

_PACKAGES = (
    "zoobridge",
    "grpcio",
    "protobuf",
    "numpy",
    "onnxruntime",
    "torch",
    "tensorflow",
    "keras",
)


def machine() -> dict[str, str]:
    """Return what a reader needs to judge the figures by, in words."""
    facts = {
        "processor": _processor(),
        "cores": f"{len(psutil.Process().cpu_affinity() or [])} of {os.cpu_count()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "revision": _revision(),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }
    for name in _PACKAGES:
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            facts[name] = "not installed"
    return facts


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _revision() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
