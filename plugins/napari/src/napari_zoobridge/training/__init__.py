"""Training a model on what is open in the viewer, by a project that the server keeps."""

from napari_zoobridge.training._session import KnownItem, TrainingSession
from napari_zoobridge.training._tile import tile_picture
from napari_zoobridge.training._widget import TrainWidget

__all__ = ["KnownItem", "TrainWidget", "TrainingSession", "tile_picture"]
