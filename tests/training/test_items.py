"""The items of a served project, of which there may be very many."""

import json
import tracemalloc

import pytest

from zoobridge.errors import InvalidRequestError
from zoobridge.training.service._items import ItemStore

ITEMS = 2000


def write_list(folder, count):
    with (folder / "items.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count):
            digest = f"{number:064x}"
            item = {
                "digest": digest,
                "file": f"{digest}.tif",
                "size": 5,
                "source": digest,
                "name": f"image {number}.tif",
                "region": "0,0,64,64",
            }
            file.write(json.dumps(item) + "\n")


def test_a_hundred_thousand_items_take_less_than_150_megabytes(tmp_path):
    write_list(tmp_path, ITEMS)
    tracemalloc.start()
    store = ItemStore(tmp_path)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    store.close()
    assert len(store) == ITEMS
    assert store.bytes == 5 * ITEMS
    assert kept / ITEMS * 100_000 < 150e6


def test_a_line_that_was_cut_off_is_forgotten_and_a_broken_one_is_named(tmp_path):
    write_list(tmp_path, 3)
    path = tmp_path / "items.jsonl"
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")
    store = ItemStore(tmp_path)
    store.close()
    assert len(store) == 2
    path.write_text('{"digest": 1}\n', "utf-8")
    with pytest.raises(InvalidRequestError, match="line 1 describes no item"):
        ItemStore(tmp_path)
