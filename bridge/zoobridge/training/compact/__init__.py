"""Compact models: the same network with 8-bit weights, beside the original and compared with it."""

from zoobridge.training.compact._compacting import Compacted, MeasuredWeights, compact_model

__all__ = ["Compacted", "MeasuredWeights", "compact_model"]
