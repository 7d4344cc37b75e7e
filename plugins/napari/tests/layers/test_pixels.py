import dask.array
import numpy as np
import pytest
from napari.layers import Image
from skimage.measure import regionprops

from napari_zoobridge.layers import (
    PixelBox,
    PlaneSource,
    find_objects,
    full_resolution,
    iterate_planes,
)


def counting_stack(shape, counts):
    def block(block_id):
        counts.append(block_id)
        return np.full((1, *shape[1:]), block_id[0], dtype=np.uint16)

    return dask.array.map_blocks(
        block, chunks=((1,) * shape[0], *((n,) for n in shape[1:])), dtype=np.uint16
    )


def test_a_plane_of_a_dask_stack_reads_that_plane_only():
    read = []
    source = PlaneSource("stack", counting_stack((50, 32, 32), read), "TYX")
    read.clear()
    plane = source.read({"T": 17})
    assert plane.shape == (32, 32)
    assert (plane == 17).all()
    assert read == [(17, 0, 0)]


def test_a_window_is_cut_before_it_is_read():
    array = np.arange(5 * 3 * 40 * 30).reshape(5, 3, 40, 30)
    source = PlaneSource("a", array, "ZCYX")
    window = PixelBox(4, 7, 6, 9)
    np.testing.assert_array_equal(source.read({"Z": 2}, window), array[2, :, 7:16, 4:10])
    assert source.plane_axes == "CYX"
    assert source.stack_axes == "Z"
    assert source.frame == PixelBox(0, 0, 30, 40)
    assert source.pixel_bytes == 8 * 3


def test_axes_of_any_order_are_read_by_letter():
    array = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    source = PlaneSource("a", array, "XZY")
    np.testing.assert_array_equal(source.read({"Z": 3}), array[:, 3, :])
    assert source.plane_axes == "XY"
    assert source.frame == PixelBox(0, 0, 4, 6)


def test_multiscale_layers_give_all_pixels():
    pyramid = [np.zeros((64, 64)), np.zeros((32, 32))]
    assert full_resolution(Image(pyramid, multiscale=True)).shape == (64, 64)
    assert full_resolution(Image(pyramid[0])).shape == (64, 64)


def test_planes_run_along_the_chosen_axes_only():
    source = PlaneSource("a", np.zeros((2, 3, 4, 5)), "TZYX")
    here = {"T": 1, "Z": 2}
    assert list(iterate_planes(source, here, "")) == [here]
    assert list(iterate_planes(source, here, "Z")) == [{"T": 1, "Z": z} for z in range(3)]
    assert len(list(iterate_planes(source, here, "TZ"))) == 6


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_objects_equal_scikit_image(dtype):
    random = np.random.default_rng(5)
    labels = np.repeat(np.repeat(random.integers(0, 40, (20, 30)), 3, 0), 4, 1).astype(dtype)
    found = find_objects(labels)
    expected = regionprops(labels.astype(np.int64))
    assert [one.label for one in found] == [one.label for one in expected]
    for one, other in zip(found, expected, strict=True):
        y0, x0, y1, x1 = other.bbox
        assert one.box == PixelBox(x0, y0, x1 - x0, y1 - y0)
        assert one.area == other.area


def test_an_empty_label_plane_holds_no_objects():
    assert find_objects(np.zeros((5, 5), dtype=int)) == []
