"""TrainingService over real gRPC: a server, and the confined process that trains."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from served_training import annotate, processes
from training_examples import PATCHES, TEXTURES, patch, write_patches
from zoobridge.client import Region, connect
from zoobridge.errors import (
    AuthenticationError,
    ImageFormatError,
    InvalidRequestError,
    ManagingPermissionError,
    PathPermissionError,
    RegionError,
    TrainingPermissionError,
)
from zoobridge.protocol.v1 import image_pb2, training_pb2
from zoobridge.training import parse_group_rule

# A whole publication, with two frameworks that are started to write their formats.
pytestmark = pytest.mark.timeout(900)


def test_from_pictures_to_a_served_model(client, tmp_path, project):
    steps = []
    pictures = write_patches(tmp_path, range(PATCHES))
    (pictures / ".git" / "objects").mkdir(parents=True)
    (pictures / "notes").mkdir()
    ((left_out, why),) = project.annotate_folder(pictures)
    assert left_out == str(pictures / "notes")
    assert "holds no picture" in why
    comma = {name: f"{name}, wet" for name in TEXTURES}
    for one in project.annotations:
        project.annotate(one.item, comma[one.label])
    assert project.summary().annotated == len(TEXTURES) * PATCHES
    figures = project.fit(on_step=lambda *step: steps.append(step))
    assert ("features", 18, 18) in steps
    assert figures.low <= figures.balanced_accuracy <= figures.high
    assert figures.balanced_accuracy > 0.8
    assert [one.label for one in figures.classes] == sorted(comma.values())
    published = project.publish("Textures by gRPC", authors=["Ada"], license_id="CC-BY-4.0")
    assert published.reference == "textures-by-grpc@1.0.0"
    assert set(published.formats) == {"onnx", "torchscript", "keras_v3"}
    results = client.classify(published.reference, [patch(name, 7) for name in TEXTURES])
    assert results.labels == tuple(comma[name] for name in TEXTURES)
    assert results[0].prediction_set.labels
    assert results[0].novelty.threshold == pytest.approx(figures.novelty_threshold, abs=1e-5)
    report = project.report()
    assert "<h1>" in report.html
    assert "brick00.png" in report.annotations_csv
    assert "Doubtful" in report.html


def test_pictures_of_a_folder_are_grouped_by_the_rules_of_any_project(project, tmp_path):
    pictures = write_patches(tmp_path, range(2), names=TEXTURES[:2])
    with pytest.raises(InvalidRequestError, match="does not match the prefix plate"):
        project.annotate_folder(pictures, group_by=parse_group_rule("prefix:plate"))
    assert project.annotations == ()
    rule = parse_group_rule(r"prefix:[a-z]+(\d+)")
    assert project.annotate_folder(pictures, group_by=rule) == []
    assert [one.group for one in project.annotations] == ["00", "01", "00", "01"]


def test_what_the_project_knows_comes_back_with_the_pictures(project):
    annotate(project)
    again = project.add(patch("brick", 0, side=64))
    assert again.items[0].label == "brick"
    assert {one.label: one.items for one in again.classes} == {"brick": 2, "grass": 2}
    undone = project.undo()
    assert (undone.undone.label, undone.label_now) == ("grass", "")
    assert {one.label: one.items for one in undone.classes} == {"brick": 2, "grass": 1}
    assert project.summary().annotated == 3
    assert project.summary().unlabelled == 1


def test_places_of_a_picture_are_items_of_one_group(project):
    sheet = np.concatenate([patch("brick", 0), patch("grass", 0)], axis=1)
    mask = np.zeros((48, 48), bool)
    mask[8:40, 8:40] = True
    regions = [Region(0, 0, 48, 48, id="a"), Region(96, 0, 48, 48, id="b", mask=mask)]
    done = project.add(sheet, regions=regions, labels=["brick", ""], name="sheet.tif")
    first, second = done.items
    assert (first.label, second.label) == ("brick", "")
    assert (first.item.region_id, first.item.name) == ("a", "sheet.tif")
    assert (second.item.box.x, second.item.box.width) == (96, 48)
    given = project.annotate(second.item, "grass")
    assert given.group == first.group
    with pytest.raises(RegionError, match="lies outside"):
        project.add(sheet, regions=["900,0,10,10"])


def test_places_have_groups_of_their_own_and_classes_new_names(project):
    sheet = np.concatenate([patch("brick", 0), patch("grass", 0)], axis=1)
    regions = [Region(0, 0, 48, 48), Region(96, 0, 48, 48)]
    labels, groups = ["brick", "gras"], ["plate 1", ""]
    done = project.add(sheet, regions=regions, labels=labels, groups=groups, group="sheet")
    assert [one.group for one in done.items] == ["plate 1", "sheet"]
    with pytest.raises(InvalidRequestError, match="2 places have 1 groups"):
        project.add(sheet, regions=regions, groups=["plate 1"])
    project.annotate(done.items[1].item, "gras", annotator="another")
    renamed = project.rename_class("gras", "grass")
    assert {one.label: one.items for one in renamed.classes} == {"brick": 1, "grass": 1}
    assert {one.annotator for one in project.annotations if one.label == "grass"} > {"another"}
    assert {one.group for one in project.annotations} == {"plate 1", "sheet"}
    (joined,) = project.rename_class("brick", "grass").classes
    assert (joined.label, joined.items) == ("grass", 2)
    assert project.rename_class("brick", "grass") is None
    project.annotate(done.items[1].item, "brick", annotator="another")
    assert project.undo().label_now == "grass"


def test_a_plane_of_a_stack_has_to_be_named(project):
    stack = np.stack([patch("brick", 0), patch("grass", 0)])
    with pytest.raises(RegionError, match="2 planes along Z; name one"):
        project.annotate(stack, "brick", axes="ZYX")
    given = project.annotate(
        stack, "grass", axes="ZYX", region=Region(0, 0, 96, 96, plane={"Z": 1})
    )
    assert given.label == "grass"


def test_suggested_items_are_those_without_a_class(project):
    annotate(project, range(2))
    pool = [patch(name, 6, side=64) for name in TEXTURES]
    (suggested,) = project.suggest(pool, 1)
    assert suggested.label in TEXTURES
    assert 0 < suggested.score <= 1
    project.annotate(suggested.item, "brick", suggested=True)
    assert project.annotations[-1].suggested
    assert len(project.suggest(count=5, random=True)) == 2


def test_bad_annotations_are_sentences(client, project, tmp_path):
    for number in range(2):
        Image.fromarray(patch("brick", number)).save(tmp_path / f"{number}.png")
    with pytest.raises(InvalidRequestError, match="at least two classes"):
        annotate(project, names=("brick",))
        project.fit()
    with pytest.raises(ImageFormatError):
        project.annotate(b"no picture", "brick")
    for several in (tmp_path, [patch("brick", 0)] * 2, []):
        with pytest.raises(InvalidRequestError, match="give a single picture"):
            project.annotate(several, "brick")
    image = image_pb2.Image(path="/etc/passwd")
    (refused,) = project._annotated(
        [training_pb2.AnnotateRequest(project=project.name, image=image)]
    )
    assert isinstance(refused, PathPermissionError)
    with pytest.raises(InvalidRequestError, match="no training project 'nowhere'"):
        client.training_project("nowhere", existing=True)
    with pytest.raises(InvalidRequestError, match="nothing was fitted"):
        project.publish()


def test_annotators_who_disagree_and_pictures_that_changed_are_left_out(folder, project):
    annotate(project, range(3), annotator="ada")
    project.annotate(patch("brick", 0, side=64), "grass", annotator="bob")
    changed = project.annotate(patch("grass", 3, side=64), "grass", annotator="ada")
    (file,) = folder.glob(f"*/pictures/{changed.item.picture}*")
    file.write_bytes(file.read_bytes() + b" ")
    figures = project.fit()
    reasons = " ".join(one.reason for one in figures.unused)
    assert "brick (ada), grass (bob)" in reasons
    assert "changed after it was annotated" in reasons
    assert len(figures.unused) == 2
    with pytest.raises(InvalidRequestError, match="another model brightness"):
        project.publish("Brightness")


def test_training_is_behind_a_permission_of_its_own(server):
    with connect(server.address, token="") as stranger, pytest.raises(AuthenticationError):
        stranger.training_projects()
    with (
        connect(server.address, token="classifies") as classifier,
        pytest.raises(
            TrainingPermissionError, match="needs the training token or the managing token"
        ),
    ):
        classifier.training_project("Mine")
    with connect(server.address, token="trains") as trainer:
        assert isinstance(trainer.training_projects(), list)
        with pytest.raises(ManagingPermissionError, match="allows training, classifying"):
            trainer.load("brightness")
    with connect(server.address, token="manages") as manager:
        assert isinstance(manager.training_projects(), list)


def test_an_answer_is_explained_by_the_server(server):
    sheet = np.zeros((64, 64), np.uint8)
    sheet[:16, :16] = 255
    with connect(server.address, token="classifies") as classifier:
        found = classifier.explain("brightness", sheet, label="bright", windows=4)
        assert found.values.shape == (64, 64)
        assert (found.label, found.model) == ("bright", "brightness@1.0.0")
        # Only where it is bright does covering lower how bright it is.
        assert found.values[0, 0] == found.values.max() > 0
        with pytest.raises(InvalidRequestError, match="no class 'wood'"):
            classifier.explain("brightness", sheet, label="wood")
        with pytest.raises(InvalidRequestError, match="65 windows along each axis are too many"):
            classifier.explain("brightness", sheet, windows=65)


def test_few_processes_train_at_once(server, client):
    names = [f"project {number}" for number in range(5)]
    opened = [client.training_project(name) for name in names]
    assert len(processes(server)) <= 4
    for one in opened:
        one.delete()
    assert not set(names) & set(client.training_projects())
