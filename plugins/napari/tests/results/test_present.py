import numpy as np
import pandas as pd
import pytest

from napari_zoobridge.layers import PixelBox
from napari_zoobridge.results import Look, class_colors, locate, present, remove_results
from napari_zoobridge.results._colors import rgba
from napari_zoobridge.results._features import METADATA_KEY
from napari_zoobridge.results._present import camera_of
from napari_zoobridge.targets import (
    place_of,
    plan_grid,
    plan_labels,
    plan_planes,
    plan_points,
    plan_shapes,
)

CORNERS = np.array([[0, 0], [0, 5], [5, 5], [5, 0]])


@pytest.fixture
def image(viewer):
    return viewer.add_image(np.zeros((60, 80)), name="photo", scale=(2, 2), translate=(4, 6))


def place(viewer, image, axes="YX"):
    return place_of(image, axes, viewer.dims.point)


def test_shapes_are_coloured_and_named_and_given_back(viewer, image, model, make_record):
    shapes = viewer.add_shapes(
        [CORNERS + 10 * i for i in range(3)],
        features={"mine": ["a", "b", "a"]},
        edge_color="mine",
        edge_color_cycle=["yellow", "cyan"],
    )
    before = shapes.edge_color.copy()
    plan = plan_shapes(place(viewer, image), shapes, selected=False, masked=True)
    records = [make_record("shape", 0, "brick", 0.9), make_record("shape", 2, "grass", 0.8)]
    layer = present(viewer, plan, model, records, Look(text="{class} {score:.1f}"))
    assert layer is shapes
    np.testing.assert_allclose(shapes.edge_color[0], rgba("#ff0000"))
    np.testing.assert_allclose(shapes.edge_color[1], before[1])
    np.testing.assert_allclose(shapes.edge_color[2], rgba("#00ff00"))
    assert list(shapes.text.values) == ["brick 0.9", "", "grass 0.8"]
    assert remove_results(viewer) == 1
    np.testing.assert_allclose(shapes.edge_color, before)
    assert shapes.edge_color_mode == "cycle"
    assert str(shapes.text.values) == ""
    pd.testing.assert_frame_equal(shapes.features, pd.DataFrame({"mine": ["a", "b", "a"]}))
    assert METADATA_KEY not in shapes.metadata


def test_a_template_stays_one_where_every_shape_has_a_class(viewer, image, model, make_record):
    shapes = viewer.add_shapes([CORNERS])
    plan = plan_shapes(place(viewer, image), shapes, selected=False, masked=True)
    present(viewer, plan, model, [make_record("shape", 0, "brick", 0.9)], Look())
    assert shapes.text.string.format == "{class}"


def test_texts_of_the_user_are_not_overwritten(viewer, image, model, make_record):
    shapes = viewer.add_shapes([CORNERS], features={"id": ["mine"]}, text="{id}")
    plan = plan_shapes(place(viewer, image), shapes, selected=False, masked=True)
    present(viewer, plan, model, [make_record("shape", 0, "brick", 0.9)], Look())
    assert list(shapes.text.values) == ["mine"]
    remove_results(viewer)
    assert list(shapes.text.values) == ["mine"]


def test_points_are_coloured_and_given_back(viewer, image, model, make_record):
    points = viewer.add_points([[1, 1], [9, 9]], face_color=["yellow", "cyan"])
    before = points.face_color.copy()
    plan = plan_points(place(viewer, image), points, 8, selected=False)
    present(viewer, plan, model, [make_record("point", 1, "gravel", 0.9)], Look())
    np.testing.assert_allclose(points.face_color, [before[0], rgba("#0000ff")])
    points.add([[20, 20]])
    remove_results(viewer)
    np.testing.assert_allclose(points.face_color[:2], before)


def test_labels_are_coloured_and_given_back(viewer, image, model, make_record):
    labels = viewer.add_labels(np.array([[0, 3], [8, 8]]))
    before = labels.colormap
    plan = plan_labels(place(viewer, image), labels, selected=False, masked=True)
    records = [make_record("label", 3, "brick", 0.9)]
    present(viewer, plan, model, records, Look())
    np.testing.assert_allclose(labels.get_color(3), rgba("#ff0000"))
    np.testing.assert_allclose(labels.get_color(8)[3], 0.4)
    present(viewer, plan, model, records, Look())
    remove_results(viewer)
    assert labels.colormap is before


def test_without_colours_only_features_are_written(viewer, image, model, make_record):
    labels = viewer.add_labels(np.array([[0, 3], [8, 8]]))
    before = labels.colormap
    plan = plan_labels(place(viewer, image), labels, selected=False, masked=True)
    present(viewer, plan, model, [make_record("label", 3, "brick", 0.9)], Look(colored=False))
    assert labels.colormap is before
    assert labels.features["class"].tolist() == ["brick"]


def test_tiles_become_shapes_over_the_image(viewer, image, model, make_record):
    plan = plan_grid(place(viewer, image), 40, 40)
    records = [
        make_record("tile", 0, "brick", 0.9, box=PixelBox(0, 0, 40, 40)),
        make_record("tile", 1, "grass", 0.7, box=PixelBox(40, 0, 40, 40)),
    ]
    layer = present(viewer, plan, model, records, Look())
    assert layer.name == "textures · tiles of photo"
    assert layer.features["class"].tolist() == ["brick", "grass"]
    np.testing.assert_allclose(layer.data[1].min(axis=0), (-0.5, 39.5))
    np.testing.assert_allclose(layer.data_to_world((0, 40)), image.data_to_world((0, 40)))
    again = [make_record("tile", i, "gravel", 0.9, box=r.item.box) for i, r in enumerate(records)]
    assert present(viewer, plan, model, again, Look()) is layer
    assert layer.features["class"].tolist() == ["gravel", "gravel"]
    np.testing.assert_allclose(layer.face_color, [rgba("#0000ff")] * 2)
    image.scale = (1, 1)
    layer = present(viewer, plan, model, again, Look())
    np.testing.assert_allclose(layer.data_to_world((0, 40)), image.data_to_world((0, 40)))
    present(viewer, plan, model, records[:1], Look())
    assert [one.name for one in viewer.layers] == ["photo", "textures · tiles of photo"]
    assert remove_results(viewer) == 1
    assert [one.name for one in viewer.layers] == ["photo"]


def test_many_tiles_become_squares_which_are_quicker_to_draw(viewer, image, model, make_record):
    plan = plan_grid(place(viewer, image), 4, 4)
    items = plan.items(lambda: None)
    assert len(items) == 300
    items.append(items[0])
    records = [make_record("tile", i, "grass", 0.5, box=item.box) for i, item in enumerate(items)]
    layer = present(viewer, plan, model, records, Look())
    assert set(layer.symbol) == {"square"}
    assert set(layer.size) == {4}
    assert layer.data[1].tolist() == [1.5, 5.5]
    np.testing.assert_allclose(layer.face_color[7], rgba("#00ff00"))
    assert remove_results(viewer) == 1


def test_planes_get_a_name_each_and_an_entry_in_the_metadata(viewer, model, make_record):
    stack = viewer.add_image(np.zeros((2, 4, 60, 80)), name="stack", scale=(1, 5, 1, 1))
    plan = plan_planes(place(viewer, stack, "CTYX"), "T")
    records = [
        make_record("plane", index, label, 0.9, plane={"T": index})
        for index, label in enumerate(["brick", "grass", "brick", "gravel"])
    ]
    layer = present(viewer, plan, model, records, Look())
    # Channels in front are left out, so that the names show in every channel.
    assert layer.ndim == 3
    assert layer.data[:, 0].tolist() == [0, 1, 2, 3]
    assert layer.features["class"].tolist() == ["brick", "grass", "brick", "gravel"]
    assert layer.scale.tolist() == [5, 1, 1]
    assert [row["plane"] for row in stack.metadata[METADATA_KEY]["results"]] == [
        "T=0",
        "T=1",
        "T=2",
        "T=3",
    ]
    assert remove_results(viewer) == 2
    assert stack.metadata == {}
    assert len(viewer.layers) == 1


def test_results_for_a_layer_that_is_gone_go_nowhere(viewer, image, model, make_record):
    shapes = viewer.add_shapes([CORNERS])
    plan = plan_shapes(place(viewer, image), shapes, selected=False, masked=True)
    viewer.layers.remove(shapes)
    record = make_record("shape", 0, "brick", 0.9)
    assert present(viewer, plan, model, [record], Look()) is None
    planes = plan_planes(place(viewer, image))
    viewer.layers.remove(image)
    assert present(viewer, planes, model, [make_record("plane", 0, "brick", 1.0)], Look()) is None


def test_a_users_layer_of_the_same_name_is_left_alone(viewer, image, model, make_record):
    mine = viewer.add_shapes([CORNERS], name="textures · tiles of photo")
    plan = plan_grid(place(viewer, image), 40, 40)
    record = make_record("tile", 0, "brick", 0.9, box=PixelBox(0, 0, 40, 40))
    present(viewer, plan, model, [record], Look())
    assert mine in viewer.layers
    assert len(viewer.layers) == 3


def test_locating_shows_the_plane_and_selects_the_item(viewer, make_record):
    stack = viewer.add_image(np.zeros((9, 60, 80)), scale=(2, 1, 1), translate=(10, 0, 0))
    shapes = viewer.add_shapes(
        [np.insert(CORNERS + 20 * i, 0, 3 + i, axis=1) for i in range(2)],
        scale=stack.scale,
        translate=stack.translate,
    )
    plan = plan_shapes(place(viewer, stack, "ZYX"), shapes, selected=False, masked=True)
    item = plan.items(lambda: None)[1]
    locate(viewer, plan, item)
    assert viewer.dims.point[0] == 18
    assert camera_of(viewer).center[-2:] == pytest.approx((22, 22))
    assert shapes.selected_data == {1}
    assert viewer.layers.selection.active is shapes


def test_locating_a_label_selects_it(viewer, image, make_record):
    labels = viewer.add_labels(np.array([[0, 3], [8, 8]]), scale=(2, 2), translate=(4, 6))
    plan = plan_labels(place(viewer, image), labels, selected=False, masked=True)
    locate(viewer, plan, plan.items(lambda: None)[1])
    assert labels.selected_label == 8


def test_missing_colours_are_grey():
    assert class_colors(("a", "b"), ("#102030",)) == {"a": "#102030", "b": "#808080"}
    with pytest.raises(ValueError, match="#rrggbb"):
        rgba("red")
