"""The store of what the user trusts."""

import os
import subprocess
import sys
import threading

import pytest

from zoobridge.errors import InvalidRequestError, ServerError
from zoobridge.zoo import TrustStore

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def store(tmp_path):
    return TrustStore(tmp_path / "config" / "trusted.json")


def test_nothing_is_trusted_at_first(store):
    assert store.digests() == frozenset()
    assert not store.trusts(ONE)
    assert not store.trusts("")


def test_trust_is_kept_and_can_be_withdrawn(store):
    store.trust([ONE, TWO], label="tiny@1.0")
    assert TrustStore(store.path).digests() == {ONE, TWO}
    store.forget([ONE])
    assert store.digests() == {TWO}
    assert "tiny@1.0" in store.path.read_text()


def test_another_process_is_seen_at_once(store):
    store.trust([ONE])
    code = "import sys; from pathlib import Path; from zoobridge.zoo import TrustStore;"
    code += "TrustStore(Path(sys.argv[1])).trust([sys.argv[2]])"
    subprocess.run([sys.executable, "-c", code, store.path, TWO], check=True)
    assert store.digests() == {ONE, TWO}


@pytest.mark.parametrize("digest", ["", "abc", "../x", "G" * 64, "1" * 65])
def test_only_a_digest_can_be_trusted(store, digest):
    with pytest.raises(InvalidRequestError, match="SHA-256"):
        store.trust([digest])


@pytest.mark.parametrize("content", ["", "[]", '{"trusted": [1]}', '{"trusted": {"x": 1}}', "\x00"])
def test_a_file_that_makes_no_sense_trusts_nothing(store, content):
    store.path.parent.mkdir()
    store.path.write_text(content)
    assert store.digests() == frozenset()
    store.trust([ONE])
    assert store.digests() == {ONE}


def test_many_threads_and_stores_lose_nothing(store):
    digests = [f"{number:064x}" for number in range(24)]
    stores = [TrustStore(store.path) for _ in range(4)]
    threads = [
        threading.Thread(target=stores[number % 4].trust, args=([digest],))
        for number, digest in enumerate(digests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.digests() == set(digests)
    assert [path.name for path in store.path.parent.iterdir()] == ["trusted.json"]


def test_a_lock_that_a_killed_process_left_is_taken_over(store):
    store.path.parent.mkdir()
    lock = store.path.with_name("trusted.json.lock")
    lock.touch()
    os.utime(lock, (1_600_000_000, 1_600_000_000))
    store.trust([ONE])
    assert store.trusts(ONE)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ServerError, match="cannot be written"):
        TrustStore(tmp_path / "config" / "trusted.json").trust([ONE])
