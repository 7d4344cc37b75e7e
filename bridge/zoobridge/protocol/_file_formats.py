"""Formats of picture files by their first bytes: those that the server decodes, and many others.

Others are named for what they are, so that nobody has to guess why a file was refused.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["START_BYTES", "FileKind", "kind_of_file"]

#: As many of a file's first bytes as are looked at.
START_BYTES = 132


@dataclass(frozen=True)
class FileKind:
    """A format of files.

    Parameters
    ----------
    name
        Such as ``PNG``, or ``CZI (Zeiss)``.
    decoded
        Whether the server decodes it.
    library
        The module of ``zoobridge[formats]`` that reads it on the client's side; empty for none.
    way_out
        What else can be done with it, as an imperative.
    """

    name: str
    decoded: bool = False
    library: str = ""
    way_out: str = "convert it to PNG or TIFF"


_EXPORT = "export it as OME-TIFF"
_JPEG = "save it as JPEG or PNG"
_OLE = b"\xd0\xcf\x11\xe0"
_AVIF = FileKind("AVIF", library="imagecodecs", way_out=_JPEG)
_PNG = FileKind("PNG", decoded=True)
_TIFF = FileKind("TIFF", decoded=True)
_BY_START: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", _PNG),
    (0, b"\xff\xd8\xff", FileKind("JPEG", decoded=True)),
    *((0, mark, _TIFF) for mark in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    (0, b"BM", FileKind("BMP", decoded=True)),
    (0, b"GIF87a", FileKind("GIF", decoded=True)),
    (0, b"GIF89a", FileKind("GIF", decoded=True)),
    (8, b"WEBP", FileKind("WebP", decoded=True)),
    (0, b"ZISRAWFILE", FileKind("CZI (Zeiss)", library="pylibCZIrw", way_out=_EXPORT)),
    (0, b"\xda\xce\xbe\x0a", FileKind("ND2 (Nikon)", library="nd2", way_out=_EXPORT)),
    (0, b"\x70\x00\x00\x00", FileKind("LIF (Leica)", library="liffile", way_out=_EXPORT)),
    (0, b"OLYMPUSRAWFORMAT", FileKind("OIR (Olympus)", way_out=_EXPORT)),
    (0, _OLE, FileKind("an OLE document, such as OIB or ZVI", way_out=_EXPORT)),
    (
        128,
        b"DICM",
        FileKind("DICOM", library="pydicom", way_out="export its pixels as TIFF or PNG"),
    ),
    *(
        (4, b"ftyp" + brand, FileKind("HEIC", library="pillow_heif", way_out=_JPEG))
        for brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
    ),
    *((4, b"ftyp" + brand, _AVIF) for brand in (b"avif", b"avis")),
    (4, b"ftyp", FileKind("a film (MP4 or QuickTime)", way_out="save its frames as TIFF or PNG")),
    (0, b"\x00\x00\x00\x0cjP  ", FileKind("JPEG 2000")),
    (0, b"\xff\x4f\xff\x51", FileKind("JPEG 2000")),
    (0, b"\x00\x00\x00\x0cJXL ", FileKind("JPEG XL")),
    (0, b"\xff\x0a", FileKind("JPEG XL")),
    (0, b"II\xbc\x01", FileKind("JPEG XR")),
    (0, b"\x89HDF\r\n\x1a\n", FileKind("HDF5 (such as Imaris)", way_out=_EXPORT)),
    (0, b"8BPS", FileKind("Photoshop (PSD)")),
    (0, b"%PDF", FileKind("PDF", way_out="export its pictures as PNG")),
    (
        0,
        b"\x93NUMPY",
        FileKind("a NumPy array (.npy)", way_out="send it as an array, with its axes"),
    ),
    (0, b"SIMPLE  =", FileKind("FITS", way_out="convert it to TIFF")),
    (0, b"PK\x03\x04", FileKind("a ZIP archive", way_out="unpack it")),
    (0, b"\x1f\x8b", FileKind("gzip data", way_out="unpack it")),
    (8, b"AVI ", FileKind("a film (AVI)", way_out="save its frames as TIFF or PNG")),
)


# Whose first bytes are those of other documents too: an ending, and how the file may start.
_BY_ENDING = (
    (".oib", (_OLE,), FileKind("OIB (Olympus)", library="oiffile", way_out=_EXPORT)),
    (
        ".oif",
        (b"[", b"\xff\xfe[\x00"),
        FileKind("OIF (Olympus)", library="oiffile", way_out=_EXPORT),
    ),
)


def kind_of_file(start: bytes, name: str = "") -> FileKind | None:
    """Return the format of a file by its first bytes; `None` where they are those of none.

    Parameters
    ----------
    start
        The first :data:`START_BYTES` bytes, or all of them where there are fewer.
    name
        The file's name, by which formats are told apart that start like other documents.
    """
    for ending, starts, kind in _BY_ENDING:
        if name.lower().endswith(ending) and start.startswith(starts):
            return kind
    # The container that HEIC and AVIF share: which of them it is stands among its compatible brands.
    brands = start[16 : int.from_bytes(start[:4], "big")]
    if start[4:12] in (b"ftypmif1", b"ftypmsf1") and b"avif" in brands:
        return _AVIF
    for place, mark, kind in _BY_START:
        if start[place : place + len(mark)] == mark:
            return kind
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return FileKind("SVG (a drawing, without pixels)", way_out="export it as PNG")
    return None
