"""The update site that ``make plugins`` makes for Fiji.

Fiji's updater is in no registry that a build may use, so its steps are taken here one by one, as
imagej-updater takes them: ``XMLFileReader``, ``FilesCollection.getURL``, ``Installer.verify``.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import subprocess
import sys
import threading
import urllib.request
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from screen import PROJECT, RESULTS
from zoobridge.imagej import launch

sys.path.insert(0, str(PROJECT / "plugins"))

from update_site import jar_checksum, without_comments, write_site

#: What the updater writes above its own ``db.xml.gz`` of the parts that a site may have.
GRAMMAR = """
<!ELEMENT pluginRecords ((update-site | disabled-update-site)*, plugin*)>
<!ELEMENT update-site EMPTY>
<!ELEMENT disabled-update-site EMPTY>
<!ELEMENT plugin (platform*, category*, version?, previous-version*)>
<!ELEMENT version (description?, dependency*, link*, author*)>
<!ELEMENT previous-version EMPTY>
<!ELEMENT dependency EMPTY>
<!ELEMENT description (#PCDATA)>
<!ELEMENT link (#PCDATA)>
<!ELEMENT author (#PCDATA)>
<!ELEMENT platform (#PCDATA)>
<!ELEMENT category (#PCDATA)>
<!ATTLIST plugin filename CDATA #REQUIRED update-site CDATA #IMPLIED executable CDATA #IMPLIED>
<!ATTLIST version checksum CDATA #REQUIRED timestamp CDATA #REQUIRED filesize CDATA #REQUIRED>
"""


@pytest.fixture
def site(plugin, tmp_path) -> Path:
    write_site(plugin, tmp_path / "site")
    return tmp_path / "site"


def test_the_database_names_the_jar_that_lies_beside_it(site, plugin):
    (entry,) = ET.fromstring(gzip.decompress((site / "db.xml.gz").read_bytes()))
    version = entry.find("version")
    assert entry.get("filename") == f"plugins/{plugin.name}"
    uploaded = site / f"plugins/{plugin.name}-{version.get('timestamp')}"
    assert uploaded.read_bytes() == plugin.read_bytes()
    assert int(version.get("filesize")) == plugin.stat().st_size
    assert version.get("checksum") == jar_checksum(plugin)
    assert len(version.get("timestamp")) == 14


def test_the_sums_are_those_of_the_files(site):
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=site, check=True)
    assert len((site / "SHA256SUMS").read_text().splitlines()) == 2


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(site) -> Iterator[str]:
    """The site as it is uploaded, behind a web server."""
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def install(url: str, fiji: Path) -> list[Path]:
    """Install all that a site offers, as the updater does; return the files."""
    records = etree.fromstring(gzip.decompress(fetched(url + "db.xml.gz")))
    grammar = etree.DTD(io.StringIO(GRAMMAR))
    assert grammar.validate(records), grammar.error_log
    installed = []
    for plugin in records:
        version = plugin.find("version")
        name = plugin.get("filename")
        path = fiji / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            fetched(f"{url}{name.replace(' ', '%20')}-{int(version.get('timestamp'))}")
        )
        assert path.stat().st_size == int(version.get("filesize"))
        assert jar_checksum(path) == version.get("checksum")
        installed.append(path)
    return installed


def test_an_updater_installs_it_into_an_empty_imagej(
    url, tmp_path, ij_jar, display, served, plugin
):
    fiji = tmp_path / "Fiji.app"
    (jar,) = install(url, fiji)
    assert jar == fiji / "plugins" / plugin.name
    with launch(
        ij_jar,
        plugins=fiji,
        java_options=[f"-Duser.home={tmp_path}"],
        environment={"DISPLAY": display.name, **served.environment},
    ) as imagej:
        imagej.macro('newImage("a", "8-bit ramp", 32, 32, 1);')
        imagej.run("Classify...", "model=digits top=1")
        assert len(imagej.table(RESULTS)) == 1


def test_the_database_is_valid_by_its_own_grammar(site):
    document = gzip.decompress((site / "db.xml.gz").read_bytes())
    etree.fromstring(document, etree.XMLParser(dtd_validation=True))


@pytest.mark.parametrize(
    ("properties", "read"),
    [
        (b"#Sat Nov 28\na=1\n", b"\na=1\n"),
        (b"a=1\n#b=2\nc=3", b"a=1\n\nc=3"),
        (b"a#1\n", b"a#1\n"),
        (b"\n#kept\n#dropped\n", b"\n#kept\n\n"),
        (b"##\n#kept\n", b"\n#kept\n"),
        (b"a=1\r\n#b\r\nc=3\r\n", b"a=1\r\n\nc=3\r\n"),
        (b"#unfinished", b""),
    ],
)
def test_comments_are_left_out_as_the_updater_does(properties, read):
    assert without_comments(properties) == read


def make_jar(path: Path, **content: str) -> Path:
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", content.get("manifest", "Manifest-Version: 1.0\n"))
        jar.writestr("b.properties", content.get("properties", "version=1\n"))
        jar.writestr("a.class", content.get("code", "bytes"))
    return path


def test_a_checksum_changes_with_what_a_jar_does_and_not_with_when_it_was_built(tmp_path):
    first = jar_checksum(make_jar(tmp_path / "a.jar"))
    expected = hashlib.sha1(b"META-INF/MANIFEST.MFa.classbytesb.propertiesversion=1\n")
    assert first == expected.hexdigest()
    dated = [
        jar_checksum(make_jar(tmp_path / f"{day}.jar", properties=f"#{day} Nov 28\nversion=1\n"))
        for day in ("Sat", "Sun")
    ]
    assert dated[0] == dated[1]
    assert jar_checksum(make_jar(tmp_path / "c.jar", manifest="Build-Jdk: 17\n")) == first
    assert jar_checksum(make_jar(tmp_path / "d.jar", code="other")) != first
