"""``TrainingService``: passes calls on to processes that train, of which this one knows no code."""

from zoobridge.server.training._processes import TrainingProcesses, TrainingSettings
from zoobridge.server.training._servicer import SERVICE_NAME, TrainingServicer

__all__ = ["SERVICE_NAME", "TrainingProcesses", "TrainingServicer", "TrainingSettings"]
