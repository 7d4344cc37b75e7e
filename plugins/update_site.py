"""Make a Fiji update site of the plugin's jar: a folder to upload as it is.

Run by ``make plugins``; writes ``plugins/imagej/target/update-site``. The format is the one of
net.imagej.updater: ``db.xml.gz`` lists each file with its checksum, and the files lie beside it with
their time stamp behind the name.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

TARGET = Path(__file__).parent / "imagej" / "target"
DESCRIPTION = "Classify images, regions, stacks and folders with the models of a zoo"
AUTHOR = "The ZooBridge developers"

DOCTYPE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE pluginRecords [
<!ELEMENT pluginRecords (plugin*)>
<!ELEMENT plugin (version)>
<!ELEMENT version (description, author)>
<!ELEMENT description (#PCDATA)>
<!ELEMENT author (#PCDATA)>
<!ATTLIST plugin filename CDATA #REQUIRED>
<!ATTLIST version checksum CDATA #REQUIRED>
<!ATTLIST version timestamp CDATA #REQUIRED>
<!ATTLIST version filesize CDATA #REQUIRED>
]>
"""


def jar_checksum(jar: Path) -> str:
    """Return the checksum that Fiji's updater computes of a jar.

    It is the SHA-1 of each entry's name and content in the order of the names, without what differs
    from build to build: comments of properties files, and the manifest's lines
    (``UpdaterUtil.getJarDigest`` of imagej-updater).
    """
    digest = hashlib.sha1(usedforsecurity=False)
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(archive.namelist()):
            digest.update(name.encode("ascii"))
            if name == "META-INF/MANIFEST.MF":
                continue
            content = archive.read(name)
            if name.endswith(".properties"):
                content = without_comments(content)
            digest.update(content)
    return digest.hexdigest()


def without_comments(properties: bytes) -> bytes:
    """Return what the updater reads of a properties file.

    Of a comment its line end stays. The line after an empty one, or after a comment of ``#`` alone, is
    read as it is, even where it is a comment: so does ``SkipHashedLines`` of imagej-updater.
    """
    read = bytearray()
    at_start = True
    for line in re.findall(rb"[^\n]*\n|[^\n]+", properties):
        is_comment = at_start and line.startswith(b"#")
        read += line[len(line.rstrip(b"\n")) :] if is_comment else line
        at_start = not (at_start and line.lstrip(b"#" if is_comment else b"") == b"\n")
    return bytes(read)


def write_site(jar: Path, site: Path) -> None:
    """Write the update site of one jar.

    Parameters
    ----------
    jar
        The plugin's jar.
    site
        The folder to make; what it holds is replaced.
    """
    shutil.rmtree(site, ignore_errors=True)
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(jar.stat().st_mtime))
    name = f"plugins/{jar.name}"
    copy = site / f"{name}-{stamp}"
    copy.parent.mkdir(parents=True)
    shutil.copyfile(jar, copy)
    records = ET.Element("pluginRecords")
    plugin = ET.SubElement(records, "plugin", filename=name)
    version = ET.SubElement(
        plugin,
        "version",
        checksum=jar_checksum(jar),
        timestamp=stamp,
        filesize=str(jar.stat().st_size),
    )
    ET.SubElement(version, "description").text = DESCRIPTION
    ET.SubElement(version, "author").text = AUTHOR
    text = DOCTYPE + ET.tostring(records, encoding="unicode") + "\n"
    database = site / "db.xml.gz"
    database.write_bytes(gzip.compress(text.encode(), mtime=0))
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(site).as_posix()}\n"
        for path in (database, copy)
    ]
    (site / "SHA256SUMS").write_text("".join(sums))


def main() -> None:
    """Write the update site of the jar that Maven has built."""
    jars = sorted(TARGET.glob("ZooBridge_-*.jar"))
    if len(jars) != 1:
        sys.exit(f"{len(jars)} plugin jars are in {TARGET}; run mvn clean package first")
    write_site(jars[0], TARGET / "update-site")


if __name__ == "__main__":
    main()
