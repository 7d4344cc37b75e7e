"""What was unpacked is bounded, and nothing that anybody uses is taken away."""

import os
import subprocess
import sys
import time

import pytest

from zoobridge.zoo import Catalog, TrustStore
from zoobridge.zoo._unpacked import Unpacked

SIZE = 1000


@pytest.fixture
def cache(tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return folder


def unpacked(cache, name, *, days):
    """A folder that was used so many days ago."""
    folder = cache / name
    folder.mkdir()
    (folder / "weights").write_bytes(bytes(SIZE))
    past = time.time() - days * 24 * 3600
    os.utime(folder, (past, past))
    return folder


def names(cache):
    return sorted(path.name for path in cache.iterdir() if path.is_dir())


def test_what_was_used_least_recently_goes_first(cache):
    for days, name in enumerate(("newest", "middle", "oldest"), start=2):
        unpacked(cache, name, days=days)
    Unpacked(cache, spare_bytes=2 * SIZE).clean()
    assert names(cache) == ["middle", "newest"]


def test_what_this_process_uses_stays_however_large(cache):
    used = unpacked(cache, "used", days=9)
    unpacked(cache, "idle", days=2)
    store = Unpacked(cache, spare_bytes=0)
    store.use([used / "weights", cache.parent / "elsewhere"])
    past = used.stat().st_mtime - 9 * 24 * 3600
    os.utime(used, (past, past))
    Unpacked(cache, spare_bytes=0).clean()
    assert names(cache) == ["used"]


def test_what_another_process_uses_stays_until_it_ends(cache):
    used = unpacked(cache, "used", days=9)
    program = (
        "import sys; from pathlib import Path; from zoobridge.zoo._unpacked import Unpacked; "
        "used = Path(sys.argv[1]); Unpacked(used.parent).use([used]); print('used', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(used)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline().strip() == b"used"
        os.utime(used, (0, 0))
        Unpacked(cache, spare_bytes=0).clean()
        assert names(cache) == ["used"]
    Unpacked(cache, spare_bytes=0).clean()
    assert names(cache) == []
    assert list(cache.iterdir()) == []


def test_what_was_used_a_moment_ago_stays(cache):
    unpacked(cache, "fresh", days=0)
    Unpacked(cache, spare_bytes=0).clean()
    assert names(cache) == ["fresh"]


def test_remains_of_processes_that_were_killed_go(cache):
    unpacked(cache, ".unpacking-1234", days=2)
    unpacked(cache, ".removing-1234", days=2)
    Unpacked(cache).clean()
    assert names(cache) == []


def test_nothing_goes_where_a_statement_cannot_be_read(cache):
    unpacked(cache, "idle", days=2)
    (cache / f".used-by-{os.getpid()}-12.json").write_text("half a statem")
    Unpacked(cache, spare_bytes=0).clean()
    assert names(cache) == ["idle"]


def test_a_catalog_states_the_zips_that_it_has_read(recipe, tmp_path):
    package = recipe.zipped()
    catalog = Catalog(
        [package.parent], cache=tmp_path / "cache", trust=TrustStore(tmp_path / "trusted.json")
    )
    catalog.refresh()
    folder = tmp_path / "cache" / "unpacked"
    (model,) = catalog.models()
    os.utime(model.root, (0, 0))
    # A model that is loaded finds its files, though its package has left the zoo.
    package.unlink()
    assert catalog.refresh()
    Unpacked(folder, spare_bytes=0).clean()
    assert (model.root / "weights.onnx").exists()


def test_a_catalog_removes_more_than_it_may_keep(recipe, tmp_path):
    idle = unpacked_in(tmp_path / "cache" / "unpacked")
    package = recipe.zipped()
    catalog = Catalog(
        [package.parent], cache=tmp_path / "cache", trust=TrustStore(tmp_path / "trusted.json")
    )
    catalog.refresh()
    assert not idle.exists()
    assert catalog.models()[0].root.exists()


def unpacked_in(cache):
    """A folder of three GiB that takes no place on the disk, unused for long."""
    cache.mkdir(parents=True)
    folder = unpacked(cache, "package-of-old", days=9)
    os.truncate(folder / "weights", 3 << 30)
    return folder
