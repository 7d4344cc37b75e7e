"""Microscopes' own formats, read where the client runs: CZI, ND2, LIF and DICOM.

The server decodes none of them; their pixels are sent with their axes. The libraries belong to the
extra ``zoobridge[formats]``.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

from zoobridge.errors import ImageFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.protocol import FileKind

__all__ = ["ReadPixels", "read_pixels"]


# Each library has errors of its own; these are the types that they are made of.
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    ET.ParseError,
)


@dataclass(frozen=True)
class ReadPixels:
    """Pixels of a file.

    Parameters
    ----------
    array
        The pixels.
    axes
        One upper-case letter an axis.
    significant_bits
        Bits that are used of each sample; 0 for all.
    """

    array: NDArray[Any]
    axes: str
    significant_bits: int = 0


def read_pixels(path: Path, kind: FileKind, series: int | None) -> ReadPixels:
    """Read a file that the server does not decode.

    Parameters
    ----------
    path
        The file.
    kind
        Its format, one with a library.
    series
        Which of its pictures; `None` for the only one, or the first.

    Raises
    ------
    ImageFormatError
        If the library is not installed, or cannot read the file.
    """
    try:
        return _READERS[kind.library](path, series)
    except ModuleNotFoundError as error:
        raise ImageFormatError(
            f"{path.name} is {kind.name}, which needs {error.name} to be read; "
            'pip install "zoobridge[formats]", or export it as OME-TIFF',
            field="image.encoded",
        ) from error
    except ImageFormatError:
        raise
    except _FAULTS as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ImageFormatError(
            f"{path.name} is {kind.name} and cannot be read ({reason}); it may be damaged, or of a newer "
            f"version than {kind.library} reads: export it as OME-TIFF",
            field="image.encoded",
        ) from error


def _czi(path: Path, series: int | None) -> ReadPixels:
    from pylibCZIrw import czi

    with czi.open_czi(str(path)) as file:
        scenes = sorted(file.scenes_bounding_rectangle)
        scene = scenes[_chosen(series, len(scenes), path)] if scenes else None
        box = file.total_bounding_box
        letters = [letter for letter in "TZC" if letter in box]
        lengths = [range(*box[letter]) for letter in letters]
        planes = [
            file.read(plane=dict(zip(letters, indexes, strict=True)), scene=scene)
            for indexes in itertools.product(*lengths)
        ]
    array = np.stack(planes).reshape(*map(len, lengths), *planes[0].shape)
    axes = "".join(letters) + "YXS"
    if array.shape[-1] >= 3:
        # Stored as blue, green, red.
        array = np.concatenate([array[..., 2::-1], array[..., 3:]], axis=-1)
    return _squeezed(array, axes)


def _nd2(path: Path, series: int | None) -> ReadPixels:
    import nd2

    with nd2.ND2File(path) as file:
        array, axes = file.asarray(), "".join(file.sizes)
        bits = int(file.attributes.bitsPerComponentSignificant or 0)
    if series is not None and "P" in axes:
        place = axes.index("P")
        array = np.take(array, _chosen(series, array.shape[place], path), axis=place)
        axes = axes.replace("P", "")
    used = bits if array.dtype.kind == "u" and bits < 8 * array.dtype.itemsize else 0
    return _squeezed(array, axes, used)


def _lif(path: Path, series: int | None) -> ReadPixels:
    import liffile

    with liffile.LifFile(path) as file:
        image = file.images[_chosen(series, len(file.images), path)]
        array, dims = image.asarray(), image.dims
    if any(len(name) != 1 for name in dims):
        raise ImageFormatError(
            f"{path.name} has the axes {', '.join(dims)}, which are not those of a picture",
            field="image.axes",
        )
    return _squeezed(array, "".join(dims).upper())


def _dicom(path: Path, series: int | None) -> ReadPixels:
    import pydicom

    _chosen(series, 1, path)
    file = pydicom.dcmread(path)
    array = file.pixel_array
    samples = int(file.get("SamplesPerPixel", 1))
    frames = int(file.get("NumberOfFrames", 1) or 1)
    axes = ("T" if frames > 1 else "") + "YX" + ("S" if samples > 1 else "")
    bits = int(file.get("BitsStored", 0))
    used = bits if array.dtype.kind == "u" and bits < 8 * array.dtype.itemsize else 0
    return _squeezed(array, axes, used)


def _chosen(series: int | None, count: int, path: Path) -> int:
    if (series or 0) >= count:
        raise ImageFormatError(
            f"{path.name} holds no picture {series}; it holds {count}, from 0", field="image.series"
        )
    return series or 0


def _squeezed(array: NDArray[Any], axes: str, significant_bits: int = 0) -> ReadPixels:
    """Return pixels without axes of length 1, Y and X aside; samples are channels."""
    for place in range(len(axes) - 1, -1, -1):
        if axes[place] not in "YX" and array.shape[place] == 1:
            array = array.squeeze(place)
            axes = axes[:place] + axes[place + 1 :]
    if "C" not in axes:
        axes = axes.replace("S", "C")
    if len(set(axes)) != len(axes) or "S" in axes:
        raise ImageFormatError(
            f"the file's axes {axes} are those of several colour pictures, one a channel; export "
            "the channel that is meant as OME-TIFF",
            field="image.axes",
        )
    return ReadPixels(array, axes, significant_bits)


_READERS: dict[str, Callable[[Path, int | None], ReadPixels]] = {
    "pylibCZIrw": _czi,
    "nd2": _nd2,
    "liffile": _lif,
    "pydicom": _dicom,
}
