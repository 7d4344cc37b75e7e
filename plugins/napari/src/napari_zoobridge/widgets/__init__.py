"""The widgets."""

from napari_zoobridge.widgets._activity import Life
from napari_zoobridge.widgets._classify import ClassifyWidget
from napari_zoobridge.widgets._compare import CompareWidget
from napari_zoobridge.widgets._server_line import ServerLine
from napari_zoobridge.widgets._target_choice import TargetChoice

__all__ = ["ClassifyWidget", "CompareWidget", "Life", "ServerLine", "TargetChoice"]
