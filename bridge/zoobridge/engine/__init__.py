"""Running models: workers, batching, scheduling."""

from zoobridge.engine._config import EngineConfig
from zoobridge.engine._engine import (
    Answer,
    Engine,
    FrameworkState,
    MemoryUse,
    ModelState,
    Part,
    Place,
    Work,
)
from zoobridge.engine._local import LocalEngine
from zoobridge.engine._probe import ConfinedNetwork, confined_network, framework_devices
from zoobridge.engine._statistics import Batches, Statistics
from zoobridge.engine._tensors import pack_tensors, unpack_tensors

__all__ = [
    "Answer",
    "Batches",
    "ConfinedNetwork",
    "Engine",
    "EngineConfig",
    "FrameworkState",
    "LocalEngine",
    "MemoryUse",
    "ModelState",
    "Part",
    "Place",
    "Statistics",
    "Work",
    "confined_network",
    "framework_devices",
    "pack_tensors",
    "unpack_tensors",
]
