"""The first frame of a worker's life: what to load, and what it may read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from zoobridge.zoo import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zoobridge.backend import WeightsFile
    from zoobridge.engine._config import EngineConfig
    from zoobridge.zoo import ModelDescription

__all__ = ["load_document"]


def load_document(
    file: WeightsFile | None,
    config: EngineConfig,
    *,
    read: Sequence[Path],
    model: ModelDescription | None = None,
    replica: int = 0,
) -> bytes:
    """Return the payload of a LOAD frame.

    Parameters
    ----------
    file
        The weights; `None` to load nothing and only report what the framework is.
    config
        Settings.
    read
        Folders and files that the worker may read besides the interpreter and the frameworks.
    model
        The model whose pictures are classified; `None` to serve the bare network.
    replica
        Number of the replica; replicas take the devices in turn.
    """
    document = {
        "file": None if file is None else {**asdict(file), "path": str(file.path)},
        "read": [str(path) for path in read],
        "device": config.device,
        "precision": config.precision,
        "replica": replica,
        "threads": config.threads,
        "model": None if model is None else to_json(model),
        "image_pixels": config.limits.image_pixels,
        "items": config.limits.items,
    }
    return json.dumps(document).encode()
