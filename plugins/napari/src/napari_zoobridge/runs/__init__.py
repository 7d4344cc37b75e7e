"""Asking the server: whether an image fits, and running models."""

from napari_zoobridge.runs._comparison import Comparison
from napari_zoobridge.runs._explaining import explained
from napari_zoobridge.runs._fit import FitQuestion, FitReport, advice, expectation
from napari_zoobridge.runs._run import Options, Run, Stoppable, StoppedError, Update, joined

__all__ = [
    "Comparison",
    "FitQuestion",
    "FitReport",
    "Options",
    "Run",
    "Stoppable",
    "StoppedError",
    "Update",
    "advice",
    "expectation",
    "explained",
    "joined",
]
