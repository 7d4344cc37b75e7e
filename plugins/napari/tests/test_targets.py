import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from skimage.measure import regionprops

from napari_zoobridge._axes import PlaneAxesError
from napari_zoobridge._geometry import PixelBox
from napari_zoobridge._items import EmptyTargetError, ItemKind
from napari_zoobridge._place import place_of
from napari_zoobridge._targets import (
    plan_grid,
    plan_labels,
    plan_planes,
    plan_points,
    plan_shapes,
)


def items_of(plan):
    return plan.items(lambda: None)


def rectangle(y0, x0, y1, x1, *leading):
    return np.array([[*leading, y, x] for y, x in ((y0, x0), (y0, x1), (y1, x1), (y1, x0))])


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def stack(viewer):
    """A time series of volumes, scaled and moved, shown at T = 1, Z = 3."""
    layer = viewer.add_image(
        np.zeros((2, 5, 60, 80), np.uint16),
        name="stack",
        scale=(1, 2, 0.5, 0.5),
        translate=(0, 10, 5, 0),
    )
    viewer.dims.set_point(0, 1)
    viewer.dims.set_point(1, 16)
    return layer


def test_the_displayed_plane_is_one_item(viewer, stack):
    plan = plan_planes(place_of(stack, "TZYX", viewer.dims.point))
    (item,) = items_of(plan)
    assert item.kind is ItemKind.PLANE
    assert item.plane == {"T": 1, "Z": 3}
    assert item.box is None
    assert item.region == ""


def test_all_planes_along_an_axis_keep_the_others_where_they_are(viewer, stack):
    plan = plan_planes(place_of(stack, "TZYX", viewer.dims.point), "Z")
    assert [item.plane for item in items_of(plan)] == [{"T": 1, "Z": z} for z in range(5)]


def test_a_channel_axis_is_no_stack(viewer):
    layer = viewer.add_image(np.zeros((4, 30, 40)))
    plan = plan_planes(place_of(layer, "CYX", viewer.dims.point))
    assert items_of(plan)[0].plane == {}
    assert plan.place.source.read({}).shape == (4, 30, 40)


def test_an_rgb_layer_gives_its_colours(viewer):
    layer = viewer.add_image(np.zeros((30, 40, 3), np.uint8), rgb=True)
    place = place_of(layer, "yxc", viewer.dims.point)
    assert place.layer_axes == "YX"
    assert place.source.plane_axes == "YXC"
    with pytest.raises(PlaneAxesError, match="end with C"):
        place_of(layer, "CYX", viewer.dims.point)


def test_a_position_outside_the_stack_takes_its_nearest_plane(viewer, stack):
    viewer.add_image(np.zeros((9, 40, 60, 80)), scale=(1, 2, 0.5, 0.5))
    viewer.dims.set_point(0, 8)
    place = place_of(stack, "TZYX", viewer.dims.point)
    assert place.here["T"] == 1


def test_tiles_cover_everything_and_stay_inside(viewer):
    layer = viewer.add_image(np.zeros((50, 70)))
    plan = plan_grid(place_of(layer, "YX", viewer.dims.point), 32, 32)
    boxes = [item.box for item in items_of(plan)]
    assert len(boxes) == 2 * 3
    seen = np.zeros((50, 70), bool)
    for box in boxes:
        assert box.x >= 0
        assert box.y >= 0
        seen[box.y : box.y + box.height, box.x : box.x + box.width] = True
        assert (box.width, box.height) == (32, 32)
    assert seen.all()
    assert items_of(plan)[-1].region == "38,18,32,32"


def test_a_tile_larger_than_the_plane_is_the_plane(viewer):
    layer = viewer.add_image(np.zeros((20, 70)))
    plan = plan_grid(place_of(layer, "YX", viewer.dims.point), 32, 32)
    assert {(item.box.y, item.box.height) for item in items_of(plan)} == {(0, 20)}


def test_shapes_of_every_kind_become_boxes_and_masks(viewer):
    image = viewer.add_image(np.zeros((100, 100)))
    shapes = viewer.add_shapes()
    shapes.add_rectangles(rectangle(10, 20, 30, 50))
    shapes.add_ellipses(rectangle(40, 20, 60, 60))
    shapes.add_polygons(np.array([[70, 10], [70, 30], [90, 10]]))
    shapes.add_lines(np.array([[5, 60], [5, 90]]), edge_width=4)
    shapes.add_paths(np.array([[20, 70], [40, 70], [40, 90]]), edge_width=2)
    place = place_of(image, "YX", viewer.dims.point)
    box, ellipse, triangle, line, path = items_of(
        plan_shapes(place, shapes, selected=False, masked=True)
    )
    assert box.box == PixelBox(20, 10, 30, 20)
    assert box.mask is None
    assert ellipse.box == PixelBox(20, 40, 40, 20)
    assert ellipse.mask.mean() == pytest.approx(np.pi / 4, abs=0.03)
    assert triangle.mask.mean() == pytest.approx(0.5, abs=0.04)
    assert line.box.height == 4
    assert path.mask[1, 1]
    assert not path.mask[0, -1]
    assert [item.region for item in (box, path)] == ["shape 0", "shape 4"]


def test_without_masks_the_box_is_all(viewer):
    image = viewer.add_image(np.zeros((100, 100)))
    shapes = viewer.add_shapes(rectangle(40, 20, 60, 60), shape_type="ellipse")
    place = place_of(image, "YX", viewer.dims.point)
    assert items_of(plan_shapes(place, shapes, selected=False, masked=False))[0].mask is None


def test_shapes_of_another_scale_are_mapped_to_the_image(viewer):
    image = viewer.add_image(np.zeros((100, 100)), scale=(0.5, 0.5), translate=(10, 0))
    shapes = viewer.add_shapes(rectangle(1, 2, 2, 4), scale=(10, 5), shape_type="rectangle")
    place = place_of(image, "YX", viewer.dims.point)
    (item,) = items_of(plan_shapes(place, shapes, selected=False, masked=True))
    # World rows 10 … 20 are image rows 0 … 20, world columns 10 … 20 image columns 20 … 40.
    assert item.box == PixelBox(20, 0, 20, 20)


def test_a_shape_lies_in_the_plane_it_was_drawn_in(viewer, stack):
    shapes = viewer.add_shapes(
        [rectangle(0, 0, 10, 10, 0, 2), rectangle(0, 0, 10, 10, 1, 4)],
        ndim=4,
        scale=stack.scale,
        translate=stack.translate,
        shape_type="rectangle",
    )
    place = place_of(stack, "TZYX", viewer.dims.point)
    items = items_of(plan_shapes(place, shapes, selected=False, masked=False))
    assert [item.plane for item in items] == [{"T": 0, "Z": 2}, {"T": 1, "Z": 4}]


def test_a_flat_shape_over_a_stack_lies_in_the_displayed_plane(viewer, stack):
    shapes = viewer.add_shapes(rectangle(10, 10, 20, 20), shape_type="rectangle")
    place = place_of(stack, "TZYX", viewer.dims.point)
    (item,) = items_of(plan_shapes(place, shapes, selected=False, masked=False))
    assert item.plane == {"T": 1, "Z": 3}
    assert item.box == PixelBox(20, 10, 20, 20)


def test_a_shape_beyond_the_image_says_so_itself(viewer, stack):
    shapes = viewer.add_shapes(
        [rectangle(0, 0, 10, 10, 0, 7), rectangle(500, 0, 510, 10, 0, 1)],
        scale=stack.scale,
        translate=stack.translate,
        shape_type="rectangle",
    )
    place = place_of(stack, "TZYX", viewer.dims.point)
    deep, far = items_of(plan_shapes(place, shapes, selected=False, masked=False))
    assert deep.problem == "shape 0 lies at Z = 7; the image has Z = 0 … 4"
    assert far.problem == "shape 1 lies outside the image, which has 80 × 60 pixels"


def test_only_selected_shapes_when_asked(viewer):
    image = viewer.add_image(np.zeros((100, 100)))
    shapes = viewer.add_shapes([rectangle(0, 0, 9, 9), rectangle(20, 0, 30, 9)])
    place = place_of(image, "YX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="no shape is selected"):
        plan_shapes(place, shapes, selected=True, masked=True)
    shapes.selected_data = {1}
    (item,) = items_of(plan_shapes(place, shapes, selected=True, masked=True))
    assert item.index == 1


def test_an_empty_shapes_layer_says_what_to_do(viewer):
    image = viewer.add_image(np.zeros((100, 100)))
    place = place_of(image, "YX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="add some first"):
        plan_shapes(place, viewer.add_shapes(), selected=False, masked=True)


def test_points_get_windows_around_them(viewer, stack):
    points = viewer.add_points(
        [[0, 2, 30, 40], [1, 4, 0, 0]], scale=stack.scale, translate=stack.translate
    )
    place = place_of(stack, "TZYX", viewer.dims.point)
    first, second = items_of(plan_points(place, points, 10, selected=False))
    assert first.box == PixelBox(35, 25, 10, 10)
    assert first.plane == {"T": 0, "Z": 2}
    # It leaves the image, and the server says what it did about it.
    assert second.box == PixelBox(-5, -5, 10, 10)
    assert not second.problem


def test_an_empty_points_layer_says_what_to_do(viewer, stack):
    place = place_of(stack, "TZYX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="add some first"):
        plan_points(place, viewer.add_points(), 10, selected=False)
    points = viewer.add_points([[0, 0, 0, 0]])
    points.selected_data = set()
    with pytest.raises(EmptyTargetError, match="no point is selected"):
        plan_points(place, points, 10, selected=True)


def blobs(shape, seed=3):
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    for label in range(1, 9):
        y, x = random.integers(0, shape[-2] - 12), random.integers(0, shape[-1] - 12)
        labels[..., y : y + 4 + label, x : x + 12 - label] = label
    return labels


def test_labelled_objects_have_their_boxes_and_masks(viewer):
    image = viewer.add_image(np.zeros((80, 90)))
    labels = viewer.add_labels(blobs((80, 90)))
    place = place_of(image, "YX", viewer.dims.point)
    items = items_of(plan_labels(place, labels, selected=False, masked=True))
    expected = regionprops(labels.data)
    assert [item.index for item in items] == [one.label for one in expected]
    for item, one in zip(items, expected, strict=True):
        y0, x0, y1, x1 = one.bbox
        assert item.box == PixelBox(x0, y0, x1 - x0, y1 - y0)
        mask = np.ones_like(one.image) if item.mask is None else item.mask
        np.testing.assert_array_equal(mask, one.image)


def test_padding_grows_the_box_but_not_the_mask(viewer):
    image = viewer.add_image(np.zeros((80, 90)))
    labels = viewer.add_labels(blobs((80, 90)))
    place = place_of(image, "YX", viewer.dims.point)
    plain = items_of(plan_labels(place, labels, selected=False, masked=False))
    padded = items_of(plan_labels(place, labels, selected=False, masked=True, padding=5))
    for one, other in zip(plain, padded, strict=True):
        assert other.box == one.box.grown(5)
        assert other.mask.sum() == (labels.data == other.index).sum()


def test_labels_of_half_the_resolution_are_brought_to_the_image(viewer):
    image = viewer.add_image(np.zeros((80, 90)), scale=(0.5, 0.5), translate=(0.25, 0.25))
    coarse = blobs((40, 45))
    labels = viewer.add_labels(coarse, translate=(0.5, 0.5))
    fine = np.kron(coarse, np.ones((2, 2), int))
    place = place_of(image, "YX", viewer.dims.point)
    items = items_of(plan_labels(place, labels, selected=False, masked=True))
    for item, one in zip(items, regionprops(fine), strict=True):
        y0, x0, y1, x1 = one.bbox
        assert item.box == PixelBox(x0, y0, x1 - x0, y1 - y0)
        mask = np.ones_like(one.image) if item.mask is None else item.mask
        np.testing.assert_array_equal(mask, one.image)


def test_an_object_of_a_volume_is_seen_where_it_is_largest(viewer):
    volume = np.zeros((6, 50, 50), int)
    volume[1, 10:14, 10:14] = 7
    volume[2, 8:18, 8:18] = 7
    volume[4, 30:40, 30:40] = 9
    image = viewer.add_image(np.zeros((6, 50, 50)))
    labels = viewer.add_labels(volume)
    place = place_of(image, "ZYX", viewer.dims.point)
    seven, nine = items_of(plan_labels(place, labels, selected=False, masked=True, along="Z"))
    assert (seven.index, seven.plane, seven.box) == (7, {"Z": 2}, PixelBox(8, 8, 10, 10))
    assert (nine.index, nine.plane) == (9, {"Z": 4})


def test_an_object_of_a_volume_is_seen_in_each_of_its_planes_if_wanted(viewer):
    volume = np.zeros((6, 50, 50), int)
    volume[4, 30:40, 30:40] = 2
    volume[1, 10:14, 10:14] = 7
    volume[2, 8:18, 8:18] = 7
    image = viewer.add_image(np.zeros((6, 50, 50)))
    labels = viewer.add_labels(volume)
    place = place_of(image, "ZYX", viewer.dims.point)
    found = items_of(
        plan_labels(place, labels, selected=False, masked=True, along="Z", every_plane=True)
    )
    assert [(item.index, item.plane["Z"]) for item in found] == [(2, 4), (7, 1), (7, 2)]
    assert [item.order for item in found] == sorted(item.order for item in found)
    assert found[1].box == PixelBox(10, 10, 4, 4)


def test_layers_of_one_channel_each_are_joined_in_their_order(viewer):
    read = []

    def channel(number):
        def block(block_id):
            read.append((number, block_id[0]))
            return np.full((1, 8, 9), 10 * number + block_id[0], np.uint16)

        chunks = ((1,) * 5, 8, 9)
        return dask.array.map_blocks(
            block, chunks=chunks, dtype=np.uint16, meta=np.zeros((0, 0, 0), np.uint16)
        )

    align = {"scale": (2, 0.5, 0.5), "translate": (1, 5, 0), "contrast_limits": (0, 99)}
    gfp = viewer.add_image(channel(1), name="GFP", **align)
    dapi = viewer.add_image(channel(2), name="DAPI", **align)
    place = place_of([dapi, gfp], "TYX", viewer.dims.point)
    assert place.source.name == "DAPI + GFP"
    assert (place.source.axes, place.source.plane_axes) == ("TYXC", "YXC")
    assert place.layer_axes == "TYX"
    read.clear()
    plane = place.source.read({"T": 3}, PixelBox(1, 2, 4, 5))
    assert plane.shape == (5, 4, 2)
    assert (plane[..., 0] == 23).all()
    assert (plane[..., 1] == 13).all()
    assert sorted(set(read)) == [(1, 3), (2, 3)]
    assert place.source.pixel_bytes == 4


@pytest.mark.parametrize(
    ("other", "options", "axes", "words"),
    [
        (np.zeros((4, 7), np.uint8), {}, "YX", r"their sizes differ \(4 × 6 and 4 × 7\)"),
        (np.zeros((4, 6, 3), np.uint8), {"rgb": True}, "YX", "their sizes differ"),
        (np.zeros((4, 6), np.uint16), {}, "YX", r"different types \(uint8 and uint16\)"),
        (np.zeros((4, 6), np.uint8), {"scale": (2, 2)}, "YX", "the same scale and translation"),
        (np.zeros((4, 6), np.uint8), {"translate": (0, 1)}, "YX", "scale and translation"),
        (np.zeros((4, 6), np.uint8), {"rotate": 5}, "YX", "lie differently in the world"),
        (np.zeros((4, 6), np.uint8), {}, "CYX", "name 3 axes; the layer has 2"),
    ],
    ids=["size", "colour", "type", "scale", "translation", "rotation", "axes"],
)
def test_layers_that_are_no_channels_of_one_image_say_why(viewer, other, options, axes, words):
    first = viewer.add_image(np.zeros((4, 6), np.uint8), name="first")
    second = viewer.add_image(other, name="second", **options)
    with pytest.raises(PlaneAxesError, match=words):
        place_of([first, second], axes, viewer.dims.point)


def test_a_layer_with_channels_of_its_own_is_not_one_of_them(viewer):
    both = [viewer.add_image(np.zeros((2, 4, 6))) for _ in range(2)]
    with pytest.raises(PlaneAxesError, match="has channels of its own"):
        place_of(both, "CYX", viewer.dims.point)


def test_without_axes_only_the_displayed_label_plane_is_read(viewer):
    read = []

    def block(block_id):
        read.append(block_id[0])
        plane = np.zeros((1, 40, 40), np.int32)
        plane[0, 5:9, 5:9] = block_id[0]
        return plane

    volume = dask.array.map_blocks(
        block, chunks=((1,) * 20, 40, 40), dtype=np.int32, meta=np.zeros((0, 0, 0), np.int32)
    )
    image = viewer.add_image(np.zeros((20, 40, 40)))
    labels = viewer.add_labels(volume)
    viewer.dims.set_point(0, 4)
    place = place_of(image, "ZYX", viewer.dims.point)
    plan = plan_labels(place, labels, selected=False, masked=False)
    read.clear()
    (item,) = items_of(plan)
    assert (item.index, item.plane) == (4, {"Z": 4})
    assert read == [4]


def test_a_long_search_for_objects_can_be_stopped(viewer):
    image = viewer.add_image(np.zeros((20, 40, 40)))
    labels = viewer.add_labels(np.ones((20, 40, 40), int))
    plan = plan_labels(
        place_of(image, "ZYX", viewer.dims.point), labels, selected=False, masked=False, along="Z"
    )
    planes = []

    class EnoughError(Exception):
        pass

    def keep_on():
        planes.append(1)
        if len(planes) == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        plan.items(keep_on)
    assert len(planes) == 3


def test_labels_without_objects_say_so(viewer):
    image = viewer.add_image(np.zeros((20, 20)))
    labels = viewer.add_labels(np.zeros((20, 20), int))
    place = place_of(image, "YX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="holds no objects"):
        items_of(plan_labels(place, labels, selected=False, masked=False))
    labels.selected_label = 5
    with pytest.raises(EmptyTargetError, match="label 5 has no pixels"):
        items_of(plan_labels(place, labels, selected=True, masked=False))


def test_labels_of_a_turned_view_follow_the_axes(viewer):
    volume = np.zeros((30, 6, 40), int)
    volume[10:15, 2, 20:26] = 3
    image = viewer.add_image(np.zeros((30, 6, 40)))
    labels = viewer.add_labels(volume)
    place = place_of(image, "XZY", viewer.dims.point)
    (item,) = items_of(plan_labels(place, labels, selected=False, masked=True, along="Z"))
    assert item.plane == {"Z": 2}
    assert item.box == PixelBox(10, 20, 5, 6)
