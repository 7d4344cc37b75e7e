"""What a user may give as pictures, and how each is read.

Nothing is read before it is needed: a :class:`ImageSource` knows its name and how to read it.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from zoobridge.client._folders import LeftOut, find_images
from zoobridge.client._result import Conversion
from zoobridge.errors import ImageFormatError, InvalidRequestError
from zoobridge.protocol import START_BYTES, FileKind, kind_of_file
from zoobridge.protocol.v1 import image_pb2

__all__ = ["ImageLike", "ImageSource", "Images", "Reading", "each", "sources"]

#: A picture: a path (file, folder or glob pattern), an encoded file's bytes, an array
#: (NumPy, xarray, dask, torch), or a PIL image.
ImageLike: TypeAlias = Any

#: One picture, or an iterable of them, or a mapping from names to pictures.
Images: TypeAlias = Any


_log = logging.getLogger("zoobridge.client")


@dataclass(frozen=True)
class Reading:
    """How to read pictures.

    Parameters
    ----------
    axes
        One upper-case letter each; empty to take what files and labelled arrays state.
    series
        Which picture of files that hold several; `None` for the first that is one of its own.
    left_out
        What lay beside the pictures of folders; added to as folders are looked through.
    """

    axes: str = ""
    series: int | None = None
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass(frozen=True)
class ImageSource:
    """A picture that can be read when its turn comes.

    Parameters
    ----------
    name
        What its results call it.
    read
        Returns the picture as a message without its bytes, and these: a file's, or elements where
        the message has `pixels`. Raises :class:`~zoobridge.errors.ImageFormatError` where that
        fails. Called once, in any thread.
    layout
        What arrays that one message can carry together have in common; `None` for others.
    size
        Bytes of such an array.
    notes
        What reading found out that the answer is to say too; complete when it was read.
    """

    name: str
    read: Callable[[], tuple[image_pb2.Image, bytes | memoryview]]
    layout: tuple[object, ...] | None = None
    size: int = 0
    notes: list[Conversion] = field(default_factory=list)


def sources(
    images: Images,
    *,
    axes: str = "",
    series: int | None = None,
    left_out: list[LeftOut] | None = None,
) -> tuple[Iterator[ImageSource], int | None]:
    """Return the pictures that a user gave, and how many they are where that is known.

    Parameters
    ----------
    images
        One picture, an iterable of pictures (taken one by one, so it may be endless), or a
        mapping from names to pictures.
    axes
        Axes of all of them, one upper-case letter each; empty to take what files and labelled
        arrays state, ``YX`` for arrays with two axes, and ``YXC`` for arrays whose third axis has
        length 3 or 4 and whose first two are longer than 4. Other arrays need it.
    series
        Which picture of files that hold several; `None` for the first that is one of its own.
    left_out
        Takes what lay beside the pictures of folders.

    Raises
    ------
    InvalidRequestError
        If `images` is nothing that can be classified, or a folder or pattern holds no picture.
    """
    how = Reading(axes, series, left_out if left_out is not None else [])
    if isinstance(images, Mapping):
        named = (_source(image, how, str(name)) for name, image in images.items())
        return named, len(images)
    if isinstance(images, str | os.PathLike):
        files = _expanded(images, how)
        return (_file(path, how) for path in files), len(files)
    if _is_single(images):
        return iter((_source(images, how, _name_of(images) or "image-1"),)), 1
    if isinstance(images, Iterable):
        if not isinstance(images, list | tuple):
            return each(images, how, itertools.count(1)), None
        members = [one for image in images for one in _spread(image, how)]
        return _numbered(members, how, itertools.count(1)), len(members)
    raise InvalidRequestError(
        f"cannot classify a {type(images).__name__}; give a path, an array, a PIL image, bytes, "
        "or an iterable of these"
    )


def each(
    images: Iterable[ImageLike], how: Reading, numbers: Iterator[int]
) -> Iterator[ImageSource]:
    """Yield pictures one by one; those without a name are numbered."""
    spread = (_spread(image, how) for image in images)
    return _numbered(itertools.chain.from_iterable(spread), how, numbers)


def _numbered(
    images: Iterable[ImageLike], how: Reading, numbers: Iterator[int]
) -> Iterator[ImageSource]:
    for image in images:
        yield _source(image, how, _name_of(image) or f"image-{next(numbers)}")


def _spread(image: ImageLike, how: Reading) -> Iterable[ImageLike]:
    """Return the files that a member of a list stands for, or the member itself."""
    return _expanded(image, how) if isinstance(image, str | os.PathLike) else (image,)


def _expanded(given: str | os.PathLike[str], how: Reading) -> tuple[Path, ...]:
    found = find_images(given)
    how.left_out.extend(found.left_out)
    if found.left_out:
        first = "; ".join(f"{one.path}: {one.why}" for one in found.left_out[:10])
        more = f"; and {len(found.left_out) - 10} more" if len(found.left_out) > 10 else ""
        _log.warning("%s: %d left out: %s%s", given, len(found.left_out), first, more)
    return found.files


def _is_single(image: ImageLike) -> bool:
    return (
        isinstance(image, str | os.PathLike | bytes | bytearray | memoryview)
        or _is_pillow(image)
        or hasattr(image, "__array__")
    )


def _is_pillow(image: ImageLike) -> bool:
    return hasattr(image, "getbands") and hasattr(image, "mode") and hasattr(image, "tobytes")


def _name_of(image: ImageLike) -> str:
    """Return the name that a picture carries; empty where it has none."""
    if isinstance(image, str | os.PathLike):
        return os.fspath(image)
    if _is_pillow(image):
        return str(getattr(image, "filename", "") or "")
    name = getattr(image, "name", "")
    return name if isinstance(name, str) else ""


def _source(image: ImageLike, how: Reading, name: str) -> ImageSource:
    if isinstance(image, str | os.PathLike):
        return _file(Path(image), how, name)
    if not _is_single(image):
        raise InvalidRequestError(
            f"{name}: cannot classify a {type(image).__name__}; give a path, an array, a PIL image "
            "or bytes"
        )
    layout, size = _layout(image, how)
    return ImageSource(name, lambda: _read(image, how, name), layout, size)


def _layout(image: Any, how: Reading) -> tuple[tuple[object, ...] | None, int]:
    """Return what a plain 8-bit array of one plane has in common with others, and its size."""
    if type(image).__module__ != "numpy" or how.series is not None:
        return None, 0
    if str(image.dtype) != "uint8" or set(how.axes or "YX") - set("YXC") or image.ndim > 3:
        return None, 0
    return (image.shape, how.axes), int(image.nbytes)


def _file(path: Path, how: Reading, name: str = "") -> ImageSource:
    shown = name or os.fspath(path)
    notes: list[Conversion] = []
    return ImageSource(shown, lambda: _read_file(path, how, shown, notes), notes=notes)


def _read_file(
    path: Path, how: Reading, name: str, notes: list[Conversion]
) -> tuple[image_pb2.Image, bytes | memoryview]:
    try:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
            kind = kind_of_file(start, path.name)
            if kind is not None and kind.library:
                return _read_foreign(path, kind, how, name, notes)
            encoded = start + file.read()
    except FileNotFoundError:
        raise ImageFormatError(f"{path} does not exist", field="image") from None
    except OSError as error:
        raise ImageFormatError(
            f"cannot read {path}: {error.strerror or error}", field="image"
        ) from error
    if not encoded:
        raise ImageFormatError(f"{path} is empty (0 bytes)", field="image.encoded")
    if kind is not None and not kind.decoded:
        # Not sent: the server would say the same.
        raise ImageFormatError(
            f"{path.name} is {kind.name}, which is not read; {kind.way_out}", field="image.encoded"
        )
    return image_pb2.Image(name=_text(name), axes=how.axes, series=how.series), encoded


def _read_foreign(
    path: Path, kind: FileKind, how: Reading, name: str, notes: list[Conversion]
) -> tuple[image_pb2.Image, memoryview]:
    from zoobridge.client._formats import read_pixels
    from zoobridge.protocol import lay_out

    read = read_pixels(path, kind, how.series)
    pixels, data = lay_out(read.array, how.axes or read.axes)
    pixels.significant_bits = read.significant_bits
    for indexes, why in read.missing.items():
        pixels.missing.add(indexes=indexes, reason=why)
    if read.notice:
        detail = f"picture {how.series or 0}"
        notes[:] = [Conversion("series_selected", detail, read.notice, "image.series")]
    return image_pb2.Image(name=_text(name), pixels=pixels), data


def _read(image: ImageLike, how: Reading, name: str) -> tuple[image_pb2.Image, bytes | memoryview]:
    if isinstance(image, bytes | bytearray | memoryview):
        return image_pb2.Image(name=_text(name), axes=how.axes, series=how.series), bytes(image)
    if how.series:
        raise InvalidRequestError(
            f"{name}: an array holds no picture {how.series}; series chooses among those of a file",
            field="image.series",
        )
    # Needs NumPy, whose import takes longer than to read many a file.
    from zoobridge.client._arrays import array_pixels, pillow_pixels

    pixels, data = (pillow_pixels if _is_pillow(image) else array_pixels)(image, how.axes)
    return image_pb2.Image(name=_text(name), pixels=pixels), data


def _text(name: str) -> str:
    """Return a name as UTF-8 can carry it; file names may hold bytes that it cannot."""
    return name.encode("utf-8", "replace").decode("utf-8")
