"""What a user may give as pictures, and how each is read.

Nothing is read before it is needed: a :class:`ImageSource` knows its name and how to read it.
"""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from zoobridge.errors import ImageFormatError, InvalidRequestError
from zoobridge.protocol.v1 import image_pb2

__all__ = ["IMAGE_SUFFIXES", "ImageLike", "ImageSource", "Images", "each", "expand_path", "sources"]

#: Endings of the files that are taken from a folder, in lower case.
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")

#: A picture: a path (file, folder or glob pattern), an encoded file's bytes, an array
#: (NumPy, xarray, dask, torch), or a PIL image.
ImageLike: TypeAlias = Any

#: One picture, or an iterable of them, or a mapping from names to pictures.
Images: TypeAlias = Any


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
    """

    name: str
    read: Callable[[], tuple[image_pb2.Image, bytes | memoryview]]


def sources(images: Images, *, axes: str = "") -> tuple[Iterator[ImageSource], int | None]:
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

    Raises
    ------
    InvalidRequestError
        If `images` is nothing that can be classified, or a folder or pattern holds no picture.
    """
    if isinstance(images, Mapping):
        named = (_source(image, axes, str(name)) for name, image in images.items())
        return named, len(images)
    if isinstance(images, str | os.PathLike):
        files = expand_path(images)
        return (_file(path, axes) for path in files), len(files)
    if _is_single(images):
        return iter((_source(images, axes, _name_of(images) or "image-1"),)), 1
    if isinstance(images, Iterable):
        if not isinstance(images, list | tuple):
            return each(images, axes, itertools.count(1)), None
        members = [one for image in images for one in _spread(image)]
        return _numbered(members, axes, itertools.count(1)), len(members)
    raise InvalidRequestError(
        f"cannot classify a {type(images).__name__}; give a path, an array, a PIL image, bytes, "
        "or an iterable of these"
    )


def each(images: Iterable[ImageLike], axes: str, numbers: Iterator[int]) -> Iterator[ImageSource]:
    """Yield pictures one by one; those without a name are numbered."""
    return _numbered(itertools.chain.from_iterable(map(_spread, images)), axes, numbers)


def _numbered(
    images: Iterable[ImageLike], axes: str, numbers: Iterator[int]
) -> Iterator[ImageSource]:
    for image in images:
        yield _source(image, axes, _name_of(image) or f"image-{next(numbers)}")


def _spread(image: ImageLike) -> Iterable[ImageLike]:
    """Return the files that a member of a list stands for, or the member itself."""
    if isinstance(image, str | os.PathLike) and (Path(image).is_dir() or _is_pattern(image)):
        return expand_path(image)
    return (image,)


def _is_pattern(path: str | os.PathLike[str]) -> bool:
    return glob.has_magic(os.fspath(path))


def expand_path(given: str | os.PathLike[str]) -> list[Path]:
    """Return the files that a path stands for, in order of their names.

    A folder stands for the pictures in it and in its subfolders (:data:`IMAGE_SUFFIXES`), a
    pattern (``scans/**/*.tif``) for the files that match, anything else for itself, whether it
    exists or not: a missing file is an error of its own result.

    Raises
    ------
    InvalidRequestError
        If a folder holds no picture, or nothing matches the pattern.
    """
    path = Path(given)
    if path.is_dir():
        files = [
            Path(folder, name)
            for folder, _, names in os.walk(path)
            for name in names
            if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")
        ]
        if not files:
            raise InvalidRequestError(
                f"the folder {path} holds no picture ({', '.join(IMAGE_SUFFIXES)})", field="image"
            )
        return sorted(files)
    if _is_pattern(given) and not path.exists():
        matches = glob.iglob(os.fspath(given), recursive=True)  # noqa: PTH207 - Path.glob is relative
        found = sorted(one for one in map(Path, matches) if one.is_file())
        if not found:
            raise InvalidRequestError(f"no file matches {path}", field="image")
        return found
    return [path]


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


def _source(image: ImageLike, axes: str, name: str) -> ImageSource:
    if isinstance(image, str | os.PathLike):
        return _file(Path(image), axes, name)
    if not _is_single(image):
        raise InvalidRequestError(
            f"{name}: cannot classify a {type(image).__name__}; give a path, an array, a PIL image "
            "or bytes"
        )
    return ImageSource(name, lambda: _read(image, axes, name))


def _file(path: Path, axes: str, name: str = "") -> ImageSource:
    shown = name or os.fspath(path)
    return ImageSource(shown, lambda: _read_file(path, axes, shown))


def _read_file(path: Path, axes: str, name: str) -> tuple[image_pb2.Image, bytes]:
    try:
        encoded = path.read_bytes()
    except FileNotFoundError:
        raise ImageFormatError(f"there is no file {path}", field="image") from None
    except OSError as error:
        raise ImageFormatError(
            f"cannot read {path}: {error.strerror or error}", field="image"
        ) from error
    if not encoded:
        raise ImageFormatError(f"{path} is empty (0 bytes)", field="image.encoded")
    return image_pb2.Image(name=_text(name), axes=axes), encoded


def _read(image: ImageLike, axes: str, name: str) -> tuple[image_pb2.Image, bytes | memoryview]:
    if isinstance(image, bytes | bytearray | memoryview):
        return image_pb2.Image(name=_text(name), axes=axes), bytes(image)
    # Needs NumPy, whose import takes longer than to read many a file.
    from zoobridge.client._arrays import array_pixels, pillow_pixels

    pixels, data = (pillow_pixels if _is_pillow(image) else array_pixels)(image, axes)
    return image_pb2.Image(name=_text(name), pixels=pixels), data


def _text(name: str) -> str:
    """Return a name as UTF-8 can carry it; file names may hold bytes that it cannot."""
    return name.encode("utf-8", "replace").decode("utf-8")
