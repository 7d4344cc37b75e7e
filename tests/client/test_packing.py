"""Small arrays travel together, and are answered as if each had travelled alone."""

from pathlib import Path

import numpy as np
import pytest

from zoobridge.client import Region
from zoobridge.client._images import sources
from zoobridge.client._packing import grouped
from zoobridge.protocol import ClientHints
from zoobridge.protocol.v1 import classification_pb2 as pb

ZOO = Path(__file__).parents[2] / "examples" / "zoo"
HINTS = ClientHints(packed_images=4, packed_items=8, packed_bytes=1000)


def sizes(images, *, base=None, axes=""):
    pictures, total = sources(images, axes=axes)
    groups = grouped(pictures, base or pb.ClassifyRequest(), HINTS, total)
    return [len(group.sources) for group in groups]


def small(count, shape=(8, 8), dtype=np.uint8):
    return [np.full(shape, number, dtype) for number in range(count)]


def test_arrays_of_one_layout_are_packed_up_to_the_hints():
    assert sizes(small(10)) == [4, 4, 2]
    assert sizes(small(5, (20, 20))) == [2, 2, 1]
    assert sizes(small(3, (40, 40))) == [1, 1, 1]
    assert sizes([*small(2), *small(3, (4, 4)), *small(1)]) == [2, 3, 1]


@pytest.mark.parametrize(
    "images",
    [
        small(3, dtype=np.uint16),
        small(3, dtype=np.float32),
        [b"a", b"b", b"c"],
        (one for one in small(3)),
    ],
    ids=["uint16", "float32", "encoded", "generator"],
)
def test_what_may_be_judged_by_its_values_or_come_late_travels_alone(images):
    assert sizes(images) == [1, 1, 1]


def test_stacks_and_requests_for_planes_travel_alone():
    assert sizes(small(2, (3, 8, 8)), axes="ZYX") == [1, 1]
    planes = pb.ClassifyRequest()
    planes.planes.add(axis="Z", indexes=[0])
    assert sizes(small(2), base=planes) == [1, 1]
    bound = pb.ClassifyRequest()
    bound.regions.add(id="r").plane.indexes["Z"] = 0
    assert sizes(small(2), base=bound) == [1, 1]


def test_regions_count_as_items():
    base = pb.ClassifyRequest()
    for _ in range(4):
        base.regions.add()
    assert sizes(small(4), base=base) == [2, 2]


def seen(results):
    return [
        (one.image, one.image_index, one.item_index, one.plane, one.indexes, one.region, one.label)
        for one in results
    ]


def test_packed_pictures_are_answered_as_single_ones_are(zoobridge_server):
    client = zoobridge_server(ZOO).client
    random = np.random.default_rng(3)
    pictures = [random.integers(0, 256, (8, 8), np.uint8) for _ in range(70)]
    regions = [Region(0, 0, 8, 8, id="all"), Region(1, 1, 5, 5, id="part")]
    for options in ({}, {"regions": regions}):
        steps = []
        packed = client.classify(
            "digits", pictures, all_scores=True, on_progress=steps.append, **options
        )
        single = client.classify("digits", iter(pictures), all_scores=True, **options)
        assert seen(packed) == seen(single)
        for one, other in zip(packed, single, strict=True):
            assert one.scores == pytest.approx(other.scores, abs=1e-5)
            assert one.conversions == other.conversions
        assert (steps[-1].images, steps[-1].total, steps[-1].failed) == (70, 70, 0)
        each = list(client.classify_each("digits", pictures, **options))
        assert sorted(one[0].image_index for one in each) == list(range(70))
        assert {len(one) for one in each} == {len(options.get("regions", [1]))}


def test_a_picture_that_does_not_fit_fails_alone_among_packed_ones(zoobridge_server):
    client = zoobridge_server(ZOO).client
    good, wide = small(3, (8, 8)), small(2, (8, 9))
    results = client.classify("digits", [*good, *wide, *good], fit="refuse")
    assert [one.error is not None for one in results] == [False] * 3 + [True] * 2 + [False] * 3
    assert [one.image for one in results] == [f"image-{number}" for number in range(1, 9)]


def test_the_server_states_what_is_worth_while(zoobridge_server):
    hints = zoobridge_server(ZOO).client.info().client_hints
    assert hints == ClientHints()
