"""Packages: a fitted model as BioImage.IO, for every framework."""

from zoobridge.training.package._publishing import (
    EMBEDDER,
    Published,
    publish_model,
    write_embedder,
)
from zoobridge.training.package._writers import FORMATS, PARITY, installed_formats

__all__ = [
    "EMBEDDER",
    "FORMATS",
    "PARITY",
    "Published",
    "installed_formats",
    "publish_model",
    "write_embedder",
]
