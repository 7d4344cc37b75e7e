"""A label file is understood, or refused with what is wrong; nothing is guessed."""

import json
import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._label_file import check_distinct, read_label_file, shown_labels

NAMES = st.lists(
    st.text(
        st.characters(
            blacklist_categories=["Cc", "Cs", "Zl", "Zp", "Zs"], blacklist_characters="\ufeff"
        ),
        min_size=1,
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture
def label_file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("name", "content"),
    [
        # One name a line.
        ("labels.txt", "cat\ndog, wild\nowl\n"),
        ("labels.txt", "\ufeffcat\r\ndog, wild\r\nowl\r\n\r\n"),
        ("labels.txt", "cat\ndog, wild\nowl".encode("utf-16")),
        ("coco.names", "cat\ndog, wild\nowl"),
        ("labels.txt", '"cat",\n"dog, wild",\n"owl"'),
        # With an index, in any order.
        ("labels.txt", "0 cat\n1 dog, wild\n2 owl\n"),
        ("labels.txt", "2: owl\n0: cat\n1: dog, wild\n"),
        ("labels.txt", "1\tcat\n2\tdog, wild\n3\towl\n"),
        ("labels.txt", "0. cat\n1. dog, wild\n2. owl\n"),
        ("labels.txt", "0) cat\n1) dog, wild\n2) owl\n"),
        ("labels.txt", "0 - cat\n1 - dog, wild\n2 - owl\n"),
        ("labels.txt", "cat 0\nowl 2\ndog, wild 1\n"),
        ("labels.txt", "index name\n0 cat\n1 dog, wild\n2 owl\n"),
        # ImageNet's synsets.
        (
            "synset_words.txt",
            "n01 cat\nn02 dog".replace("n0", "n0144076") + ", wild\nn01443537 owl",
        ),
        # Tables.
        ("labels.csv", 'cat\n"dog, wild"\nowl\n'),
        ("labels.csv", 'label\ncat\n"dog, wild"\nowl\n'),
        ("labels.csv", 'index,label\n0,cat\n1,"dog, wild"\n2,owl\n'),
        ("labels.csv", '0,cat\n1,"dog, wild"\n2,owl\n'),
        ("labels.csv", 'name,index\ncat,0\nowl,2\n"dog, wild",1\n'),
        ("labels.csv", "id;class\n0;cat\n1;dog, wild\n2;owl\n"),
        (
            "labels.csv",
            'class_id,synset,name\n0,n01440764,cat\n1,n01443537,"dog, wild"\n2,n01484850,owl\n',
        ),
        ("labels.csv", '0,n01440764,cat\n1,n01443537,"dog, wild"\n2,n01484850,owl\n'),
        ("labels.tsv", "id\tname\n0\tcat\n1\tdog, wild\n2\towl\n"),
        # JSON, Python and YAML.
        ("labels.json", '["cat", "dog, wild", "owl"]'),
        ("labels.json", '{"0": "cat", "2": "owl", "1": "dog, wild"}'),
        ("labels.json", '{"cat": 0, "owl": 2, "dog, wild": 1}'),
        ("labels.json", '{"0": ["n01", "cat"], "1": ["n02", "dog, wild"], "2": ["n03", "owl"]}'),
        (
            "labels.json",
            '[{"id": 2, "name": "owl"}, {"id": 0, "name": "cat"}, {"id": 1, "name": "dog, wild"}]',
        ),
        ("labels.json", '[[0, "cat"], [1, "dog, wild"], [2, "owl"]]'),
        ("config.json", '{"id2label": {"0": "cat", "1": "dog, wild", "2": "owl"}, "hidden": 9}'),
        (
            "config.json",
            '{"id2label": {"0": "cat", "1": "dog, wild", "2": "owl"},'
            ' "label2id": {"cat": 0, "dog, wild": 1, "owl": 2}}',
        ),
        ("labels.json", '{"classes": ["cat", "dog, wild", "owl"]}'),
        ("labels.txt", "{0: 'cat',\n 1: 'dog, wild',\n 2: 'owl'}\n"),
        ("labels.txt", "['cat', 'dog, wild', 'owl']"),
        ("labels.py.txt", "classes = ('cat', 'dog, wild', 'owl')"),
        ("data.yaml", "names:\n  0: cat\n  1: dog, wild\n  2: owl\nnc: 3\n"),
        ("data.yml", "- cat\n- dog, wild\n- owl\n"),
    ],
)
def test_every_common_form_is_read(label_file, name, content):
    assert read_label_file(label_file(name, content)) == ("cat", "dog, wild", "owl")


@pytest.mark.parametrize(
    "names",
    [
        ("type 1", "type 2", "type 3"),
        ("Gleason 6", "Gleason 7", "Gleason 8"),
        ("0", "1", "7"),
        ("3 days", "none", "7 days"),
        ("n01440764", "n01443537"),
        ("a, b", "c, d"),
    ],
)
def test_numbers_that_belong_to_names_stay_there(label_file, names):
    assert read_label_file(label_file("labels.txt", "\n".join(names))) == names


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labels.txt", "", "is empty"),
        ("labels.txt", "a\n\nb\n", "line 2 is empty"),
        ("labels.txt", "Heu\nGräser".encode("latin-1"), "line 2 is not UTF-8"),
        ("labels.txt", "0 cat\n1 dog\n1 owl\n", "'1 owl' repeats the index 1"),
        ("labels.txt", "0 cat\n1 dog\n5 owl\n", "indices 0 to 5 do not count 3 classes"),
        ("labels.txt", "0 1\n1 2\n2 0", "before or behind"),
        ("labels.txt", "cat\t0\ndog\n", "line 2 has 1 columns, line 1 has 2"),
        ("labels.txt", "cat\tFelis\ndog\tCanis\n", "2 columns that may be the name"),
        ("labels.txt", "n01440764 tench\nowl\n", "line 2 has no synset before its name"),
        ("labels.json", "{", "neither JSON nor a Python literal"),
        ("labels.json", '{"0": "a", "2": "b"}', "indices 0 to 2 do not count 2 classes"),
        ("labels.json", '{"0": 1, "1": 0}', "both its keys and its values are numbers"),
        ("labels.json", '{"cat": "dog"}', "its key 'cat' is neither a number nor mapped to one"),
        ("labels.json", "3", "holds int where a list"),
        ("labels.json", "[" * 100_000, "cannot be read"),
        ("labels.json", '[["a"], {"b": 1}]', "is not a name"),
        (
            "config.json",
            '{"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 1, "b": 0}}',
            "do not agree",
        ),
        (
            "labels.csv",
            "cat,felis\ndog,canis\n",
            "2 columns that may be the name \\('cat, felis'\\)",
        ),
        ("labels.csv", "0,cat\n1,dog,wild\n", "line 2 has 3 columns"),
        ("labels.csv", "0,0,cat\n1,1,dog\n", "columns 1 and 2 may both be the index"),
        ("data.yaml", "names: [a", "YAML"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_place(label_file, name, content, words):
    with pytest.raises(PackageFault, match=words):
        read_label_file(label_file(name, content))


def _looks_structured(names):
    return (
        names[0].startswith(("{", "[", "("))
        or re.match(r"\w+\s*=\s*[\[{(]", names[0])
        or all(re.match(r"\d|n\d{8}|[\"\']", name) or name[-1].isdigit() for name in names)
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_text_and_json_give_back_any_names(tmp_path, names):
    text, document = tmp_path / "labels.txt", tmp_path / "labels.json"
    document.write_text(json.dumps(names), "utf-8")
    assert read_label_file(document) == tuple(names)
    assume(not _looks_structured(names))
    text.write_text("\n".join(names), "utf-8")
    assert read_label_file(text) == tuple(names)


@given(names=st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True), data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_indices_decide_the_order_whatever_order_the_lines_have(tmp_path, names, data):
    lines = data.draw(st.permutations(list(enumerate(names))))
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(f"{index}: {name}" for index, name in lines), "utf-8")
    assert read_label_file(path) == tuple(names)


def test_two_classes_of_one_name_are_named():
    check_distinct(["cat", "dog"])
    with pytest.raises(PackageFault, match="classes 0 and 2 are both called 'cat'"):
        check_distinct(["cat", "dog", "cat"])


def test_what_was_understood_is_shown():
    assert shown_labels(["cat", "dog", "owl"]) == "3 classes: 0 cat, 1 dog, 2 owl"
    many = shown_labels([f"c{number}" for number in range(1000)])
    assert many.startswith("1000 classes: 0 c0, 1 c1")
    assert many.endswith("9 c9, …, 999 c999")
