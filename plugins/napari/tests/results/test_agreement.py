import pytest

from napari_zoobridge.results import agreement, compare


def test_models_are_compared_item_by_item(make_record):
    answers = {
        "a": [make_record("label", 4, "brick", 0.9), make_record("label", 2, "grass", 0.5)],
        "b": [make_record("label", 2, "grass", 0.6), make_record("label", 4, "gravel", 0.4)],
        "c": [make_record("label", 2, "grass", 0.6), make_record("label", 4, "brick", 0.4)],
    }
    two, four = compare(answers)
    assert (two.item.index, two.agrees, two.majority) == (2, True, "grass")
    assert (four.item.index, four.agrees, four.majority) == (4, False, "brick")
    assert agreement([two, four]) == {("a", "b"): 0.5, ("a", "c"): 1.0, ("b", "c"): 0.5}


def test_an_error_is_no_opinion(make_record):
    answers = {
        "a": [make_record("shape", 0, "brick", 0.9), make_record("shape", 1, "brick", 0.9)],
        "b": [make_record("shape", 0, error="no"), make_record("shape", 1, "brick", 0.9)],
    }
    first, second = compare(answers)
    assert first.agrees is None
    assert second.agrees is True
    assert agreement([first, second]) == {("a", "b"): 1.0}


def test_without_a_common_item_there_is_no_rate(make_record):
    answers = {"a": [make_record("shape", 0, "brick", 0.9)], "b": []}
    assert agreement(compare(answers)) == {}


def test_two_voices_make_no_majority(make_record):
    answers = {
        "a": [make_record("shape", 0, "brick", 0.9)],
        "b": [make_record("shape", 0, "grass", 0.9)],
    }
    (item,) = compare(answers)
    assert item.majority is None
    assert item.agrees is False


@pytest.mark.parametrize("kind", ["plane", "tile"])
def test_items_keep_their_order(make_record, kind):
    answers = {"a": [make_record(kind, i, "brick", 0.9) for i in (2, 0, 10)]}
    assert [one.item.index for one in compare(answers)] == [0, 2, 10]
