"""Reading labelled pictures, and matching their classes to a model's."""

import sys

import pytest

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import match_labels, read_dataset, readers


@pytest.fixture
def folder(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.TIF", "dog/3.jpg", "dog/notes.txt", "readme.md"):
        path = tmp_path / "my pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "my pets"


def test_a_folder_per_class_is_read_and_nothing_dropped_in_silence(folder):
    dataset = read_dataset(folder)
    assert [(item.path.name, item.label) for item in dataset.items] == [
        ("1.png", "cat"), ("2.TIF", "cat"), ("3.jpg", "dog"),
    ]  # fmt: skip
    assert dataset.labels == ("cat", "dog")
    assert [path.split("/")[-1] for path, _ in dataset.left_out] == ["notes.txt", "readme.md"]


def test_a_label_file_chooses_the_classes(folder):
    dataset = read_dataset(folder, classes=["dog"])
    assert dataset.labels == ("dog",)
    assert any(reason.startswith("its class") for _, reason in dataset.left_out)
    with pytest.raises(InvalidRequestError, match="no folder for emu"):
        read_dataset(folder, classes=["dog", "emu"])


def test_a_table_is_read_relative_to_itself(folder):
    table = folder / "pets.csv"
    table.write_text("path,label\ncat/1.png,cat\ndog/3.jpg,dog\n", "utf-8-sig")
    dataset = read_dataset(table)
    assert [item.path for item in dataset.items] == [folder / "cat/1.png", folder / "dog/3.jpg"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\n", "lacks the column path"),
        ("path,label\na.png,\n", "line 2: path or label is empty"),
        ("path,label\n", "names no picture"),
    ],
)
def test_a_table_that_is_not_one_is_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InvalidRequestError, match=message):
        read_dataset(tmp_path / "t.csv")


def test_what_no_reader_takes_is_refused(tmp_path):
    (tmp_path / "a.xyz").write_text("")
    with pytest.raises(InvalidRequestError, match="no dataset reader takes"):
        read_dataset(tmp_path / "a.xyz")
    with pytest.raises(InvalidRequestError, match="there are folders, csv"):
        read_dataset(tmp_path, reader="magic")
    with pytest.raises(InvalidRequestError, match="does not exist"):
        read_dataset(tmp_path / "gone")
    with pytest.raises(InvalidRequestError, match="holds no picture"):
        read_dataset(tmp_path)


def test_an_installed_package_adds_a_reader(tmp_path, monkeypatch):
    (tmp_path / "lists_reader.py").write_text(
        "from pathlib import Path\n"
        "from zoobridge.evaluation import Dataset, Item\n"
        "class Lists:\n"
        "    name = 'lists'\n"
        "    description = 'A text file of paths, all of one class.'\n"
        "    def fits(self, source): return source.suffix == '.list'\n"
        "    def read(self, source, classes=()):\n"
        "        lines = source.read_text().split()\n"
        "        return Dataset(tuple(Item(Path(line), 'x') for line in lines))\n"
    )
    info = tmp_path / "lists_reader-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lists-reader\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoobridge.dataset_readers]\nl = lists_reader:Lists\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(readers()) == ["folders", "csv", "lists"]
    (tmp_path / "a.list").write_text("p.png q.png")
    assert len(read_dataset(tmp_path / "a.list").items) == 2
    sys.modules.pop("lists_reader")


def test_classes_are_matched_by_name_or_by_a_mapping():
    assert match_labels(["b", "a"], ["a", "b"]) == {"b": 1, "a": 0}
    assert match_labels(["t cell"], ["B-cell", "T_Cell"]) == {"t cell": 1}
    assert match_labels(["1"], ["one", "two"], {"1": "two"}) == {"1": 1}


def test_all_classes_that_do_not_match_are_listed():
    with pytest.raises(InvalidRequestError, match="several: emu, yak; it knows cat, dog"):
        match_labels(["emu", "cat", "yak"], ["cat", "dog"])
