"""The catalog: what is in the folders, without anybody waiting."""

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from tiny_packages import Recipe
from zoobridge.errors import BrokenPackageError, InvalidRequestError, UnknownModelError
from zoobridge.zoo import Catalog, TrustStore, _catalog


@pytest.fixture
def zoo(tmp_path):
    (tmp_path / "zoo").mkdir()
    return tmp_path / "zoo"


@pytest.fixture
def trust(tmp_path):
    return TrustStore(tmp_path / "config" / "trusted.json")


@pytest.fixture
def open_catalog(zoo, trust, tmp_path):
    def open_it(*folders):
        return Catalog(folders or [zoo], cache=tmp_path / "cache", trust=trust)

    return open_it


@pytest.fixture
def catalog(open_catalog):
    return open_catalog()


def add(zoo, name="tiny", **fields):
    recipe = Recipe(zoo / name)
    recipe.document.update({"id": name, **fields})
    recipe.write()
    return recipe


def age(folder):
    """Set back all times, as if the package had lain there for a while."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (1_600_000_000, 1_600_000_000))


def test_a_folder_that_does_not_exist_is_named(open_catalog, tmp_path):
    with pytest.raises(InvalidRequestError, match="none does not exist"):
        open_catalog(tmp_path / "none")


def test_models_are_listed_by_id_and_newest_version_first(catalog, zoo):
    for folder, name, version in [
        ("b", "beta", "1.0"),
        ("a1", "alpha", "1.9.0"),
        ("a2", "alpha", "1.10.0"),
        ("a3", "alpha", "1.10.0rc1"),
    ]:
        add(zoo, folder, id=name, version=version)
    catalog.refresh()
    assert [model.reference for model in catalog.models()] == [
        "alpha@1.10.0",
        "alpha@1.10.0rc1",
        "alpha@1.9.0",
        "beta@1.0",
    ]
    assert catalog.find("alpha").version == "1.10.0"
    assert catalog.find("alpha@1.9.0").version == "1.9.0"


def test_folders_zips_groups_and_a_package_itself_are_found(open_catalog, zoo, tmp_path):
    add(zoo, "one")
    add(zoo / "group", "two")
    zipped = Recipe(zoo / "three")
    zipped.document["id"] = "three"
    zipped.zipped()
    alone = Recipe(tmp_path / "alone")
    alone.document["id"] = "alone"
    alone.write()
    add(zoo / ".hidden", "four")
    catalog = open_catalog(zoo, tmp_path / "alone")
    catalog.refresh()
    assert [model.id for model in catalog.models()] == ["alone", "one", "three", "two"]


def test_additions_changes_and_removals_are_picked_up(catalog, zoo):
    assert catalog.refresh()
    add(zoo, "one")
    assert catalog.refresh()
    recipe = add(zoo, "two")
    catalog.refresh()
    before = catalog.find("two").weights[0].digest
    recipe.document["name"] = "Another name"
    recipe.write()
    assert catalog.refresh()
    assert catalog.find("two").name == "Another name"
    assert catalog.find("two").weights[0].digest != before
    shutil.rmtree(zoo / "two")
    assert catalog.refresh()
    assert [model.id for model in catalog.models()] == ["one"]


def test_a_package_is_broken_only_while_it_is_half_copied(catalog, zoo):
    recipe = add(zoo)
    content = (recipe.folder / "weights.onnx").read_bytes()
    (recipe.folder / "weights.onnx").write_bytes(content[:50])
    catalog.refresh()
    with pytest.raises(BrokenPackageError, match="SHA-256"):
        catalog.find("tiny")
    (recipe.folder / "weights.onnx").write_bytes(content)
    catalog.refresh()
    assert catalog.find("tiny").problem == ""


def test_a_half_copied_zip_is_broken_only_for_the_while(catalog, zoo):
    path = Recipe(zoo / "tiny").zipped()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    catalog.refresh()
    assert "zip" in catalog.models()[0].problem
    path.write_bytes(content)
    catalog.refresh()
    assert catalog.find("tiny-net").problem == ""


def test_a_drive_that_is_away_keeps_its_models_and_hides_no_others(
    open_catalog, zoo, tmp_path, caplog
):
    add(zoo, "here")
    add(tmp_path / "drive", "there")
    catalog = open_catalog(zoo, tmp_path / "drive")
    catalog.refresh()
    (tmp_path / "drive").rename(tmp_path / "away")
    add(zoo, "new")
    catalog.refresh()
    catalog.refresh()
    assert [model.id for model in catalog.models()] == ["here", "new", "there"]
    assert [record.getMessage() for record in caplog.records] == [
        f"the zoo folder {tmp_path / 'drive'} cannot be read; its models stay as known"
    ]
    (tmp_path / "away").rename(tmp_path / "drive")
    shutil.rmtree(tmp_path / "drive" / "there")
    catalog.refresh()
    assert [model.id for model in catalog.models()] == ["here", "new"]


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
    add(zoo, "one")
    changed = add(zoo, "two")
    catalog.refresh()
    changed.document["name"] = "Another name"
    changed.write()
    catalog.refresh()
    catalog.refresh()
    assert read == ["one", "two", "two"]


def test_a_package_changed_a_moment_ago_is_read_once_more(catalog, zoo, monkeypatch):
    read = reads(monkeypatch)
    add(zoo, "one")
    catalog.refresh()
    assert not catalog.refresh()
    assert read == ["one", "one"]


def test_a_change_that_keeps_size_and_time_is_seen(catalog, zoo):
    recipe = add(zoo)
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
    add(zoo, "one")
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
    add(zoo, "one")
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
    add(zoo)
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
    add(zoo)
    (tmp_path / "file").write_text("no folder")
    catalog = Catalog([zoo], cache=tmp_path / "file" / "cache", trust=trust)
    catalog.refresh()
    assert catalog.find("tiny").problem == ""


# Finding


def test_an_unknown_model_is_answered_with_near_names(catalog, zoo):
    add(zoo, "textures")
    catalog.refresh()
    with pytest.raises(UnknownModelError, match="did you mean textures") as caught:
        catalog.find("texture")
    assert caught.value.field == "model"


def test_an_unknown_version_is_answered_with_those_there_are(catalog, zoo):
    add(zoo)
    catalog.refresh()
    with pytest.raises(UnknownModelError, match=r"no version 2\.0; it has: 1\.0\.0"):
        catalog.find("tiny@2.0")


def test_an_empty_zoo_says_so(catalog):
    catalog.refresh()
    with pytest.raises(UnknownModelError, match="zoobridge add"):
        catalog.find("digits")


def test_before_the_first_refresh_the_zoo_is_said_to_be_read_still(catalog, zoo):
    add(zoo)
    with pytest.raises(UnknownModelError, match="still being read"):
        catalog.find("tiny")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "@", "a@b@c", "x" * 9_999])
def test_a_name_is_looked_up_and_never_a_path(catalog, zoo, name):
    add(zoo)
    catalog.refresh()
    with pytest.raises(UnknownModelError):
        catalog.find(name)


def test_the_original_id_and_capitals_are_accepted(catalog, zoo):
    add(zoo, "one", id="10.5281/zenodo.5764892")
    catalog.refresh()
    for name in [
        "10.5281/zenodo.5764892",
        "10.5281/zenodo.5764892@1.0.0",
        "10.5281-ZENODO.5764892",
    ]:
        assert catalog.find(name).id == "10.5281-zenodo.5764892"


def test_a_broken_package_is_listed_with_its_reason(catalog, zoo):
    add(zoo, "good")
    (zoo / "bad").mkdir()
    (zoo / "bad" / "rdf.yaml").write_text("type: [")
    catalog.refresh()
    listed = {model.id: model.problem for model in catalog.models()}
    assert listed["good"] == ""
    assert "not valid YAML" in listed["bad"]
    with pytest.raises(BrokenPackageError, match="not valid YAML"):
        catalog.find("bad")


def test_a_broken_newest_version_names_one_that_can_be_used(catalog, zoo):
    add(zoo, "one", id="tiny", version="1.0")
    recipe = add(zoo, "two", id="tiny", version="2.0")
    (recipe.folder / "weights.onnx").unlink()
    catalog.refresh()
    with pytest.raises(BrokenPackageError, match=r"tiny@1\.0 can be used"):
        catalog.find("tiny")
    assert catalog.find("tiny@1.0").problem == ""


def test_the_same_version_twice_is_served_once_and_told(catalog, zoo):
    add(zoo, "one", id="tiny")
    add(zoo, "two", id="tiny")
    catalog.refresh()
    first, second = catalog.models()
    assert catalog.find("tiny").source.name == "one"
    assert (first.problem, first.source.name) == ("", "one")
    assert "one has the same id and version" in second.problem


def test_a_wreck_does_not_take_a_sound_packages_place(catalog, zoo):
    add(zoo, "one", id="tiny", version=None)
    (zoo / "tiny").mkdir()
    (zoo / "tiny" / "rdf.yaml").write_text("type: [")
    catalog.refresh()
    assert catalog.find("tiny").source.name == "one"


def test_trust_is_seen_without_a_refresh(catalog, zoo, trust):
    add(zoo)
    catalog.refresh()
    model = catalog.find("tiny")
    assert not model.trusted
    trust.trust([weights.digest for weights in model.weights])
    assert catalog.find("tiny").trusted
    assert catalog.models()[0] == replace(model, trusted=True)


def test_readers_never_wait_for_a_refresh(catalog, zoo, monkeypatch):
    add(zoo, "one")
    catalog.refresh()
    add(zoo, "two")
    entered, leave = threading.Event(), threading.Event()
    original = _catalog.read_package

    def slow(path, **options):
        entered.set()
        leave.wait(30)
        return original(path, **options)

    monkeypatch.setattr(_catalog, "read_package", slow)
    thread = threading.Thread(target=catalog.refresh)
    thread.start()
    try:
        assert entered.wait(30)
        assert catalog.find("one").problem == ""
        assert [model.id for model in catalog.models()] == ["one"]
    finally:
        leave.set()
        thread.join()
    assert catalog.find("two").problem == ""


def test_many_threads_refresh_and_read_at_once(catalog, zoo):
    for index in range(3):
        add(zoo, f"model{index}")
    errors = []
    stop = threading.Event()

    def read():
        while not stop.is_set():
            listed = [model.id for model in catalog.models()]
            if listed != sorted(listed):
                errors.append(listed)
            time.sleep(0.001)

    readers = [threading.Thread(target=read) for _ in range(3)]
    writers = [threading.Thread(target=catalog.refresh) for _ in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    assert errors == []
    assert len(catalog.models()) == 3
