"""What was read before is read again only where it changed."""

import shutil
import subprocess
import sys

import pytest

from tiny_packages import Recipe, add_package, age
from zoobridge.errors import BrokenPackageError
from zoobridge.zoo import Catalog, _catalog


def reads(monkeypatch):
    """Count real reads."""
    read = []
    original = _catalog.read_package

    def counting(path, **options):
        read.append(path.name)
        return original(path, **options)

    monkeypatch.setattr(_catalog, "read_package", counting)
    return read


def settled(monkeypatch):
    original = _catalog.signature_of
    monkeypatch.setattr(_catalog, "signature_of", lambda path: (original(path)[0], True))


def test_only_what_changed_is_read_again(catalog, zoo, monkeypatch):
    settled(monkeypatch)
    read = reads(monkeypatch)
    add_package(zoo, "one")
    changed = add_package(zoo, "two")
    catalog.refresh()
    changed.document["name"] = "Another name"
    changed.write()
    catalog.refresh()
    catalog.refresh()
    assert read == ["one", "two", "two"]


def test_a_package_changed_a_moment_ago_is_read_once_more(catalog, zoo, monkeypatch):
    read = reads(monkeypatch)
    add_package(zoo, "one")
    catalog.refresh()
    assert not catalog.refresh()
    assert read == ["one", "one"]


def test_a_change_that_keeps_size_and_time_is_seen(catalog, zoo):
    recipe = add_package(zoo)
    age(recipe.folder)
    catalog.refresh()
    weights = recipe.folder / "weights.onnx"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    age(recipe.folder)
    catalog.refresh()
    with pytest.raises(BrokenPackageError, match="SHA-256"):
        catalog.find("tiny")


def test_a_restart_reads_nothing_again(open_catalog, zoo, monkeypatch):
    settled(monkeypatch)
    add_package(zoo, "one")
    first = open_catalog()
    first.refresh()
    read = reads(monkeypatch)
    second = open_catalog()
    second.refresh()
    assert read == []
    assert second.models() == first.models()
    assert second.complete


def test_a_restart_does_not_import_the_library(open_catalog, zoo, monkeypatch, tmp_path):
    settled(monkeypatch)
    add_package(zoo, "one")
    open_catalog().refresh()
    code = (
        "import sys; from pathlib import Path; from zoobridge.zoo import Catalog, TrustStore, _catalog;"
        "zoo, cache, trust = map(Path, sys.argv[1:]);"
        "catalog = Catalog([zoo], cache=cache, trust=TrustStore(trust)); catalog.refresh();"
        "print(len(catalog.models()), 'bioimageio' in sys.modules, 'pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, zoo, tmp_path / "cache", tmp_path / "trusted.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", "False", "False"]


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}', "{", '{"packages": 3}'])
def test_a_damaged_cache_is_made_anew(open_catalog, zoo, tmp_path, content):
    add_package(zoo)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "catalog.json").write_text(content)
    catalog = open_catalog()
    catalog.refresh()
    assert catalog.find("tiny").problem == ""


def test_what_was_unpacked_and_deleted_is_unpacked_again(open_catalog, zoo, tmp_path, monkeypatch):
    settled(monkeypatch)
    Recipe(zoo / "tiny").zipped()
    open_catalog().refresh()
    shutil.rmtree(tmp_path / "cache" / "unpacked")
    catalog = open_catalog()
    catalog.refresh()
    assert catalog.find("tiny-net").weights[0].path.is_file()


def test_a_cache_that_cannot_be_written_stops_nothing(zoo, trust, tmp_path):
    add_package(zoo)
    (tmp_path / "file").write_text("no folder")
    catalog = Catalog([zoo], cache=tmp_path / "file" / "cache", trust=trust)
    catalog.refresh()
    assert catalog.find("tiny").problem == ""
