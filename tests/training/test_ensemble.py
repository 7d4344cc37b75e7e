"""Ensembles: several models of a zoo in one package, whose answers are those of the rule."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from served import SIZE, write_package
from zoobridge.errors import InvalidRequestError
from zoobridge.training.ensemble import combine_models
from zoobridge.training.ensemble._graph import Member, ensemble_model
from zoobridge.training.features import view
from zoobridge.training.fit import softmax
from zoobridge.training.package._onnx_graph import IR_VERSION
from zoobridge.training.served import TrainingZoo

LABELS = ("bright", "dark", "grey")


def network(weight, bias, *, opset=17):
    """Softmax of weights times the mean of a picture."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Flatten", ["mean"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["output"], axis=1),
        ],
        "mean",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", len(bias)])],
        [
            numpy_helper.from_array(np.array([weight], np.float32), "weights"),
            numpy_helper.from_array(np.array(bias, np.float32), "bias"),
        ],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def pictures(*levels):
    return np.stack([np.full((1, SIZE, SIZE), level, np.float32) for level in levels])


def answers(made, given):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["scores"], {"raw": given})[0]


#: Of levels 0 to 1; the third one's classes are in another order, and it takes the level times 2 minus 1.
WEIGHTS = (([4, -4, 0], [-2, 2, 1]), ([6, -2, 0], [-1, 1, 0]), ([0, 2, -2], [0.5, 0, 0]))
ORDERS = ([0, 1, 2], [0, 1, 2], [1, 2, 0])


@pytest.fixture(scope="module")
def members():
    changed = {"gain": np.array(2, np.float32), "offset": np.array(-1, np.float32)}
    return [
        Member(
            network(*weights, opset=opset),
            "output",
            softmax=False,
            order=np.array(order),
            **(changed if opset == 17 else {}),
        )
        for weights, order, opset in zip(WEIGHTS, ORDERS, (13, 13, 17), strict=True)
    ]


LEVELS = (0.0, 0.3, 0.5, 0.7, 1.0)


def by_member():
    levels = np.array(LEVELS)[:, None]
    found = []
    for number, ((weight, bias), order) in enumerate(zip(WEIGHTS, ORDERS, strict=True)):
        seen = levels * 2 - 1 if number == 2 else levels
        found.append(softmax(seen * np.array([weight]) + np.array(bias))[:, order])
    return np.stack(found)


def test_the_mean_is_that_of_the_probabilities_of_each_class(members):
    found = answers(ensemble_model(members, "mean"), pictures(*LEVELS))
    np.testing.assert_allclose(found, by_member().mean(axis=0), atol=1e-6)


def test_the_majority_is_the_share_of_votes_and_the_mean_decides_between_equal_ones(members):
    each = by_member()
    votes = np.eye(3)[each.argmax(axis=2)].mean(axis=0)
    found = answers(ensemble_model(members, "majority"), pictures(*LEVELS))
    np.testing.assert_allclose(found, 0.999 * votes + 0.001 * each.mean(axis=0), atol=1e-6)
    two = answers(ensemble_model(members[1:], "majority"), pictures(*LEVELS))
    np.testing.assert_array_equal(two.argmax(axis=1), _of_two(each[1:]))


def _of_two(each):
    same = each[0].argmax(axis=1) == each[1].argmax(axis=1)
    assert not same.all()
    candidates = np.eye(3)[each.argmax(axis=2)].sum(axis=0) > 0
    return np.where(candidates, each.mean(axis=0), -1).argmax(axis=1)


def test_where_members_disagree_a_unanimous_ensemble_prefers_no_class(members):
    each = by_member()
    best = each.argmax(axis=2)
    agreed = (best == best[0]).all(axis=0)
    assert 0 < agreed.sum() < len(LEVELS)
    found = answers(ensemble_model(members, "unanimous"), pictures(*LEVELS))
    expected = np.where(agreed[:, None], each.mean(axis=0), 1 / 3)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def corner():
    """Softmax of four times the first pixel, and of nothing."""
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["output"], axis=1),
        ],
        "corner",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(_first(), "weights")],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _first():
    weights = np.zeros((SIZE * SIZE, 2), np.float32)
    # Off the diagonal, so that all eight views differ.
    weights[1, 0] = 4
    return weights


def test_eight_views_are_the_mean_of_the_probabilities_of_all_flips_and_turns():
    member = Member(corner(), "output", softmax=False, order=np.array([1, 0]))
    given = np.random.default_rng(0).random((3, 1, SIZE, SIZE), np.float32)
    found = answers(ensemble_model([member], "mean", turned=(2, 3)), given)
    views = [view(given, "NCYX", number) for number in range(8)]
    each = [softmax(np.stack([one[:, 0, 0, 1] * 0, one[:, 0, 0, 1] * 4], axis=1)) for one in views]
    assert np.std(each, axis=0).max() > 0.01
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-6)


def test_a_network_of_one_picture_at_a_time_is_given_no_views():
    fixed = corner()
    fixed.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    member = Member(fixed, "output", softmax=False, order=np.array([0, 1]))
    with pytest.raises(InvalidRequestError, match="takes a fixed number of pictures"):
        ensemble_model([member], "mean", turned=(2, 3))


def write(zoo, name, weights, *, labels=LABELS, gain=1 / 255, offset=0.0, size=SIZE):
    made = network(*weights)
    test = np.full((1, 1, SIZE, SIZE), 200, np.float32)
    import onnxruntime

    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (scores,) = session.run(None, {"input": test * np.float32(gain) + np.float32(offset)})
    folder = write_package(
        zoo / name,
        name,
        network=made.SerializeToString(),
        inputs=[
            {
                "id": "input",
                "axes": [
                    {"type": "batch"},
                    {"type": "channel", "channel_names": ["grey"]},
                    {"type": "space", "id": "y", "size": size},
                    {"type": "space", "id": "x", "size": size},
                ],
                "data": {"type": "float32", "range": [0, 255]},
                "test_tensor": {"source": "test_input.npy"},
                "preprocessing": [
                    {"id": "scale_linear", "kwargs": {"gain": gain, "offset": offset}}
                ],
            }
        ],
        outputs=[
            {
                "id": "output",
                "axes": [
                    {"type": "batch"},
                    {"type": "channel", "channel_names": list(labels)},
                ],
                "data": {"type": "float32"},
                "test_tensor": {"source": "test_output.npy"},
            }
        ],
        config={"zoobridge": {"score_kind": "probability"}},
    )
    np.save(folder / "test_output.npy", scores)
    return folder


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("members")
    write(folder, "one", WEIGHTS[0])
    write(folder, "two", WEIGHTS[1])
    write(folder, "three", WEIGHTS[2], labels=("grey", "bright", "dark"), gain=2 / 255, offset=-1.0)
    write(folder, "cats", WEIGHTS[0], labels=("cat", "dog", "owl"))
    write_package(folder / "logits", "logits", config={"zoobridge": {"score_kind": "logit"}})
    return folder


@pytest.fixture(scope="module")
def server(zoo, zoobridge_server):
    return zoobridge_server(zoo, arguments=("--device", "cpu", "--threads", "1"))


@pytest.fixture(scope="module")
def client(server):
    return server.client


def scores_of(client, model, picture):
    found = client.classify(model, [picture], all_scores=True)[0]
    return dict(zip(client.model(model).labels, found.scores.tolist(), strict=True))


@pytest.mark.parametrize("models", [("one", "two"), ("one", "three")])
def test_an_ensemble_is_served_as_one_model_with_the_members_mean(client, zoo, models):
    """Also where members prepare pictures differently, and have their classes in another order."""
    name = f"Both {models[1]}"
    made = combine_models(client, models, name=name, zoo=zoo)
    TrainingZoo(client, zoo).wait_for(made.reference)
    described = client.model(made.reference)
    assert described.labels == LABELS
    assert described.problem == ""
    assert described.authors[0].name == "Ada Lovelace"
    for level in (0, 90, 180, 255):
        picture = np.full((SIZE, SIZE), level, np.uint8)
        each = [scores_of(client, model, picture) for model in models]
        expected = {label: np.mean([one[label] for one in each]) for label in LABELS}
        assert scores_of(client, made.id, picture) == pytest.approx(expected, abs=1e-5)
    with pytest.raises(InvalidRequestError, match="is in the zoo already"):
        combine_models(client, models, name=name, zoo=zoo)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (("one", "cats"), "cats@1.0.0 has other classes than one@1.0.0"),
        (("one", "one"), "needs two or more different models"),
        (("one",), "needs two or more different models"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(client, zoo, models, words):
    with pytest.raises(InvalidRequestError, match=words):
        combine_models(client, models, name="Refused", zoo=zoo)
    assert not (zoo / "refused").exists()


def test_the_package_names_its_members_and_its_rule(client, zoo):
    made = combine_models(client, ("one", "two"), name="Named", zoo=zoo, rule="unanimous")
    text = (made.folder / "rdf.yaml").read_text("utf-8")
    assert "one@1.0.0" in text
    assert "unanimous" in text
    assert "- two@1.0.0" in (made.folder / "README.md").read_text("utf-8")
    onnx.checker.check_model(onnx.load(made.folder / "weights.onnx"), full_check=True)


def command(server, *words):
    done = subprocess.run(
        [sys.executable, "-m", "zoobridge", *map(str, words)],
        env=os.environ | server.environment,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_adds_an_ensemble(server, zoo):
    words = ["--name", "By command", "--rule", "majority", "--views", "8", "--zoo", zoo]
    said = command(server, "ensemble", "one", "two", *words)
    assert said == (
        "by-command@1.0.0 is in the zoo (majority of one@1.0.0, two@1.0.0, each over eight flips and turns)\n"
    )
    described = server.client.model("by-command")
    assert described.labels == LABELS
    assert described.problem == ""
    # Every view of an even picture is that picture.
    picture = np.full((SIZE, SIZE), 90, np.uint8)
    answered = server.client.classify("by-command", [picture])[0].label
    votes = {server.client.classify(one, [picture])[0].label for one in ("one", "two")}
    assert answered in votes


def test_a_network_is_added_together_with_members_as_an_ensemble(server, zoo):
    (zoo / ".new.onnx").write_bytes(network(*WEIGHTS[1]).SerializeToString())
    words = ["--name", "New", "--labels", ",".join(LABELS), "--preprocessing", "unit"]
    words += ["--score-kind", "probability", "--channel-names", "grey", "--zoo", zoo]
    said = command(server, "add", zoo / ".new.onnx", *words, "--members", "one", "--rule", "mean")
    assert "new-ensemble@1.0.0 is in the zoo (mean of new@1.0.0, one@1.0.0)" in said
    picture = np.full((SIZE, SIZE), 90, np.uint8)
    each = [scores_of(server.client, model, picture) for model in ("new", "one")]
    expected = {label: np.mean([one[label] for one in each]) for label in LABELS}
    found = scores_of(server.client, "new-ensemble", picture)
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_model_is_trained_together_with_members_as_an_ensemble(trained):
    words = ["--name", "Second textures", "--members", "three-textures", "--json"]
    record = json.loads(command(trained.server, "train", trained.pictures, *words))
    assert record["model"] == "second-textures@1.0.0"
    client, picture = trained.server.client, next(trained.pictures.rglob("*.png"))
    each = [scores_of(client, model, picture) for model in ("three-textures", "second-textures")]
    expected = {label: np.mean([one[label] for one in each]) for label in each[0]}
    found = scores_of(client, "second-textures-ensemble", picture)
    assert found == pytest.approx(expected, abs=1e-5)
