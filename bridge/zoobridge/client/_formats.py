"""Formats of microscopes and cameras that are read where the client runs, not by the server.

The server decodes none of them; their pixels are sent with their axes. The libraries belong to the
extra ``zoobridge[formats]``.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

from zoobridge.errors import ImageFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.protocol import FileKind

__all__ = ["ReadPixels", "read_pixels"]


# Each library has errors of its own; these are the types that they are made of. None of them checks
# all that it reads: damaged metadata ends in an attribute of `None`, a type or an assertion.
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    ET.ParseError,
)


# How Olympus names them: s_C001-R001.tif.
_REFERENCE = re.compile(r"-R\d+\.tif$", re.IGNORECASE)


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
    missing
        Why planes are not in the file, by their indexes along the first axes.
    notice
        Which picture was taken, where the file holds several.
    """

    array: NDArray[Any]
    axes: str
    significant_bits: int = 0
    missing: Mapping[tuple[int, ...], str] = field(default_factory=dict)
    notice: str = ""


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
    except MemoryError as error:
        raise ImageFormatError(
            f"{path.name} does not fit into memory; choose a series, or export a part of it as OME-TIFF",
            field="image.encoded",
        ) from error
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
        place = file.scenes_bounding_rectangle[scene] if scene is not None else None
        box = file.total_bounding_box
        letters = [letter for letter in box if letter not in "TZCYX"]
        letters += [letter for letter in "TZC" if letter in box]
        lengths = [range(*box[letter]) for letter in letters]
        planes = []
        missing = {}
        for place_in, indexes in zip(
            itertools.product(*map(range, map(len, lengths))),
            itertools.product(*lengths),
            strict=True,
        ):
            plane = dict(zip(letters, indexes, strict=True))
            if not _is_recorded(file, plane, place):
                # The library gives zeros for it.
                missing[place_in] = "the file does not hold it"
            planes.append(file.read(plane=plane, scene=scene))
    if len({plane.dtype for plane in planes}) > 1:
        raise ImageFormatError(
            f"{path.name} holds channels of several pixel types; export the channel that is meant as "
            "OME-TIFF",
            field="image.encoded",
        )
    array = np.stack(planes).reshape(*map(len, lengths), *planes[0].shape)
    axes = "".join(letters) + "YXS"
    if array.shape[-1] >= 3:
        # Stored as blue, green, red.
        array = np.concatenate([array[..., 2::-1], array[..., 3:]], axis=-1)
    notice = _notice(series, [f"scene {number}" for number in scenes])
    return _squeezed(array, axes, missing=missing, notice=notice)


def _is_recorded(file: Any, plane: Mapping[str, int], place: Any) -> bool:
    """Tell whether a plane of a CZI has any part."""
    found = []

    def take(number: int, _: Any) -> bool:
        found.append(number)
        return False  # One is enough.

    file.enumerate_subblocks_subset(take, plane, place)
    return bool(found)


def _nd2(path: Path, series: int | None) -> ReadPixels:
    import nd2

    with nd2.ND2File(path) as file:
        array, axes = file.asarray(), "".join(file.sizes)
        bits = int(file.attributes.bitsPerComponentSignificant or 0)
        loops = [axis for axis in axes if axis not in "CYXS"]
        absent = _absent_frames(file, [file.sizes[axis] for axis in loops], path)
    # Frames are the axes of the loops, which come first.
    missing = dict.fromkeys(absent, "the file does not hold it")
    if series is not None and "P" in axes:
        place = axes.index("P")
        chosen = _chosen(series, array.shape[place], path)
        array = np.take(array, chosen, axis=place)
        axes = axes.replace("P", "")
        missing = {
            key[:place] + key[place + 1 :]: why
            for key, why in missing.items()
            if key[place] == chosen
        }
    used = bits if array.dtype.kind == "u" and bits < 8 * array.dtype.itemsize else 0
    return _squeezed(array, axes, used, missing=missing)


def _absent_frames(file: Any, lengths: Sequence[int], path: Path) -> list[tuple[int, ...]]:
    """Return the frames that are not in a file whose recording ended early; the library gives zeros."""
    frame = file._rdr  # noqa: SLF001 - nothing public says which frames there are
    offsets, end = getattr(frame, "_frame_offsets", None), path.stat().st_size
    if not offsets:
        return []
    size = 0
    if file.attributes.compressionType is None:
        size = file.attributes.heightPx * (file.attributes.widthBytes or 0)
    every = itertools.product(*map(range, lengths))
    return [
        key
        for number, key in enumerate(every)
        if number not in offsets or offsets[number] + size > end
    ]


def _lif(path: Path, series: int | None) -> ReadPixels:
    import liffile

    with liffile.LifFile(path) as file:
        image = file.images[_chosen(series, len(file.images), path)]
        array, dims = image.asarray(), image.dims
        notice = _notice(series, [one.name for one in file.images])
    if any(len(name) != 1 for name in dims):
        raise ImageFormatError(
            f"{path.name} has the axes {', '.join(dims)}, which are not those of a picture",
            field="image.axes",
        )
    return _squeezed(array, "".join(dims).upper(), notice=notice)


def _olympus(path: Path, series: int | None) -> ReadPixels:
    import oiffile

    with oiffile.OifFile(path) as file:
        # Pictures of the place that was scanned come after the scans.
        beside = [one for one in file.series if _REFERENCE.search(one[0])]
        scans = [one for one in file.series if one not in beside]
        every = scans + beside
        number = _chosen(series, len(every), path)
        chosen, frames = every[number], every[number].asarray()
        stated = _stated_lengths(file.mainfile) if chosen in scans else {}
        bits = int(file.mainfile.get("Reference Image Parameter", {}).get("ValidBitCounts", 0))
        notice = _notice(series, [Path(one[0]).name for one in scans])
    lengths = [
        max(length, stated.get(axis, 0))
        for axis, length in zip(chosen.axes, chosen.shape, strict=True)
    ]
    array = np.zeros((*lengths, *frames.shape[len(lengths) :]), frames.dtype)
    array[tuple(map(slice, chosen.shape))] = frames
    missing = dict.fromkeys(
        set(itertools.product(*map(range, lengths))) - set(chosen.indices),
        "the file does not hold it",
    )
    axes = chosen.axes + ("YX" if array.ndim == len(lengths) + 2 else "YXS")
    used = bits if array.dtype.kind == "u" and bits < 8 * array.dtype.itemsize else 0
    return _squeezed(array, axes, used, missing=missing, notice=notice)


def _stated_lengths(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return how many planes an Olympus file states along each axis; fewer may have been recorded."""
    common = [section for name, section in settings.items() if name.endswith("Parameters Common")]
    return {str(one["AxisCode"]): int(one.get("MaxSize", 0)) for one in common if "AxisCode" in one}


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


def _heic(path: Path, series: int | None) -> ReadPixels:
    import pillow_heif

    # Pictures of 10 and 12 bits are spread over 16.
    file = pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
    chosen = _chosen(series, len(file), path) if series is not None else file.primary_index
    notice = _notice(series, [f"{one.size[0]} × {one.size[1]}" for one in file], chosen)
    array = np.asarray(file[chosen])
    return _squeezed(array, "YXS" if array.ndim == 3 else "YX", notice=notice)


def _avif(path: Path, series: int | None) -> ReadPixels:
    import imagecodecs

    data = path.read_bytes()
    # All frames at once: a film, or a picture alone. One thread, as for other pictures.
    array = imagecodecs.avif_decode(data, numthreads=1)
    several = array.ndim == 4 or (array.ndim == 3 and array.shape[-1] not in (3, 4))
    _chosen(series, 1, path)
    # Flags of AV1CodecConfigurationRecord (AV1 in ISOBMFF, 2.3.3): more than 8 bits, 12 bits.
    place = data.find(b"av1C") + 6
    bits = 12 if data[place] & 0x20 else 10
    axes = ("T" if several else "") + ("YXS" if array.ndim - several == 3 else "YX")
    return _squeezed(array, axes, bits if array.dtype == np.uint16 else 0)


def _chosen(series: int | None, count: int, path: Path) -> int:
    if (series or 0) >= count:
        raise ImageFormatError(
            f"{path.name} holds no picture {series}; it holds {count}, from 0", field="image.series"
        )
    return series or 0


def _notice(series: int | None, names: Sequence[str], taken: int = 0) -> str:
    """Return what to say where a file holds several pictures and none was asked for."""
    if series is not None or len(names) < 2:
        return ""
    shown = ", ".join(f"{number} ({name})" for number, name in enumerate(names[:6]))
    more = f", … {len(names)} in all" if len(names) > 6 else ""
    return f"the file holds {len(names)} pictures, and picture {taken} was taken: {shown}{more}"


def _squeezed(
    array: NDArray[Any],
    axes: str,
    significant_bits: int = 0,
    *,
    missing: Mapping[tuple[int, ...], str] = MappingProxyType({}),
    notice: str = "",
) -> ReadPixels:
    """Return pixels without axes of length 1, Y and X aside; samples are channels."""
    known = axes[: len(next(iter(missing), ()))]
    for place in range(len(axes) - 1, -1, -1):
        if axes[place] not in "YX" and array.shape[place] == 1:
            array = array.squeeze(place)
            axes = axes[:place] + axes[place + 1 :]
    if missing:
        left = [place for place, axis in enumerate(known) if axis in axes]
        missing = {tuple(key[place] for place in left): why for key, why in missing.items()}
        if not left:
            raise ImageFormatError(
                f"the picture cannot be classified: {next(iter(missing.values()))}",
                field="image.encoded",
            )
    if "C" not in axes:
        axes = axes.replace("S", "C")
    if len(set(axes)) != len(axes) or "S" in axes:
        raise ImageFormatError(
            f"the file's axes {axes} are those of several colour pictures, one a channel; export "
            "the channel that is meant as OME-TIFF",
            field="image.axes",
        )
    return ReadPixels(array, axes, significant_bits, missing, notice)


_READERS: dict[str, Callable[[Path, int | None], ReadPixels]] = {
    "pylibCZIrw": _czi,
    "nd2": _nd2,
    "liffile": _lif,
    "pydicom": _dicom,
    "pillow_heif": _heic,
    "oiffile": _olympus,
    "imagecodecs": _avif,
}
