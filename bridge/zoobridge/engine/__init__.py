"""Running models: workers, batching, scheduling."""

from zoobridge.engine._backends import worker_environment
from zoobridge.engine._config import EngineConfig
from zoobridge.engine._descriptors import out_of_descriptors
from zoobridge.engine._engine import (
    ByteSource,
    Chunk,
    Engine,
    FrameworkState,
    InferenceRequest,
    MemoryUse,
    ModelState,
    PendingResponse,
    ResponsePart,
    Runtime,
)
from zoobridge.engine._model_statistics import BatchStatistics, ModelStatistics
from zoobridge.engine.channel._tensors import (
    TensorBytes,
    pack_tensors,
    tensor_chunks,
    unpack_tensors,
)
from zoobridge.engine.launch._confined_program import confined_program
from zoobridge.engine.supervisor._confined_network import (
    ConfinedNetwork,
    confined_network,
    framework_devices,
)
from zoobridge.engine.supervisor._local_engine import LocalEngine

__all__ = [
    "BatchStatistics",
    "ByteSource",
    "Chunk",
    "ConfinedNetwork",
    "Engine",
    "EngineConfig",
    "FrameworkState",
    "InferenceRequest",
    "LocalEngine",
    "MemoryUse",
    "ModelState",
    "ModelStatistics",
    "PendingResponse",
    "ResponsePart",
    "Runtime",
    "TensorBytes",
    "confined_network",
    "confined_program",
    "framework_devices",
    "out_of_descriptors",
    "pack_tensors",
    "tensor_chunks",
    "unpack_tensors",
    "worker_environment",
]
