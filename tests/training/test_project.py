"""From pictures to a served model: one training, looked at from all sides."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from training_examples import PATCHES, TEXTURES, patch, write_patches
from zoobridge.errors import InvalidRequestError, ServerError
from zoobridge.training import TrainingProject
from zoobridge.training.features import view
from zoobridge.training.fit import softmax
from zoobridge.training.package import EMBEDDER, PARITY

# A whole training, with two frameworks that are started to write their formats.
pytestmark = pytest.mark.timeout(900)


def test_the_server_lists_the_model_and_it_answers_for_every_framework(trained):
    client = trained.server.client
    described = client.model(trained.published.reference)
    assert described.problem == ""
    assert described.labels == TEXTURES
    assert described.calibrated
    assert described.prediction_set_coverage == pytest.approx(0.9)
    assert {one.format for one in described.weights} == {"onnx", "torchscript", "keras_v3"}
    pictures = [patch(name, 7) for name in TEXTURES]
    for framework in ("onnx", "pytorch", "tensorflow"):
        results = client.classify("three-textures", pictures, framework=framework)
        assert results.labels == TEXTURES, framework


def test_what_is_served_is_what_was_fitted(trained):
    """The way through worker, package and network ends where head and features end here."""
    client = trained.server.client
    pictures = [patch(name, number) for name in TEXTURES for number in (6, 8)]
    served = client.classify("three-textures", pictures, all_scores=True)
    embedded = client.classify(EMBEDDER, pictures, all_scores=True, top_k=1)
    rows = np.stack([one.scores for one in embedded])
    expected = softmax(trained.fitted.head.logits(rows))
    np.testing.assert_allclose(np.stack([one.scores for one in served]), expected, atol=1e-5)


def test_the_formats_answer_alike(trained):
    assert set(trained.published.differences) == {"torchscript", "keras_v3"}
    assert max(trained.published.differences.values()) <= PARITY


def test_answers_carry_a_set_and_a_novelty_that_warns_of_other_pictures(trained):
    client = trained.server.client
    own = client.classify("three-textures", [patch(name, 9) for name in TEXTURES])
    noise = np.random.default_rng(0).integers(0, 255, (96, 96), np.uint8)
    other = client.classify("three-textures", [noise, 255 - np.eye(96, dtype=np.uint8) * 255])
    assert not own.unlike_training
    assert len(other.unlike_training) == 2
    for result in own:
        assert result.prediction_set.coverage == pytest.approx(0.9)
        assert result.label in result.prediction_set.labels
        assert result.novelty.threshold == pytest.approx(trained.fitted.novelty_threshold, abs=1e-5)


def test_the_package_is_valid_and_says_how_it_was_made(trained, tmp_path):
    folder = trained.published.folder
    record = json.loads((folder / "training.json").read_text())
    assert len(record["examples"]) == len(TEXTURES) * PATCHES
    assert record["recipe"]["seed"] == 0
    assert record["figures"]["balanced_accuracy"] == trained.fitted.balanced_accuracy
    assert str(trained.pictures) not in (folder / "training.json").read_text()
    card = (folder / "README.md").read_text()
    assert "95 % interval" in card
    assert "| brick | 6 | 6 |" in card
    described = trained.server.client.model("three-textures")
    assert described.license == "CC-BY-4.0"
    assert any("EfficientNet" in one.text for one in described.citations)


def test_the_figure_is_of_unseen_pictures_with_an_interval(trained):
    low, high = trained.fitted.interval
    assert low <= trained.fitted.balanced_accuracy <= high
    assert trained.fitted.balanced_accuracy > 0.8
    assert trained.fitted.tested.folds == PATCHES


def test_the_same_annotations_give_the_same_model_byte_for_byte(trained):
    again = trained.project.fit()
    assert again.head.weight.tobytes() == trained.fitted.head.weight.tobytes()
    assert again.least_score == trained.fitted.least_score
    assert again.reference.tobytes() == trained.fitted.reference.tobytes()


def test_a_second_publication_is_a_new_version_and_leaves_the_old_one(trained):
    before = (trained.published.folder / "rdf.yaml").read_bytes()
    second = trained.project.publish(formats=("onnx",))
    assert second.reference == "three-textures@2.0.0"
    assert (trained.published.folder / "rdf.yaml").read_bytes() == before
    client = trained.server.client
    assert client.classify("three-textures@1.0.0", patch("grass", 7))[0].model.version == "1.0.0"


@pytest.fixture
def project(trained, tmp_path):
    with TrainingProject(
        "Another", folder=tmp_path / "project", client=trained.server.client, zoo=trained.zoo
    ) as opened:
        yield opened


def test_the_name_of_another_model_is_refused(trained, project):
    project.annotate_folder(trained.pictures)
    project.fit()
    with pytest.raises(InvalidRequestError, match="another model three-textures"):
        project.publish("Three textures", formats=("onnx",))


def test_an_interrupted_fit_keeps_what_is_done(trained, tmp_path, project):
    pictures = write_patches(tmp_path / "pictures", (10, 11), names=TEXTURES[:2])
    project.annotate_folder(pictures)

    def interrupt(stage, done, _):
        if stage == "features" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.fit(on_step=interrupt)
    stages = []
    project.fit(on_step=lambda *step: stages.append(step))
    assert ("features", 4, 4) in stages
    with TrainingProject("Another", folder=project.folder) as again:
        assert again.annotations == project.annotations


def test_a_picture_that_changed_or_broke_is_left_out_with_the_reason(trained, tmp_path, project):
    pictures = write_patches(tmp_path / "pictures", (6, 7, 8), names=TEXTURES[:2])
    (pictures / "grass" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    project.annotate_folder(pictures)
    # Its features are remembered from now on.
    assert len(project.fit().examples) == 6
    Image.fromarray(patch("gravel", 3)).save(pictures / "brick" / "brick06.png")
    fitted = project.fit()
    assert len(fitted.examples) == 5
    reasons = {name.rpartition("/")[2]: reason for name, reason in project.left_out}
    assert "was changed after it was annotated" in reasons["brick06.png"]
    assert set(reasons) == {"brick06.png", "broken.png"}


def test_labels_that_contradict_each_other_are_left_out_and_named(trained, project):
    project.annotate_folder(trained.pictures)
    path = trained.pictures / "brick" / "brick00.png"
    project.annotate(path, "grass", annotator="bob")
    fitted = project.fit()
    assert len(fitted.examples) == len(TEXTURES) * PATCHES - 1
    ((name, reason),) = project.left_out
    assert name.endswith("brick00.png")
    assert "grass (bob)" in reason


def test_one_class_is_refused(trained, tmp_path, project):
    project.annotate_folder(write_patches(tmp_path / "pictures", (0, 1), names=("brick",)))
    with pytest.raises(InvalidRequestError, match="at least two classes; all are brick"):
        project.fit()


def test_every_picture_in_one_group_is_refused(trained, project):
    for name in TEXTURES[:2]:
        for path in sorted((trained.pictures / name).iterdir())[:3]:
            project.annotate(path, name, group=name)
    with pytest.raises(InvalidRequestError, match="all its pictures in one group"):
        project.fit()


def test_a_class_with_a_comma_is_a_class(trained, project):
    for name in TEXTURES[:2]:
        for path in sorted((trained.pictures / name).iterdir()):
            project.annotate(path, f"{name}, wet | dry")
    project.fit()
    published = project.publish("With comma", formats=("onnx",))
    answer = trained.server.client.classify(published.reference, patch("grass", 7))[0]
    assert answer.label == "grass, wet | dry"
    rows = list(csv.DictReader(io.StringIO(project._journal.to_csv())))
    assert {row["label"] for row in rows} == {"brick, wet | dry", "grass, wet | dry"}


def test_a_zoo_that_cannot_be_written_leaves_nothing_behind(trained, tmp_path, monkeypatch):
    import zoobridge.training.package._publishing as publishing

    def full(*_):
        raise OSError(28, "No space left on device")

    before = sorted(trained.zoo.iterdir())
    monkeypatch.setattr(publishing, "finish_package", full)
    with pytest.raises(ServerError, match="No space left on device"):
        trained.project.publish("Full disk", formats=("onnx",))
    assert sorted(trained.zoo.iterdir()) == before


def test_a_licence_that_is_none_is_refused_before_anything_is_written(trained):
    with pytest.raises(InvalidRequestError, match="not an SPDX licence identifier"):
        trained.project.publish(license_id="mine")


def test_suggestions_are_pictures_without_a_class_and_say_what_the_model_takes_them_for(
    trained, tmp_path
):
    pool = write_patches(tmp_path, (8, 9))
    first, second = trained.project.suggest(pool, 2)
    assert first.path != second.path
    assert first.label in TEXTURES
    assert 0 < first.score <= 1
    assert trained.project.suggest(trained.pictures, 2) == []


def test_regions_of_a_picture_are_items_of_their_own(trained, tmp_path, project):
    joined = np.concatenate([patch("brick", 0), patch("grass", 0)], axis=1)
    Image.fromarray(joined).save(tmp_path / "joined.png")
    for number in range(3):
        box = {"region": (number * 20, 0, 48, 48)}
        project.annotate(tmp_path / "joined.png", "brick", group=f"b{number}", **box)
        box = {"region": (96 + number * 20, 0, 48, 48)}
        project.annotate(tmp_path / "joined.png", "grass", group=f"g{number}", **box)
    fitted = project.fit()
    assert len(fitted.examples) == 6
    assert "joined.png [0,0,48,48]" in " ".join(fitted.examples.names)
    project.annotate(tmp_path / "joined.png", "brick", region=(180, 0, 48, 48))
    project.fit()
    assert "leaves" in project.left_out[0][1]


def test_unlabelled_pictures_are_not_used_below_ten_labels_a_class(trained, tmp_path):
    fitted = trained.project.fit(unlabelled=write_patches(tmp_path, (8,)))
    assert any("a class has 6 labels, and below 10" in one for one in fitted.improvement)
    assert fitted.head.weight.tobytes() == trained.fitted.head.weight.tobytes()


def test_the_report_is_a_page_that_shows_what_to_look_at(trained, tmp_path):
    trained.project.fit()
    record = trained.project.report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert f"{trained.fitted.balanced_accuracy:.3f}" in page
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(json.dumps(record))
    assert len((tmp_path / "annotations.csv").read_text().splitlines()) == 19


@pytest.mark.parametrize("axes", ["YX", "YXC", "CYX"])
@pytest.mark.parametrize("number", range(8))
def test_the_views_are_the_eight_symmetries_of_a_square(axes, number):
    shape = [{"Y": 2, "X": 3, "C": 4}[axis] for axis in axes]
    array = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    turned = view(array, axes, number)
    assert turned.dtype == array.dtype
    assert turned.shape[axes.index("C")] == 4 if "C" in axes else True
    assert sorted(turned.ravel()) == sorted(array.ravel())
    others = [view(array, axes, other) for other in range(8) if other != number]
    assert not any(one.shape == turned.shape and (one == turned).all() for one in others)
