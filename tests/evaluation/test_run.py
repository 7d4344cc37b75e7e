"""Running a served model over the held-out pictures."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from evaluated import run_to_the_end
from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import Dataset, LabelledItem, match_labels, measure, read_dataset


@pytest.fixture(scope="module")
def run(client, digits, tmp_path_factory):
    return run_to_the_end(client, "digits", digits, folder=tmp_path_factory.mktemp("run"))


def test_every_picture_has_the_answer_that_the_client_gives(run, client, digits):
    paths = [item.path for item in digits.items]
    expected = client.classify("digits", paths, framework=run.framework)
    assert [answer.label for answer in run.answers] == list(expected.labels)
    assert run.failures == ()
    outcomes = run.outcomes()
    right = np.mean([a.label == i.label for a, i in zip(run.answers, digits.items, strict=True)])
    assert measure(outcomes, ["accuracy"])["accuracy"].value == pytest.approx(right)
    assert right > 0.9


def test_what_a_model_costs_is_measured_and_told_by_the_server(run, client):
    (held,) = [one for one in client.model("digits").loaded if one.framework == "onnx"]
    (weights,) = [one for one in client.model("digits").weights if one.framework == "onnx"]
    found = measure(run.outcomes())
    assert found["load_seconds"].value == held.load_seconds > 0
    assert found["size_bytes"].value == weights.size_bytes
    # Three convolutions and a matrix, of examples/recipe/architecture.py.
    assert found["parameters"].value == held.parameters == 38282
    assert found["memory_bytes"].value > 1 << 20
    assert found["throughput"].value > 0
    assert 0 < found["latency_p50"].value <= found["latency_p95"].value
    assert len(run.costs.latencies) == 50
    assert run.costs.place["device"] == "cpu"
    assert run.costs.place["framework_version"]


def test_two_frameworks_give_the_same_scores(run, client, digits, tmp_path):
    few = Dataset(digits.items[::10])
    other = run_to_the_end(client, "digits", few, folder=tmp_path, framework="pytorch")
    same = np.array([answer.scores for answer in run.answers[::10]])
    assert np.abs(same - [answer.scores for answer in other.answers]).max() < 1e-4
    assert (run.framework, other.framework) == ("onnx", "pytorch")


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(client, digits, tmp_path):
    few = Dataset(digits.items[:20])
    whole = run_to_the_end(client, "digits", few, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 22
    path.write_text("".join(lines[:13]) + lines[13][:9])
    again = run_to_the_end(client, "digits", few, folder=tmp_path)
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["session"] for one in kept[1:21]] == [0] * 12 + [1] * 8
    for first, second in zip(whole.answers, again.answers, strict=True):
        assert first.label == second.label
        assert first.scores == pytest.approx(second.scores, abs=1e-5)
    seconds = [max(one["seconds"] for one in part) for part in (kept[1:13], kept[13:21])]
    assert again.costs.values["throughput"] == pytest.approx(20 / sum(seconds))


def test_a_run_that_is_done_asks_for_nothing_and_keeps_its_costs(client, digits, tmp_path):
    few = Dataset(digits.items[:5])
    first = run_to_the_end(client, "digits", few, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    before = path.stat().st_mtime_ns, path.read_text()
    again = run_to_the_end(client, "digits", few, folder=tmp_path)
    assert (path.stat().st_mtime_ns, path.read_text()) == before
    assert again.answers == first.answers
    assert again.costs == first.costs


def test_a_changed_question_starts_again_and_says_so(client, digits, tmp_path):
    steps = []
    two, three = Dataset(digits.items[:2]), Dataset(digits.items[1:4])
    run_to_the_end(client, "digits", two, folder=tmp_path, steps=steps)
    assert steps[0].notice == ""
    steps.clear()
    again = run_to_the_end(client, "digits", three, folder=tmp_path, steps=steps)
    assert [step.done for step in steps] == [0, 1, 2, 3]
    assert steps[0].notice == "the earlier answers are for other data; starting again"
    assert len(again.answers) == 3
    steps.clear()
    run_to_the_end(client, "digits", three, folder=tmp_path, steps=steps)
    assert [step.notice for step in steps] == ["using 3 answers of an earlier run"]
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text().splitlines()[0])["model"].startswith("digits@")
    path.write_text("no JSON\n")
    with pytest.raises(InvalidRequestError, match="is damaged"):
        run_to_the_end(client, "digits", Dataset(digits.items[:2]), folder=tmp_path)


def test_an_unreadable_picture_is_told_and_asked_for_again(client, digits, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    lost = (LabelledItem(bad, ("1",)), LabelledItem(tmp_path / "gone.png", ("2",)))
    mixed = Dataset((*lost, *digits.items[:3]))
    run = run_to_the_end(client, "digits", mixed, folder=tmp_path / "run")
    assert [answer.item for answer in run.failures] == [0, 1]
    assert all(answer.error for answer in run.failures)
    assert len(run.outcomes()) == 3
    assert len(run.outcomes(without=frozenset({2}))) == 2
    again = run_to_the_end(client, "digits", mixed, folder=tmp_path / "run")
    assert again.failures == run.failures
    (path,) = (tmp_path / "run").iterdir()
    kept = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    assert [one["session"] for one in kept] == [0, 0, 0, 1, 1]


def test_a_stack_is_not_measured_as_one_picture(client, tmp_path, digits):
    stack = digits.items[0].path.parents[2] / "stack" / "textures.tif"
    run = run_to_the_end(
        client, "textures", Dataset((LabelledItem(stack, ("brick",)),)), folder=tmp_path
    )
    assert "planes, and has one label" in run.failures[0].error
    with pytest.raises(InvalidRequestError, match="answered none"):
        run.outcomes()
    assert run.costs.reasons["latency"] == "no item was answered"


def test_objects_are_classified_with_their_masks(client, tmp_path):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (128, 192), np.uint8)
    labels = np.zeros((128, 192), np.uint8)
    for number in range(1, 7):
        labels[20 * number - 15 : 20 * number, 10 : 10 + 8 * number] = number
    Image.fromarray(picture).save(tmp_path / "p.png")
    tifffile.imwrite(tmp_path / "m.tif", labels)
    rows = "".join(f"p.png,m.tif,{number},brick\n" for number in range(1, 7))
    (tmp_path / "t.csv").write_text(f"image,mask,object,label\n{rows}gone.png,m.tif,1,grass\n")
    dataset = read_dataset(tmp_path / "t.csv")
    run = run_to_the_end(client, "textures", dataset, folder=tmp_path / "run")
    regions = [item.region for item in dataset.items[:6]]
    expected = client.classify(
        "textures", tmp_path / "p.png", regions=regions, framework=run.framework, all_scores=True
    )
    for answer, result in zip(run.answers[:6], expected, strict=True):
        assert answer.label == result.label
        assert answer.scores == pytest.approx(result.scores.tolist(), abs=1e-5)
    whole = client.classify(
        "textures", tmp_path / "p.png", framework=run.framework, all_scores=True
    )
    assert np.abs(whole[0].scores - np.array(run.answers[0].scores)).max() > 1e-4
    assert [answer.item for answer in run.failures] == [6]


def test_what_cannot_run_is_refused_before_any_picture_is_read(client, digits, tmp_path):
    with pytest.raises(InvalidRequestError, match="does not run with caffe; it runs with onnx"):
        run_to_the_end(client, "digits", digits, folder=tmp_path, framework="caffe")
    with pytest.raises(InvalidRequestError, match="match no label"):
        run_to_the_end(client, "textures", digits, folder=tmp_path)
    assert match_labels(["0"], client.model("digits").labels) == {"0": 0}
