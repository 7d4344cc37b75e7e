"""Layers of the viewer as planes of pixels, and geometry between them."""

from napari_zoobridge.layers._axes import PlaneAxesError, parse_axes, propose_axes
from napari_zoobridge.layers._file_pictures import FilePicture, FilePictures, PictureFileError
from napari_zoobridge.layers._geometry import (
    LayerMap,
    PixelBox,
    box_of_outline,
    ellipse_outline,
    map_between,
    polygon_mask,
    stroke_mask,
)
from napari_zoobridge.layers._pixels import (
    JoinedChannels,
    LabelObject,
    PlaneSource,
    find_objects,
    finite_range,
    full_resolution,
    iterate_planes,
)

__all__ = [
    "FilePicture",
    "FilePictures",
    "JoinedChannels",
    "LabelObject",
    "LayerMap",
    "PictureFileError",
    "PixelBox",
    "PlaneAxesError",
    "PlaneSource",
    "box_of_outline",
    "ellipse_outline",
    "find_objects",
    "finite_range",
    "full_resolution",
    "iterate_planes",
    "map_between",
    "parse_axes",
    "polygon_mask",
    "propose_axes",
    "stroke_mask",
]
