"""The widgets."""

from napari_zoobridge.widgets._classify import ClassifyWidget
from napari_zoobridge.widgets._compare import CompareWidget

__all__ = ["ClassifyWidget", "CompareWidget"]
