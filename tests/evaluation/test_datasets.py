"""Reading labelled pictures from folders and tables, and matching their classes to a model's."""

import sys

import pyarrow as pa
import pyarrow.parquet
import pytest

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import (
    Dataset,
    LabelledItem,
    match_labels,
    read_dataset,
    read_mapping,
    readers,
)
from zoobridge.evaluation.datasets._labels import labels_for


@pytest.fixture
def folder(tmp_path):
    for name in ("cat/1.png", "cat/deep/2.TIF", "dog/3.jpg", "dog/notes.txt", "readme.md"):
        path = tmp_path / "my pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "my pets"


def test_each_reader_says_what_it_reads_and_what_may_be_told_it():
    known = readers()
    assert list(known) == ["folders", "table", "objects"]
    for name, one in known.items():
        assert one.name == name
        assert one.description.endswith(".")
        assert all(text.endswith(".") for text in one.options.values())


def test_a_folder_per_class_is_read_and_nothing_dropped_in_silence(folder):
    dataset = read_dataset(folder)
    assert [(item.path.name, item.label) for item in dataset.items] == [
        ("1.png", "cat"), ("2.TIF", "cat"), ("3.jpg", "dog"),
    ]  # fmt: skip
    assert dataset.labels == ("cat", "dog")
    assert [path.split("/")[-1] for path, _ in dataset.left_out] == ["notes.txt", "readme.md"]


def test_a_label_file_chooses_the_classes(folder):
    chosen = folder.parent / "classes.txt"
    chosen.write_text("dog\n\n", "utf-8-sig")
    dataset = read_dataset(folder, options={"labels": str(chosen)})
    assert dataset.labels == ("dog",)
    assert any(reason.startswith("its class") for _, reason in dataset.left_out)
    chosen.write_text("dog\nemu\n")
    with pytest.raises(InvalidRequestError, match="no folder for emu"):
        read_dataset(folder, options={"labels": str(chosen)})
    chosen.write_text("\n")
    with pytest.raises(InvalidRequestError, match="is empty"):
        read_dataset(folder, options={"labels": str(chosen)})


def test_a_table_is_read_relative_to_itself(folder):
    table = folder / "pets.csv"
    table.write_text('path,label,note\ncat/1.png,cat,"a, b"\ndog/3.jpg,dog\n', "utf-8-sig")
    dataset = read_dataset(table)
    assert [item.path for item in dataset.items] == [folder / "cat/1.png", folder / "dog/3.jpg"]
    assert [item.labels for item in dataset.items] == [("cat",), ("dog",)]
    assert not dataset.multi_label


def test_parquet_is_read_as_csv_is(folder):
    table = folder / "pets.parquet"
    columns = pa.table({"path": ["cat/1.png", "dog/3.jpg"], "label": [7, 8]})
    pyarrow.parquet.write_table(columns, table)
    dataset = read_dataset(table)
    assert [item.path for item in dataset.items] == [folder / "cat/1.png", folder / "dog/3.jpg"]
    assert dataset.labels == ("7", "8")
    table.write_bytes(b"PAR1 no more")
    with pytest.raises(InvalidRequestError, match="cannot be read as Parquet"):
        read_dataset(table, reader="table")


def test_several_classes_lie_in_a_cell_of_the_column_labels_or_by_a_separator(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("path,labels\na.png,mitosis|dead\nb.png,\nc.png,dead|dead\n")
    dataset = read_dataset(table)
    assert dataset.multi_label
    assert [item.labels for item in dataset.items] == [("mitosis", "dead"), (), ("dead",)]
    assert dataset.items[0].label == "mitosis|dead"
    table.write_text("file,kinds\na.png,x; y\n")
    options = {"path": "file", "label": "kinds", "separator": ";"}
    dataset = read_dataset(table, reader="table", options=options)
    assert dataset.items[0].labels == ("x", "y")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\n", "lacks the column path; it has file, label"),
        ("path,label\na.png,\n", "row 1: label is empty"),
        ("path,label\n,cat\n", "row 1: path is empty"),
        ("path,label\n", "names no picture"),
        ("path,label\na,b,c\n", "line 2 has 3 cells under 2 columns"),
        ("path,label\n\ud800,b\n", "cannot be read as CSV"),
    ],
)
def test_a_table_that_is_not_one_is_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InvalidRequestError, match=message):
        read_dataset(tmp_path / "t.csv", reader="table")


def test_what_no_reader_takes_is_refused(tmp_path):
    (tmp_path / "a.xyz").write_text("")
    with pytest.raises(InvalidRequestError, match="no dataset reader takes"):
        read_dataset(tmp_path / "a.xyz")
    with pytest.raises(InvalidRequestError, match="there are folders, table, objects"):
        read_dataset(tmp_path, reader="magic")
    with pytest.raises(InvalidRequestError, match="no option colour; there are labels"):
        read_dataset(tmp_path, options={"colour": "red"})
    with pytest.raises(InvalidRequestError, match="does not exist"):
        read_dataset(tmp_path / "gone")
    with pytest.raises(InvalidRequestError, match="holds no picture"):
        read_dataset(tmp_path)


def test_items_of_one_class_each_have_one(tmp_path):
    with pytest.raises(InvalidRequestError, match="has 2 classes where each item has one"):
        Dataset((LabelledItem(tmp_path / "a.png", ("x", "y")),))
    with pytest.raises(InvalidRequestError, match="no item of the dataset has a class"):
        Dataset((LabelledItem(tmp_path / "a.png", ()),), multi_label=True)
    with pytest.raises(InvalidRequestError, match="no labelled picture"):
        Dataset(())


def test_an_installed_package_adds_a_reader(tmp_path, monkeypatch):
    (tmp_path / "lists_reader.py").write_text(
        "from pathlib import Path\n"
        "from zoobridge.evaluation import Dataset, LabelledItem\n"
        "class Lists:\n"
        "    name = 'lists'\n"
        "    description = 'A text file of paths, all of one class.'\n"
        "    options = {'class': 'The class.'}\n"
        "    def fits(self, source): return source.suffix == '.list'\n"
        "    def read(self, source, options):\n"
        "        lines = source.read_text().split()\n"
        "        return Dataset(tuple(LabelledItem(Path(line), (options['class'],)) for line in lines))\n"
    )
    info = tmp_path / "lists_reader-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lists-reader\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoobridge.dataset_readers]\nl = lists_reader:Lists\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(readers()) == ["folders", "table", "objects", "lists"]
    (tmp_path / "a.list").write_text("p.png q.png")
    dataset = read_dataset(tmp_path / "a.list", options={"class": "x"})
    assert [item.labels for item in dataset.items] == [("x",), ("x",)]
    sys.modules.pop("lists_reader")


def test_classes_are_matched_by_name_or_by_a_mapping():
    assert match_labels(["b", "a"], ["a", "b"]) == {"b": 1, "a": 0}
    assert match_labels(["t cell"], ["B-cell", "T_Cell"]) == {"t cell": 1}
    assert match_labels(["1"], ["one", "two"], {"1": "two"}) == {"1": 1}


def test_a_mapping_serves_models_that_use_other_words_and_models_that_do_not():
    mapping = {"1": "one"}
    assert match_labels(["1"], ["zero", "one"], mapping) == {"1": 1}
    assert match_labels(["1"], ["0", "1"], mapping) == {"1": 1}


def test_all_classes_that_do_not_match_are_listed():
    with pytest.raises(InvalidRequestError, match="several: emu, yak; it knows cat, dog"):
        match_labels(["emu", "cat", "yak"], ["cat", "dog"])
    with pytest.raises(InvalidRequestError, match=r"emu \(mapped to bird\)"):
        match_labels(["emu"], ["cat", "dog"], {"emu": "bird"})
    with pytest.raises(InvalidRequestError, match="several: t cell"):
        match_labels(["t cell"], ["T-cell", "T cell"])


def test_a_single_output_tells_its_class_from_the_rest():
    def found(labels, mapping=None):
        return labels_for(labels, ("infected",), mapping, multi_label=False)

    assert found(["healthy", "infected"]) == (
        ("healthy", "infected"),
        {"healthy": 0, "infected": 1},
    )
    assert found(["0", "1"], {"1": "infected"}) == (("0", "infected"), {"0": 0, "1": 1})
    assert found(["infected"])[0] == ("not infected", "infected")
    with pytest.raises(InvalidRequestError, match="match no label"):
        found(["healthy", "infected", "dead"])


def test_a_mapping_is_read_from_csv(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("class,label\n0,zero\n1,one\n")
    assert read_mapping(path) == {"0": "zero", "1": "one"}
    for text, message in [
        ("class,label\n0,\n", "class or label is empty"),
        ("class,label\n0,a\n0,b\n", "0 is there twice"),
        ("a,b\n0,a\n", "lacks the column class, label"),
    ]:
        path.write_text(text)
        with pytest.raises(InvalidRequestError, match=message):
            read_mapping(path)
