"""Running a served model over the held-out pictures."""

import json

import numpy as np
import pytest

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import Dataset, Item, match_labels, measure, run_model


@pytest.fixture(scope="module")
def run(client, digits, tmp_path_factory):
    return run_model(client, "digits", digits, folder=tmp_path_factory.mktemp("run"))


def test_every_picture_has_the_answer_that_the_client_gives(run, client, digits):
    paths = [item.path for item in digits.items]
    expected = client.classify("digits", paths, framework=run.framework)
    assert [answer.label for answer in run.answers] == list(expected.labels)
    assert run.failures == ()
    outcomes = run.outcomes()
    right = np.mean([a.label == i.label for a, i in zip(run.answers, digits.items, strict=True)])
    assert measure(outcomes, ["accuracy"])["accuracy"].value == pytest.approx(right)
    assert right > 0.9


def test_two_frameworks_give_the_same_scores(run, client, digits, tmp_path):
    few = Dataset(digits.items[::10])
    other = run_model(client, "digits", few, folder=tmp_path, framework="pytorch")
    same = np.array([answer.scores for answer in run.answers[::10]])
    assert np.abs(same - [answer.scores for answer in other.answers]).max() < 1e-4
    assert (run.framework, other.framework) == ("onnx", "pytorch")


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(client, digits, tmp_path):
    few = Dataset(digits.items[:20])
    whole = run_model(client, "digits", few, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:13]) + lines[13][:9])
    seen = []
    again = run_model(
        client, "digits", few, folder=tmp_path, on_progress=lambda done, _: seen.append(done)
    )
    assert seen == list(range(13, 21))
    for first, second in zip(whole.answers, again.answers, strict=True):
        assert first.label == second.label
        assert first.scores == pytest.approx(second.scores, abs=1e-5)
    finished = run_model(client, "digits", few, folder=tmp_path)
    assert finished.throughput is None
    assert finished.answers == again.answers


def test_answers_of_another_dataset_are_not_taken_for_these(client, digits, tmp_path):
    run_model(client, "digits", Dataset(digits.items[:2]), folder=tmp_path)
    with pytest.raises(InvalidRequestError, match="answers with another dataset"):
        run_model(client, "digits", Dataset(digits.items[:3]), folder=tmp_path)
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text().splitlines()[0])["model"].startswith("digits@")


def test_an_unreadable_picture_is_told_and_asked_for_again(client, digits, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    mixed = Dataset((*digits.items[:3], Item(bad, "1"), Item(tmp_path / "gone.png", "2")))
    run = run_model(client, "digits", mixed, folder=tmp_path / "run")
    assert [answer.item for answer in run.failures] == [3, 4]
    assert all(answer.error for answer in run.failures)
    assert run.outcomes().truth.size == 3
    assert run.outcomes(without=frozenset({0})).truth.size == 2
    assert run_model(client, "digits", mixed, folder=tmp_path / "run").failures == run.failures


def test_a_stack_is_not_measured_as_one_picture(client, tmp_path, digits):
    stack = digits.items[0].path.parents[2] / "stack" / "textures.tif"
    run = run_model(client, "textures", Dataset((Item(stack, "brick"),)), folder=tmp_path)
    assert "planes, and has one label" in run.failures[0].error
    with pytest.raises(InvalidRequestError, match="answered none"):
        run.outcomes()


def test_what_cannot_run_is_refused_before_any_picture_is_read(client, digits, tmp_path):
    with pytest.raises(InvalidRequestError, match="does not run with caffe; it runs with onnx"):
        run_model(client, "digits", digits, folder=tmp_path, framework="caffe")
    with pytest.raises(InvalidRequestError, match="match no label"):
        run_model(client, "textures", digits, folder=tmp_path)
    assert match_labels(["0"], client.model("digits").labels) == {"0": 0}
