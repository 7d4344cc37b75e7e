"""The catalog: what is in the folders, without anybody waiting."""

import shutil
import threading
import time
from dataclasses import replace

import pytest

from tiny_packages import Recipe, add_package
from zoobridge.errors import BrokenPackageError, InvalidRequestError
from zoobridge.zoo import _catalog


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
        add_package(zoo, folder, id=name, version=version)
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
    add_package(zoo, "one")
    add_package(zoo / "group", "two")
    zipped = Recipe(zoo / "three")
    zipped.document["id"] = "three"
    zipped.zipped()
    alone = Recipe(tmp_path / "alone")
    alone.document["id"] = "alone"
    alone.write()
    add_package(zoo / ".hidden", "four")
    catalog = open_catalog(zoo, tmp_path / "alone")
    catalog.refresh()
    assert [model.id for model in catalog.models()] == ["alone", "one", "three", "two"]


def test_additions_changes_and_removals_are_picked_up(catalog, zoo):
    assert catalog.refresh()
    add_package(zoo, "one")
    assert catalog.refresh()
    recipe = add_package(zoo, "two")
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
    recipe = add_package(zoo)
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
    add_package(zoo, "here")
    add_package(tmp_path / "drive", "there")
    catalog = open_catalog(zoo, tmp_path / "drive")
    catalog.refresh()
    (tmp_path / "drive").rename(tmp_path / "away")
    add_package(zoo, "new")
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


def test_a_broken_package_is_listed_with_its_reason(catalog, zoo):
    add_package(zoo, "good")
    (zoo / "bad").mkdir()
    (zoo / "bad" / "rdf.yaml").write_text("type: [")
    catalog.refresh()
    listed = {model.id: model.problem for model in catalog.models()}
    assert listed["good"] == ""
    assert "not valid YAML" in listed["bad"]
    with pytest.raises(BrokenPackageError, match="not valid YAML"):
        catalog.find("bad")


def test_a_broken_newest_version_names_one_that_can_be_used(catalog, zoo):
    add_package(zoo, "one", id="tiny", version="1.0")
    recipe = add_package(zoo, "two", id="tiny", version="2.0")
    (recipe.folder / "weights.onnx").unlink()
    catalog.refresh()
    with pytest.raises(BrokenPackageError, match=r"tiny@1\.0 can be used"):
        catalog.find("tiny")
    assert catalog.find("tiny@1.0").problem == ""


def test_the_same_version_twice_is_served_once_and_told(catalog, zoo):
    add_package(zoo, "one", id="tiny")
    add_package(zoo, "two", id="tiny")
    catalog.refresh()
    first, second = catalog.models()
    assert catalog.find("tiny").source.name == "one"
    assert (first.problem, first.source.name) == ("", "one")
    assert "one has the same id and version" in second.problem


def test_a_wreck_does_not_take_a_sound_packages_place(catalog, zoo):
    add_package(zoo, "one", id="tiny", version=None)
    (zoo / "tiny").mkdir()
    (zoo / "tiny" / "rdf.yaml").write_text("type: [")
    catalog.refresh()
    assert catalog.find("tiny").source.name == "one"


def test_trust_is_seen_without_a_refresh(catalog, zoo, trust):
    add_package(zoo)
    catalog.refresh()
    model = catalog.find("tiny")
    assert not model.trusted
    trust.trust([weights.digest for weights in model.weights])
    assert catalog.find("tiny").trusted
    assert catalog.models()[0] == replace(model, trusted=True)


def test_readers_never_wait_for_a_refresh(catalog, zoo, monkeypatch):
    add_package(zoo, "one")
    catalog.refresh()
    add_package(zoo, "two")
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
        add_package(zoo, f"model{index}")
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
