import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixels import from_pixels, to_pixels
from zoobridge.errors import ImageFormatError, RegionError
from zoobridge.protocol import (
    PIXEL_DTYPES,
    pack_mask,
    pixels_array,
    unpack_mask,
)
from zoobridge.protocol.v1 import image_pb2

AXES = {2: "YX", 3: "CYX", 4: "ZCYX", 5: "TZCYX"}
dtypes = st.sampled_from(PIXEL_DTYPES).flatmap(
    lambda name: st.sampled_from([np.dtype(name), np.dtype(name).newbyteorder(">")])
)
shapes = hnp.array_shapes(min_dims=2, max_dims=5, max_side=5)


@given(hnp.arrays(dtypes, shapes))
def test_an_array_survives_the_way_through_a_message(array):
    message = to_pixels(array, AXES[array.ndim])
    again = from_pixels(image_pb2.Pixels.FromString(message.SerializeToString()))
    assert again.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(again, array)


@given(hnp.arrays(dtypes, hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6)))
def test_views_of_any_memory_order_are_sent_in_c_order(array):
    for view in (array.T, array[::-1, ::-1], np.asfortranarray(array), array[:, ::2]):
        np.testing.assert_array_equal(from_pixels(to_pixels(view, "YX")), view)


def test_bytes_are_little_endian_in_c_order():
    message = to_pixels(np.array([[1, 2], [3, 4]], ">u2"), "YX")
    assert message.data == b"\x01\x00\x02\x00\x03\x00\x04\x00"
    assert message.data_type == image_pb2.DATA_TYPE_UINT16
    assert list(message.shape) == [2, 2]


def test_pixels_lie_over_the_callers_memory_and_cannot_be_written():
    data = bytearray(6)
    array = pixels_array(data, image_pb2.DATA_TYPE_UINT8, (2, 3), "YX")
    data[0] = 9
    assert array[0, 0] == 9
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1


@pytest.mark.parametrize(
    ("axes", "match"),
    [
        ("YXC", "3 axes, the picture has 2"),
        ("Y", "1 axes"),
        ("yx", "upper-case"),
        ("Y1", "upper-case"),
        ("YY", "twice"),
        ("ZY", "lack Y or X"),
    ],
)
def test_axes_that_do_not_describe_the_picture_are_refused(axes, match):
    with pytest.raises(ImageFormatError, match=match) as caught:
        to_pixels(np.zeros((2, 3)), axes)
    assert caught.value.field == "image.pixels.axes"
    message = to_pixels(np.zeros((2, 3)), "YX")
    message.axes = axes
    with pytest.raises(ImageFormatError, match=match):
        from_pixels(message)


def test_types_that_cannot_be_sent_are_named_with_those_that_can():
    for array in (np.zeros((2, 2), complex), np.array([["a"]]), np.zeros((1, 1), object)):
        with pytest.raises(ImageFormatError, match="uint8, uint16"):
            to_pixels(array, "YX")


def test_empty_pictures_are_refused_on_both_sides():
    with pytest.raises(ImageFormatError, match="empty"):
        to_pixels(np.zeros((0, 4)), "YX")
    empty = image_pb2.Pixels(data_type=image_pb2.DATA_TYPE_UINT8, shape=[0, 4], axes="YX")
    with pytest.raises(ImageFormatError, match="empty"):
        from_pixels(empty)


@given(st.binary(max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_data_of_another_size_than_the_shape_says_is_refused(data, height, width):
    pixels = image_pb2.Pixels(
        data=data, data_type=image_pb2.DATA_TYPE_UINT16, shape=[height, width], axes="YX"
    )
    if len(data) == height * width * 2:
        assert from_pixels(pixels).tobytes() == data
    else:
        with pytest.raises(ImageFormatError, match=f"{height * width * 2} bytes"):
            from_pixels(pixels)


def test_a_shape_beyond_all_memory_is_refused_without_reserving_any():
    pixels = image_pb2.Pixels(
        data=b"x", data_type=image_pb2.DATA_TYPE_FLOAT64, shape=[2**32 - 1] * 3, axes="ZYX"
    )
    with pytest.raises(ImageFormatError, match="1 were sent"):
        from_pixels(pixels)


def test_an_unstated_or_unknown_type_is_refused():
    for number in (0, 99):
        with pytest.raises(ImageFormatError, match="data_type"):
            pixels_array(b"x", number, (1, 1), "YX")


def test_booleans_must_be_zero_or_one():
    pixels = image_pb2.Pixels(
        data=b"\x01\x02", data_type=image_pb2.DATA_TYPE_BOOL, shape=[1, 2], axes="YX"
    )
    with pytest.raises(ImageFormatError, match="zero or one"):
        from_pixels(pixels)


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)))
def test_a_mask_survives_packing(mask):
    data = pack_mask(mask)
    height, width = mask.shape
    assert len(data) == -(-width * height // 8)
    np.testing.assert_array_equal(unpack_mask(data, width, height), mask)


def test_mask_bits_follow_row_after_row_least_significant_first():
    mask = np.zeros((3, 3), bool)
    mask[0, 1] = mask[2, 2] = True
    assert pack_mask(mask) == bytes([0b00000010, 0b00000001])


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(RegionError, match="2 bytes"):
        unpack_mask(b"\x00", 3, 3)
    for shape in ((3,), (0, 3)):
        with pytest.raises(RegionError):
            pack_mask(np.ones(shape))
