"""The widgets."""

from napari_zoobridge.widgets._classify import ClassifyWidget
from napari_zoobridge.widgets._compare import CompareWidget
from napari_zoobridge.widgets._docked import DockedWidget
from napari_zoobridge.widgets._target_choice import TargetChoice

__all__ = ["ClassifyWidget", "CompareWidget", "DockedWidget", "TargetChoice"]
