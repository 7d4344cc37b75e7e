"""Regions read in columns are what a parser reads."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.protocol import read_boxes
from zoobridge.protocol.v1 import classification_pb2 as pb
from zoobridge.protocol.v1 import image_pb2

number = st.one_of(st.integers(0, 300), st.integers(0, (1 << 28) - 1))
boxes = st.lists(st.tuples(number, number, number, number), min_size=1, max_size=12)
FIELDS = ("x", "y", "width", "height")


def _request(rows, ids=None, **more):
    request = pb.ClassifyRequest(model="m", options={"top_k": 3}, **more)
    request.image.encoded = b"picture"
    for place, row in enumerate(rows):
        box = image_pb2.Box(**dict(zip(FIELDS, row, strict=True)))
        request.regions.add(id=ids[place] if ids else "", box=box)
    return request


@given(boxes, st.booleans())
def test_boxes_are_read_as_a_parser_reads_them(rows, named):
    ids = [f"µ{place}" * (place % 3) for place in range(len(rows))] if named else None
    request = _request(rows, ids)
    found = read_boxes(request.SerializeToString())
    assert found is not None
    assert found.table.tolist() == [list(row) for row in rows]
    none = [""] * len(rows)
    assert list(found.ids or none) == (ids or none)


def _changed(change):
    request = _request([(n, n, 28, 28) for n in range(50)])
    change(request.regions[20])
    return request


@pytest.mark.parametrize(
    "change",
    [
        lambda region: region.ClearField("box"),
        lambda region: setattr(region.box, "x", -5),
        lambda region: setattr(region.box, "width", 1 << 28),
        lambda region: region.plane.indexes.update(Z=1),
        lambda region: region.plane.SetInParent(),
        lambda region: setattr(region, "id", "i" * 200),
        lambda region: setattr(region, "id", "i" * 120),
        lambda region: (setattr(region, "id", "i" * 100), setattr(region, "mask", b"m" * 300)),
    ],
)
def test_what_is_more_than_a_box_is_left_to_the_parser(change):
    data = _changed(change).SerializeToString()
    found = read_boxes(data)
    if found is not None:
        assert _rows(found) == _parsed_rows(data)


def test_a_region_that_is_more_than_a_box_is_noticed():
    data = _changed(lambda region: setattr(region, "mask", b"\xff")).SerializeToString()
    assert read_boxes(data) is None


def test_a_request_without_regions_has_no_boxes():
    assert len(read_boxes(_request([]).SerializeToString())) == 0


def test_regions_in_two_rows_are_left_to_the_parser():
    rows = _request([(1, 2, 3, 4)] * 40)
    data = rows.SerializeToString() + pb.ClassifyRequest(regions=rows.regions).SerializeToString()
    assert read_boxes(data) is None


@given(st.data())
def test_bytes_that_were_changed_are_read_as_the_parser_reads_them_or_left_to_it(data):
    whole = bytearray(_request([(n, 2 * n, 28, 28) for n in range(40)]).SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    changed = bytes(whole)
    try:
        expected = _parsed_rows(changed)
    except DecodeError:
        return
    found = read_boxes(changed)
    assert found is None or _rows(found) == expected


def _rows(found):
    ids = found.ids or [""] * len(found)
    return [(*row, name) for row, name in zip(found.table.tolist(), ids, strict=True)]


def _parsed_rows(data):
    parsed = pb.ClassifyRequest.FromString(data).regions
    assert not any(one.mask or one.HasField("plane") for one in parsed) or read_boxes(data) is None
    return [(*(getattr(one.box, name) for name in FIELDS), one.id) for one in parsed]
