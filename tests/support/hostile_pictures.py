"""Small files that promise, or unpack to, far more than there is."""

import io
import struct
import zlib
from functools import lru_cache

import numpy as np
from PIL import Image

SIDE = 60_000
GIB = 1 << 30


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(side, *chunks):
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), *chunks, chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@lru_cache
def zeros_deflated(size):
    """So many zeros, a thousandth of that in bytes."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def bmp(side):
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    )


def jpeg(side):
    file = io.BytesIO()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def jpeg_of_scans(count, side=4096):
    """A progressive JPEG whose last scan comes again and again, each a look at every block."""
    file = io.BytesIO()
    Image.fromarray(np.zeros((side, side), np.uint8)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def tiff(width, height, data, *, compression=1, more=(), following=0, tile=0, places=None):
    """A grey TIFF of one strip, or of tiles that all lie at the same place."""
    tags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [8]),
        259: (3, [compression]),
        262: (3, [1]),
        277: (3, [1]),
        **dict(more),
    }
    count = 1 if places is None else places
    if tile:
        tags |= {322: (4, [tile]), 323: (4, [tile]), 324: (4, None), 325: (4, [len(data)] * count)}
    else:
        tags |= {273: (4, None), 278: (4, [height]), 279: (4, [len(data)] * count)}
    start = 8
    directory = start + len(data) + len(data) % 2
    after = directory + 2 + 12 * len(tags) + 4
    entries, outside = [], b""
    for tag, (kind, values) in sorted(tags.items()):
        numbers = [start] * count if values is None else values
        packed = struct.pack(f"<{len(numbers)}{'HI'[kind == 4]}", *numbers)
        if len(packed) > 4:
            place, outside = after + len(outside), outside + packed
            packed = struct.pack("<I", place)
        entries.append(struct.pack("<HHI", tag, kind, len(numbers)) + packed.ljust(4, b"\0"))
    return (
        b"II*\0"
        + struct.pack("<I", directory)
        + data.ljust(directory - start, b"\0")
        + struct.pack("<H", len(entries))
        + b"".join(entries)
        + struct.pack("<I", directory if following == "itself" else following)
        + outside
    )


def zeros_in_lzw(codes):
    """LZW of zeros: every code stands for one more of them than the code before."""
    bits, width, table = [], 9, 258
    for code in [256, 0, *range(258, 258 + codes)]:
        bits.append(format(code, f"0{width}b"))
        table += code != 256
        width = min(12, max(9, (table + 1).bit_length()))
        if table >= 4094:
            bits.append(format(256, f"0{width}b"))
            break
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


#: What each is, and the bytes, made when they are wanted.
PICTURES = {
    "a PNG header of 60,000 × 60,000": lambda: png(SIDE, chunk(b"IDAT", zlib.compress(b"\0"))),
    "a JPEG header of 60,000 × 60,000": lambda: jpeg(SIDE),
    "a BMP header of 60,000 × 60,000": lambda: bmp(SIDE),
    "a TIFF header of 60,000 × 60,000": lambda: tiff(SIDE, SIDE, bytes(16)),
    "a TIFF header of 2³² − 1 squared": lambda: tiff(2**32 - 1, 2**32 - 1, bytes(16)),
    "a PNG of 16 × 16 that unpacks to a gigabyte": lambda: png(
        16, chunk(b"IDAT", zeros_deflated(GIB))
    ),
    "a PNG whose colour profile unpacks to a gigabyte": lambda: png(
        16,
        chunk(b"iCCP", b"p\0\0" + zeros_deflated(GIB)),
        chunk(b"IDAT", zlib.compress(bytes(16 * 17))),
    ),
    "a PNG whose text unpacks to a gigabyte": lambda: png(
        16,
        chunk(b"zTXt", b"Comment\0\0" + zeros_deflated(GIB)),
        chunk(b"IDAT", zlib.compress(bytes(16 * 17))),
    ),
    "a TIFF strip that inflates to a gigabyte": lambda: tiff(
        16, 16, zeros_deflated(GIB), compression=8
    ),
    "a TIFF strip of LZW that unpacks to megabytes": lambda: tiff(
        16, 16, zeros_in_lzw(4000) * 200, compression=5
    ),
    "a TIFF of 262,144 tiles at one place": lambda: tiff(
        8192, 8192, bytes(256), tile=16, places=512 * 512
    ),
    # tifffile alone reads its directories for ever; found by mutation.
    "a TIFF whose directory leads into itself": lambda: tiff(16, 16, bytes(256), following=16),
    "a TIFF whose directory follows itself": lambda: tiff(16, 16, bytes(256), following="itself"),
    "a TIFF whose part is itself": lambda: tiff(16, 16, bytes(256), more=[(330, (4, [8 + 256]))]),
    "a TIFF of a billion strips that are not there": lambda: tiff(
        16, 16, bytes(256), more=[(278, (4, [1]))]
    ).replace(struct.pack("<HHI", 273, 4, 1), struct.pack("<HHI", 273, 4, 10**9)),
}
