"""Annotations: one table, on disk before the next one is made."""

import csv
import io
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zoobridge.errors import InvalidRequestError
from zoobridge.training import Annotation, ChosenBy, parse_group_rule, read_labelled
from zoobridge.training.annotations import AnnotationJournal


def annotation(number=0, label="a", **fields):
    return Annotation(digest=f"{number:064}", path=f"/p/{number}.png", label=label, **fields)


@pytest.fixture
def journal(tmp_path):
    opened = []

    def open_journal():
        opened.append(AnnotationJournal(tmp_path / "annotations.jsonl"))
        return opened[-1]

    yield open_journal
    for one in opened:
        one.close()


def test_what_was_annotated_is_there_when_the_project_is_opened_again(journal):
    journal().add([annotation(0), annotation(1, "b, c", chosen_by=ChosenBy.SUGGESTED)])
    assert list(journal()) == [
        annotation(0),
        annotation(1, "b, c", chosen_by=ChosenBy.SUGGESTED),
    ]


def test_a_line_that_a_crash_cut_off_costs_that_annotation_alone(journal, tmp_path):
    journal().add([annotation(0), annotation(1)])
    path = tmp_path / "annotations.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    again = journal()
    assert list(again) == [annotation(0)]
    again.add([annotation(2)])
    assert list(journal()) == [annotation(0), annotation(2)]


def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(journal, tmp_path):
    path = tmp_path / "annotations.jsonl"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidRequestError, match="line 1 is not an annotation"):
        journal()
    assert path.read_text() == "a,b\n1,2\n"


def test_each_person_has_one_class_for_an_item(journal):
    book = journal()
    book.add([annotation(0, "a", annotator="ada"), annotation(0, "b", annotator="ada")])
    book.add([annotation(0, "a", annotator="bob")])
    assert [(one.annotator, one.label) for one in book] == [("ada", "b"), ("bob", "a")]


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 3), st.sampled_from("ab")),
            st.tuples(st.just("undo"), st.just(0), st.just("")),
        )
    )
)
def test_undo_takes_changes_back_one_by_one_and_so_does_the_file(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("journal") / "annotations.jsonl"
    states = [{}]
    with closing(AnnotationJournal(path)) as book:
        for what, number, label in steps:
            if what == "undo":
                book.undo()
                states = states[:-1] or [{}]
            else:
                book.add([annotation(number, label)])
                if states[-1].get(number) != label:
                    states.append({**states[-1], number: label})
            assert classes(book) == states[-1]
    with closing(AnnotationJournal(path)) as again:
        assert classes(again) == states[-1]


def test_what_is_no_longer_there_is_forgotten_and_that_can_be_taken_back(journal):
    book = journal()
    book.add([annotation(0), annotation(1)])
    book.keep_only([annotation(1)])
    assert classes(journal()) == {1: "a"}
    assert book.undo() is None
    assert classes(book) == classes(journal()) == {0: "a", 1: "a"}


def classes(book):
    return {int(one.digest): one.label for one in book}


def write_pictures(folder, *places):
    for number, place in enumerate(places):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), number).save(path)


def test_a_folder_per_class_is_read_and_nothing_in_it_changed(tmp_path):
    write_pictures(tmp_path, "a, left/1.png", "b/2.png", "b/3.png")
    (tmp_path / "b" / "notes.txt").write_text("?")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    found = read_labelled(tmp_path, annotator="ada")
    assert [one.label for one in found.annotations] == ["a, left", "b", "b"]
    assert len({one.group for one in found.annotations}) == 3
    assert found.left_out == (
        (str(tmp_path / "b" / "notes.txt"), "not a picture of a known format"),
    )
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_table_gives_regions_groups_and_annotators(tmp_path):
    write_pictures(tmp_path, "1.png")
    (tmp_path / "table.csv").write_text(
        "path,label,region,plate,annotator,chosen_by\n"
        '1.png,a,"0,0,2,2",p1,ada,suggested\n1.png,b,"2,0,2,2",p2,bob,\n'
    )
    rule = parse_group_rule("column:plate")
    one, other = read_labelled(tmp_path / "table.csv", group_by=rule).annotations
    assert (one.region, one.group, one.annotator) == ("0,0,2,2", "p1", "ada")
    assert one.chosen_by is ChosenBy.SUGGESTED
    assert (other.group, other.chosen_by) == ("p2", ChosenBy.RANDOM)
    assert (one.box.width, other.box.x) == (2, 2)


def test_the_table_of_a_journal_is_read_back(tmp_path, journal):
    write_pictures(tmp_path, "a/1.png", "b/2.png")
    found = read_labelled(tmp_path)
    book = journal()
    book.add(found.annotations)
    (tmp_path / "table.csv").write_text(book.to_csv())
    assert read_labelled(tmp_path / "table.csv").annotations == found.annotations
    assert len(list(csv.DictReader(io.StringIO(book.to_csv())))) == 2


@pytest.mark.parametrize(
    ("rule", "group"),
    [
        ("picture", "d" * 64),
        ("parent", "/plates/p7"),
        ("prefix:[a-z]+", "well"),
        ("prefix:well-([0-9]+)", "12"),
        ("column:patient", "P1"),
    ],
)
def test_groups_follow_the_rule(rule, group):
    path = Path("/plates/p7/well-12-3.png")
    assert parse_group_rule(rule).group(path, "d" * 64, {"patient": "P1"}) == group


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("plate", "use picture, parent, prefix:REGEX or column:NAME"),
        ("prefix:(", "not a regular expression"),
        ("column:", "use picture"),
    ],
)
def test_a_rule_that_is_none_is_refused(rule, words):
    with pytest.raises(InvalidRequestError, match=words):
        parse_group_rule(rule)


def test_names_and_columns_that_do_not_fit_the_rule_are_named():
    with pytest.raises(InvalidRequestError, match=r"x.png does not match the prefix well"):
        parse_group_rule("prefix:well").group(Path("/x.png"), "", {})
    with pytest.raises(InvalidRequestError, match="there is no column patient"):
        parse_group_rule("column:patient").group(Path("/x.png"), "", {"plate": "1"})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('1.png,a,"0,0,0,2",', "is not a region"),
        ("1.png,a,left,", "is not a region"),
        ("1.png,a,,me", "random or suggested, not 'me'"),
    ],
)
def test_mistakes_in_a_table_are_named(tmp_path, row, words):
    write_pictures(tmp_path, "1.png")
    (tmp_path / "table.csv").write_text(f"path,label,region,chosen_by\n{row}\n")
    with pytest.raises(InvalidRequestError, match=words):
        read_labelled(tmp_path / "table.csv")


def test_a_picture_that_is_gone_is_left_out_with_the_reason(tmp_path):
    write_pictures(tmp_path, "1.png")
    (tmp_path / "table.csv").write_text("path,label\n1.png,a\n2.png,b\n")
    found = read_labelled(tmp_path / "table.csv")
    assert len(found.annotations) == 1
    assert "cannot read" in found.left_out[0][1]
