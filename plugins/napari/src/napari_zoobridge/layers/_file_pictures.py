"""The pictures of a TIFF file, of which napari's own reader opens the first and no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tifffile

from napari_zoobridge.layers._pixels import full_resolution

if TYPE_CHECKING:
    from napari.layers import Image

__all__ = ["FilePicture", "FilePictures", "PictureFileError"]

#: Entry of a layer's metadata: which picture of its file it shows.
_KEY = "zoobridge_picture"
_READER = "napari"
_ENDINGS = (".tif", ".tiff")
# Bits of NewSubfileType (TIFF 6.0, tag 254).
_REDUCED, _MASK = 1, 4
_LONGEST_NAME = 40


class PictureFileError(Exception):
    """A file cannot be read; the message says which and why."""


@dataclass(frozen=True)
class FilePicture:
    """One picture of a file.

    Parameters
    ----------
    description
        Its lengths, its name, and whether it is a reduced copy or a mask.
    shape
        Its lengths, colour included.
    """

    description: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class FilePictures:
    """The pictures of a file, counted from 0 as ``--series`` of the command line does.

    Parameters
    ----------
    path
        The file.
    pictures
        Each of them.
    """

    path: Path
    pictures: tuple[FilePicture, ...]

    @staticmethod
    def file_of(layer: Image | None) -> tuple[Path, int] | None:
        """Return the TIFF file of a layer, and which picture it shows; `None` where that is not known.

        napari's own reader shows the first. Other readers choose by rules of their own.
        """
        if layer is None:
            return None
        opened = layer.metadata.get(_KEY)
        if opened is not None:
            return Path(opened["path"]), int(opened["index"])
        path = layer.source.path
        if not path or layer.source.reader_plugin != _READER:
            return None
        file = Path(path)
        return (file, 0) if file.suffix.lower() in _ENDINGS and file.is_file() else None

    @classmethod
    def read(cls, path: Path) -> FilePictures:
        """List the pictures of a file; none of a file that cannot be read, which napari says itself."""
        try:
            with tifffile.TiffFile(path) as file:
                return cls(path, tuple(_described(one) for one in file.series))
        except (OSError, ValueError, LookupError):
            return cls(path, ())

    def notice(self, layer: Image, shown: int) -> str:
        """Return what to say of a layer that shows one of several pictures; empty for one of one.

        Also empty where the layer is something else than the picture, such as a stack of several files.
        """
        if len(self.pictures) < 2 or shown >= len(self.pictures):
            return ""
        if full_resolution(layer).shape != self.pictures[shown].shape:
            return ""
        return (
            f"The file holds {len(self.pictures)} pictures; this layer is picture {shown} "
            f"({self.pictures[shown].description}). Choose another to open it."
        )

    def open(self, index: int) -> tuple[Any, dict[str, Any]]:
        """Read a picture.

        Returns
        -------
        array : numpy.ndarray
            Its pixels.
        options : dict
            How to add it to a viewer as an image.

        Raises
        ------
        PictureFileError
            It cannot be read.
        """
        try:
            with tifffile.TiffFile(self.path) as file:
                series = file.series[index]
                array, axes = series.asarray(), series.axes
        except (OSError, ValueError, LookupError, MemoryError) as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise PictureFileError(
                f"picture {index} of {self.path.name} cannot be read ({reason}); export it as a "
                "file of its own"
            ) from error
        rgb = axes.endswith("S") and array.shape[-1] in (3, 4)
        options: dict[str, Any] = {
            "name": f"{self.path.stem} [{index}]",
            "rgb": rgb,
            "axis_labels": tuple(axes[: array.ndim - rgb]),
            "metadata": {_KEY: {"path": str(self.path), "index": index}},
        }
        return array, options


def _described(series: tifffile.TiffPageSeries) -> FilePicture:
    shape = tuple(int(length) for length in series.shape)
    words = [" × ".join(map(str, shape))]
    name = str(series.name or "").strip()
    if name:
        words.append(name[:_LONGEST_NAME])
    kind = int(getattr(series.keyframe, "subfiletype", 0) or 0)
    words += [word for bit, word in ((_REDUCED, "reduced"), (_MASK, "mask")) if kind & bit]
    return FilePicture(", ".join(words), shape)
