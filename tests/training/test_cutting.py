"""Places are cut out of a caller's picture as they are, and the rest of it is left alone."""

import tracemalloc

import numpy as np

from zoobridge.imaging import PictureLimits, picture_from_array
from zoobridge.protocol import pack_mask
from zoobridge.protocol.v1 import image_pb2
from zoobridge.training.service._cutting import cut_region

SIDE = 1500


def stack():
    """Three planes of 12 bits."""
    values = np.arange(3 * SIDE * SIDE, dtype=np.uint32) % 4096
    array = values.astype(np.uint16).reshape(3, SIDE, SIDE)
    return picture_from_array(array, "ZYX", limits=PictureLimits(), significant_bits=12)


def region(*box, mask=b""):
    x, y, width, height = box
    box = image_pb2.Box(x=x, y=y, width=width, height=height)
    return image_pb2.Region(box=box, mask=mask, plane=image_pb2.Plane(indexes={"Z": 1}))


def test_values_of_fewer_bits_are_spread_over_their_type():
    picture = stack()
    cut, place = cut_region(picture, region(10, 20, 4, 3))
    expected = np.rint(picture.array[1, 20:23, 10:14] * (65535 / 4095)).astype(np.uint16)
    np.testing.assert_array_equal(cut, expected)
    assert place == "10,20,4,3"
    whole, _ = cut_region(picture, image_pb2.Region(plane=image_pb2.Plane(indexes={"Z": 1})))
    np.testing.assert_array_equal(whole[20:23, 10:14], cut)


def test_what_lies_outside_a_mask_is_zero():
    inside = np.eye(3, dtype=bool)
    cut, _ = cut_region(stack(), region(10, 20, 3, 3, mask=pack_mask(inside)))
    assert (cut[~inside] == 0).all()
    assert (cut[inside] > 0).all()


def test_cutting_a_place_does_not_copy_its_plane():
    picture = stack()
    tracemalloc.start()
    cut_region(picture, region(100, 100, 32, 32))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < SIDE * SIDE
