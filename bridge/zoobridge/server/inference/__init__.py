"""The Open Inference Protocol (version 2, gRPC) in Triton's dialect."""

from zoobridge.server.inference._caller import Callers
from zoobridge.server.inference._servicer import SERVICE_NAME, InferenceServicer

__all__ = ["SERVICE_NAME", "Callers", "InferenceServicer"]
