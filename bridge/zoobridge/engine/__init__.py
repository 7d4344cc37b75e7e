"""Running models: workers, batching, scheduling."""

from zoobridge.engine._config import EngineConfig
from zoobridge.engine._engine import (
    Answer,
    Chunk,
    Engine,
    FrameworkState,
    MemoryUse,
    ModelState,
    Part,
    Place,
    Source,
    Work,
)
from zoobridge.engine._local import LocalEngine
from zoobridge.engine._probe import ConfinedNetwork, confined_network, framework_devices
from zoobridge.engine._statistics import Batches, Statistics
from zoobridge.engine._tensors import TensorBytes, pack_tensors, tensor_chunks, unpack_tensors

__all__ = [
    "Answer",
    "Batches",
    "Chunk",
    "ConfinedNetwork",
    "Engine",
    "EngineConfig",
    "FrameworkState",
    "LocalEngine",
    "MemoryUse",
    "ModelState",
    "Part",
    "Place",
    "Source",
    "Statistics",
    "TensorBytes",
    "Work",
    "confined_network",
    "framework_devices",
    "pack_tensors",
    "tensor_chunks",
    "unpack_tensors",
]
