"""Unpacking zip files that nobody vouches for."""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from zoobridge.zoo._fault import PackageFault

__all__ = ["unpack"]

_ENTRIES = 20_000
_BYTES = 16 << 30
#: Below this size nobody is harmed, however well it was compressed.
_HARMLESS_BYTES = 256 << 20
_RATIO = 200
_CHUNK = 1 << 20
_DEVICE = re.compile(r"con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]", re.IGNORECASE)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into a folder that appears complete or not at all.

    Nothing is written outside `folder`, whatever the names in the archive; links, special files
    and encrypted entries are refused, as is content that is out of all proportion to the archive.
    Where all of it lies in one folder, that folder's content is taken.

    Parameters
    ----------
    archive
        The zip file.
    folder
        Where its content goes. If it exists already, it is left unchanged.

    Raises
    ------
    PackageFault
        If the archive is damaged or dangerous.
    OSError
        If the folder cannot be written.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _checked(opened, archive)
            for info, parts in entries:
                _write(opened, info, scratch.joinpath(*parts))
        try:
            scratch.rename(folder)
        except OSError:
            # Another process was faster.
            if not folder.exists():
                raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        UnicodeDecodeError,
    ) as error:
        raise PackageFault(
            f"{archive.name} is not a sound zip file ({error}); copy or download it again"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _checked(
    opened: zipfile.ZipFile, archive: Path
) -> list[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    infos = opened.infolist()
    if len(infos) > _ENTRIES:
        raise PackageFault(f"{archive.name} holds {len(infos)} entries; at most {_ENTRIES} may be")
    size = sum(info.file_size for info in infos)
    packed = archive.stat().st_size
    if size > _BYTES or (size > _HARMLESS_BYTES and size > _RATIO * packed):
        raise PackageFault(
            f"{archive.name} would grow from {packed} to {size} bytes, as a decompression bomb "
            "does; unpack it yourself if you trust it"
        )
    free = shutil.disk_usage(archive.parent).free
    entries = []
    seen: set[str] = set()
    for info in infos:
        parts = _parts(info, archive)
        name = "/".join(parts).casefold()
        if name in seen and not info.is_dir():
            raise PackageFault(f"{archive.name} holds {info.filename!r} twice; pack it again")
        seen.add(name)
        if parts and not info.is_dir():
            entries.append((info, parts))
    if size > free:
        raise PackageFault(f"{archive.name} needs {size} bytes, but the disk has {free} left")
    return _lifted(entries)


def _lifted(
    entries: list[tuple[zipfile.ZipInfo, tuple[str, ...]]],
) -> list[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    """Return entries as they lie in the only folder of an archive, as the Finder of macOS makes them.

    What it adds for itself is left out.
    """
    own = [
        (info, parts)
        for info, parts in entries
        if parts[0] != "__MACOSX" and parts[-1] != ".DS_Store" and not parts[-1].startswith("._")
    ]
    tops = {parts[0] for _, parts in own}
    if len(tops) == 1 and all(len(parts) > 1 for _, parts in own):
        return [(info, parts[1:]) for info, parts in own]
    return own


def _parts(info: zipfile.ZipInfo, archive: Path) -> tuple[str, ...]:
    # The name as stored: zipfile cuts it at a NUL and turns backslashes on Windows.
    name = info.orig_filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PackageFault(
            f"{archive.name} holds {name!r}, which is a link or a special file; pack the file itself"
        )
    if info.flag_bits & 0x1:
        raise PackageFault(f"{archive.name} is encrypted; pack it without a password")
    path = PurePosixPath(name)
    if (
        path.is_absolute()
        or ".." in path.parts
        or re.search(r'[\\:*?"<>|\x00-\x1f]', name)
        or any(part != part.rstrip(". ") for part in path.parts)
        or _is_reserved(path)
    ):
        raise PackageFault(
            f"{archive.name} holds {name!r}, whose name leads outside the package or does not exist "
            "on every system; pack it again with plain relative names"
        )
    return path.parts


def _is_reserved(path: PurePosixPath) -> bool:
    """Tell whether Windows opens a device by one of the names (``NUL``, ``COM1.txt``)."""
    return any(_DEVICE.fullmatch(part.partition(".")[0].strip()) for part in path.parts)


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # zipfile reads no more than the size that the entry states, and checks its CRC.
    with opened.open(info) as source, target.open("xb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
