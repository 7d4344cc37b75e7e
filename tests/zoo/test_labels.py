"""Class names from label files."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._labels import are_placeholders, read_label_file

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
        ("labels.txt", "a\nb, c\nd\n"),
        ("labels.txt", "\ufeffa\r\nb, c\r\nd\r\n\r\n"),
        ("coco.names", "a\nb, c\nd"),
        ("labels.json", '["a", "b, c", "d"]'),
        ("labels.json", '{"0": "a", "2": "d", "1": "b, c"}'),
        ("labels.json", '{"a": 0, "d": 2, "b, c": 1}'),
        ("labels.json", '{"0": ["n01", "a"], "1": ["n02", "b, c"], "2": ["n03", "d"]}'),
        ("labels.csv", 'a\n"b, c"\nd\n'),
        ("labels.csv", 'index,label\n0,a\n1,"b, c"\n2,d\n'),
        ("labels.csv", '0,a\n1,"b, c"\n2,d\n'),
        ("labels.tsv", "id\tname\n0\ta\n1\tb, c\n2\td\n"),
    ],
)
def test_every_common_form_is_read(label_file, name, content):
    assert read_label_file(label_file(name, content)) == ("a", "b, c", "d")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("labels.txt", "", "is empty"),
        ("labels.txt", "a\n\nb\n", "line 2"),
        ("labels.txt", "Gräser".encode("latin-1"), "UTF-8"),
        ("labels.json", "{", "cannot be read"),
        ("labels.json", '{"0": "a", "2": "b"}', "cannot be read"),
        ("labels.json", "3", "cannot be read"),
        ("labels.json", "[" * 100_000, "cannot be read"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(label_file, name, content, words):
    with pytest.raises(PackageFault, match=words):
        read_label_file(label_file(name, content))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_text_and_json_give_back_any_names(tmp_path, names):
    text, document = tmp_path / "labels.txt", tmp_path / "labels.json"
    text.write_text("\n".join(names), "utf-8")
    document.write_text(json.dumps(names), "utf-8")
    assert read_label_file(text) == read_label_file(document) == tuple(names)


@pytest.mark.parametrize("names", [["channel0", "channel1"], ["Channel_0"], ["channel 12"]])
def test_placeholders_are_known(names):
    assert are_placeholders(names)


@pytest.mark.parametrize("names", [["0", "1"], ["channel0", "grass"], ["class 0"], ["channel"]])
def test_names_are_no_placeholders(names):
    assert not are_placeholders(names)
