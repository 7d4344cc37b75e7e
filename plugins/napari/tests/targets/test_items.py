import numpy as np

from napari_zoobridge.layers import PixelBox, PlaneSource
from napari_zoobridge.targets import Item, ItemKind, batch_items, plane_text


def tiles(size, count, plane=None):
    return [
        Item(ItemKind.TILE, i, plane or {}, PixelBox(x * size, y * size, size, size))
        for i, (y, x) in enumerate((y, x) for y in range(count) for x in range(count))
    ]


def test_a_plane_is_written_as_the_other_clients_do():
    assert plane_text({"Z": 3, "T": 0}) == "T=0,Z=3"


def test_a_plane_is_sent_once_for_all_its_regions():
    source = PlaneSource("a", np.zeros((100, 100), np.uint8), "YX")
    (batch,) = batch_items(tiles(10, 10), source, bytes_limit=1 << 20, items_limit=1000)
    assert batch.window is None
    assert len(batch.items) == 100


def test_a_small_region_takes_its_own_pixels_along_only():
    source = PlaneSource("a", np.zeros((3, 1000, 1000), np.uint8), "ZYX")
    item = Item(ItemKind.SHAPE, 0, {"Z": 2}, PixelBox(990, 500, 40, 30))
    (batch,) = batch_items([item], source, bytes_limit=1 << 30, items_limit=10)
    assert batch.window == PixelBox(990, 500, 10, 30)
    assert batch.box_in_picture(item) == PixelBox(0, 0, 40, 30)


def test_a_plane_beyond_the_limit_is_sent_in_parts():
    source = PlaneSource("a", np.zeros((1000, 1000), np.uint16), "YX")
    items = tiles(100, 10)
    batches = list(batch_items(items, source, bytes_limit=300_000, items_limit=1000))
    assert sorted(i.index for batch in batches for i in batch.items) == list(range(100))
    for batch in batches:
        assert batch.window.width * batch.window.height * 2 <= 300_000
        pixels = source.read(batch.plane, batch.window)
        for item in batch.items:
            box = batch.box_in_picture(item)
            assert box.x >= 0
            assert box.x + box.width <= pixels.shape[1]
            assert box.y + box.height <= pixels.shape[0]


def test_more_items_than_a_request_holds_are_sent_in_parts():
    source = PlaneSource("a", np.zeros((100, 100), np.uint8), "YX")
    batches = list(batch_items(tiles(10, 10), source, bytes_limit=1 << 20, items_limit=30))
    assert sum(len(batch.items) for batch in batches) == 100
    assert max(len(batch.items) for batch in batches) <= 30


def test_items_of_two_planes_are_two_pictures_and_faulty_ones_none():
    source = PlaneSource("a", np.zeros((5, 100, 100), np.uint8), "ZYX")
    items = tiles(50, 2, {"Z": 0}) + tiles(50, 2, {"Z": 3})
    items.append(Item(ItemKind.TILE, 9, {"Z": 4}, PixelBox(0, 0, 5, 5), problem="no"))
    batches = list(batch_items(items, source, bytes_limit=1 << 20, items_limit=100))
    assert [batch.plane for batch in batches] == [{"Z": 0}, {"Z": 3}]
