"""The image that is classified, and where in it the viewer is."""

import dask.array
import numpy as np
import pytest

from napari_zoobridge.layers import PixelBox, PlaneAxesError
from napari_zoobridge.targets import place_of


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
        (np.zeros((4, 6), np.uint8), {"rotate": 5}, "YX", "their positions differ"),
        (np.zeros((4, 6), np.uint8), {}, "CYX", "name 3 axes, the picture has 2"),
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
    with pytest.raises(PlaneAxesError, match="already has a channel axis"):
        place_of(both, "CYX", viewer.dims.point)
