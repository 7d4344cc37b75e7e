"""Small files that take long to decode."""

import struct
import zlib


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def large_png(side):
    """A black picture of side by side pixels, a thousandth of that in bytes."""
    total = side * (side + 1)
    block = 1 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush a block depends on nothing before it, and can be repeated.
    repeated = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = packer.compress(bytes(total % block)) + packer.flush(zlib.Z_FINISH)
    # Adler-32 of so many zeros.
    check = struct.pack(">I", (total % 65521) << 16 | 1)
    data = b"\x78\x9c" + repeated * (total // block) + rest + check
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", data)
        + _chunk(b"IEND", b"")
    )


def tiff_of_directories(count, *, mark=0):
    """A TIFF of one small page in so many directories; `mark` makes one unlike another."""
    pixels = bytes([mark]) * 16
    tags = [
        (256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 4), (279, 4, 1, 16),
    ]  # fmt: skip
    body = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, kind, number, value) for tag, kind, number, value in tags
    )
    size = len(body) + 4
    first = 8 + len(pixels)
    chain = b"".join(
        body + struct.pack("<I", first + size * (index + 1) if index + 1 < count else 0)
        for index in range(count)
    )
    return b"II*\0" + struct.pack("<I", first) + pixels + chain
