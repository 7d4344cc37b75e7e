"""The update site that ``make plugins`` makes for Fiji."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from screen import PROJECT

sys.path.insert(0, str(PROJECT / "plugins"))

from update_site import jar_checksum, write_site


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
    dated = make_jar(tmp_path / "b.jar", properties="#Sat Nov 28\nversion=1\n")
    assert jar_checksum(dated) == first
    assert jar_checksum(make_jar(tmp_path / "c.jar", manifest="Build-Jdk: 17\n")) == first
    assert jar_checksum(make_jar(tmp_path / "d.jar", code="other")) != first
