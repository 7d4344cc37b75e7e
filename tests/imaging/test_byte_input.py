"""Bytes for a network that prepares them itself: the table gives what the steps give."""

import numpy as np
import pytest

from zoobridge.imaging import PictureLimits, Preparation, Preparer, picture_from_array, plan_items

NORMALIZE = [
    ("ensure_dtype", {"dtype": "float32"}),
    ("scale_linear", {"gain": 1 / 255, "offset": 0}),
    (
        "fixed_zero_mean_unit_variance",
        {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "axis": "channel"},
    ),
]
BY_ITEM = [("zero_mean_unit_variance", {"axes": ["y", "x"]})]


def _prepared(spec, array, *, byte_input):
    picture = picture_from_array(array, "YXC", limits=PictureLimits(pixels=1 << 20))
    items = plan_items(picture, spec, planes={}, regions=(), max_items=9)
    (group,), faults = Preparer(spec, Preparation(), byte_input=byte_input).prepare(picture, items)
    assert not faults
    return group


@pytest.mark.parametrize("axes", ["NCYX", "NYXC"])
def test_the_table_gives_what_the_steps_give(spec, axes):
    wanted = spec(axes=axes, C=3, Y=16, X=16, steps=NORMALIZE)
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    usual = _prepared(wanted, pixels, byte_input=False)
    bytes_ = _prepared(wanted, pixels, byte_input=True)
    assert usual.table is None
    assert bytes_.array.dtype == np.uint8
    assert bytes_.table.axis == axes.index("C")
    along = [1] * 4
    along[bytes_.table.axis] = -1
    found = bytes_.table.values[np.arange(3).reshape(along), bytes_.array]
    assert found.dtype == usual.array.dtype == np.float32
    np.testing.assert_allclose(found, usual.array, rtol=0, atol=1e-6)
    assert bytes_.conversions == usual.conversions


def test_pictures_of_one_kind_share_a_table(spec):
    wanted = spec(axes="NCYX", C=3, Y=4, X=4, steps=NORMALIZE)
    picture = picture_from_array(
        np.zeros((4, 4, 3), np.uint8), "YXC", limits=PictureLimits(pixels=99)
    )
    items = plan_items(picture, wanted, planes={}, regions=(), max_items=9)
    preparer = Preparer(wanted, Preparation(), byte_input=True)
    tables = [preparer.prepare(picture, items)[0][0].table for _ in range(2)]
    assert tables[0] is tables[1]


@pytest.mark.parametrize(
    ("steps", "dtype"), [(BY_ITEM, np.uint8), (NORMALIZE, np.uint16)], ids=["steps", "pixels"]
)
def test_what_no_table_can_state_is_prepared_here(spec, steps, dtype):
    wanted = spec(axes="NCYX", C=3, Y=4, X=4, steps=steps, intensity_range=(0, 255))
    pixels = np.arange(48, dtype=dtype).reshape(4, 4, 3)
    group = _prepared(wanted, pixels, byte_input=True)
    assert group.table is None
    assert group.array.dtype == np.float32
