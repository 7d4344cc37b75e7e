"""A small writer of Olympus' OIF and OIB: settings and TIFF files in a folder, or in one OLE document."""

from __future__ import annotations

import io
import struct
from collections.abc import Collection
from pathlib import Path

import numpy as np
import tifffile

__all__ = ["write_oib", "write_oif"]

_SECTOR = 512
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_oif(path: Path, stack: np.ndarray, **more: Collection[tuple[int, int]]) -> None:
    """Write a stack of axes CZYX as a file and its folder; frames that are absent are stated."""
    for name, data in _files(path.stem, stack, **more).items():
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_bytes(data)


def write_oib(path: Path, stack: np.ndarray, **more: Collection[tuple[int, int]]) -> None:
    """Write the same into one file."""
    files = _files(path.stem, stack, **more)
    streams = [f"Stream{number:05}" for number in range(len(files))]
    info = "[OibSaveInfo]\r\nVersion=2.0.0.0\r\nMainFileName=Stream00000\r\n" + "".join(
        f"{stream}={name}\r\n" for stream, name in zip(streams, files, strict=True)
    )
    named = {"OibInfo.txt": _text(info), **dict(zip(streams, files.values(), strict=True))}
    path.write_bytes(_ole(named))


def _files(
    stem: str, stack: np.ndarray, *, absent: Collection[tuple[int, int]] = ()
) -> dict[str, bytes]:
    channels, depth, height, width = stack.shape
    lengths = {"X": width, "Y": height, "C": channels, "Z": depth}
    settings = "[ProfileSaveInfo]\r\nName=OIF\r\nVersion=1.0\r\n" + "".join(
        f"[Axis {number} Parameters Common]\r\nAxisCode={axis}\r\nMaxSize={length}\r\n"
        for number, (axis, length) in enumerate(lengths.items())
    )
    settings += "[Reference Image Parameter]\r\nValidBitCounts=12\r\n"
    files = {f"{stem}.oif": _text(settings)}
    for c, z in np.ndindex(channels, depth):
        if (c, z) not in absent:
            files[f"{stem}.oif.files/s_C{c + 1:03}Z{z + 1:03}.tif"] = _tiff(stack[c, z])
    files[f"{stem}.oif.files/s_C001-R001.tif"] = _tiff(stack[0, 0, ::2, ::2])
    return files


def _text(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def _tiff(plane: np.ndarray) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, plane, photometric="minisblack")
    return file.getvalue()


def _ole(streams: dict[str, bytes]) -> bytes:
    """Write a compound file (MS-CFB, version 3) whose streams all lie in ordinary sectors."""
    table: list[int] = []
    body = b""

    def chain(data: bytes) -> int:
        """Add sectors; return the first."""
        nonlocal body
        first, count = len(table), max(1, -(-len(data) // _SECTOR))
        table.extend([*range(first + 1, first + count), _END])
        body += data.ljust(count * _SECTOR, b"\0")
        return first

    entries = [_entry("Root Entry", 5, child=1)]
    for number, (name, data) in enumerate(streams.items(), 2):
        after = number if number <= len(streams) else _FREE
        entries.append(_entry(name, 2, right=after, start=chain(data), size=len(data)))
    directory = chain(b"".join(entries))
    count = -(-(len(table) + 1) // (_SECTOR // 4 - 1))
    tables = range(len(table), len(table) + count)
    table.extend([_TABLE] * count)
    table.extend([_FREE] * (-len(table) % (_SECTOR // 4)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, count, directory, 0, 0,
                        _END, 0, _END, 0, *tables[:1])  # fmt: skip
    head += b"".join(struct.pack("<I", one) for one in tables[1:])
    return head.ljust(_SECTOR, b"\xff") + body + struct.pack(f"<{len(table)}I", *table)


def _entry(
    name: str,
    kind: int,
    *,
    right: int = _FREE,
    child: int = _FREE,
    start: int = _END,
    size: int = 0,
) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack("<64sHBBIII16sI8s8sIQ", text, len(text) + 2, kind, 1, _FREE, right, child,
                       b"", 0, b"", b"", start, size)  # fmt: skip
