"""Running models: workers, batching, scheduling."""

from zoobridge.engine._config import EngineConfig
from zoobridge.engine._engine import Answer, Engine, FrameworkState, ModelState, Part, Work
from zoobridge.engine._local import LocalEngine
from zoobridge.engine._probe import ConfinedNetwork, confined_network
from zoobridge.engine._tensors import pack_tensors, unpack_tensors

__all__ = [
    "Answer",
    "ConfinedNetwork",
    "Engine",
    "EngineConfig",
    "FrameworkState",
    "LocalEngine",
    "ModelState",
    "Part",
    "Work",
    "confined_network",
    "pack_tensors",
    "unpack_tensors",
]
