import itertools
import threading
import time

import numpy as np
import pytest

from pixels import from_pixels
from zoobridge import connect
from zoobridge.client import Region
from zoobridge.errors import (
    DeadlineError,
    ImageFormatError,
    InvalidRequestError,
    LimitError,
    ManagingPermissionError,
    OverloadedError,
    RegionError,
    ServerError,
    ServerUnavailableError,
    TrustError,
    UnknownModelError,
)
from zoobridge.protocol.connection import publish


def test_one_picture_is_one_unary_call(client, script):
    array = np.arange(12, dtype=np.uint16).reshape(3, 4)
    results = client.classify("m", array, top_k=3, fit="pad", threshold=0.25)
    (request,) = script.seen
    assert np.array_equal(from_pixels(request.image.pixels), array)
    assert request.image.pixels.axes == "YX"
    assert request.options.top_k == 3
    assert request.options.threshold == 0.25
    assert results[0].label == "image-1"
    assert results[0].score == 0.5
    assert results[0].model.digest == "d"


def test_many_pictures_come_back_in_the_order_given(client, tmp_path):
    for number in range(37):
        (tmp_path / f"{number:02}.png").write_bytes(b"x")
    results = client.classify("m", tmp_path)
    assert [result.image_index for result in results] == list(range(37))
    assert [result.label for result in results] == sorted(map(str, tmp_path.iterdir()))


def test_one_bad_file_of_a_hundred_gives_ninety_nine_results_and_one_error(client, tmp_path):
    for number in range(100):
        (tmp_path / f"{number:02}.png").write_bytes(b"not a picture" if number == 42 else b"x")
    results = client.classify("m", tmp_path)
    assert len(results) == 100
    (failed,) = results.errors
    assert failed is results[42]
    assert isinstance(failed.error, ImageFormatError)
    assert sum(bool(result.label) for result in results) == 99


def test_a_missing_an_empty_and_a_greedy_file_are_errors_of_their_own(client, script, tmp_path):
    script.message_bytes = 2 << 20
    client.info()
    (tmp_path / "empty.png").touch()
    (tmp_path / "large.png").write_bytes(bytes(3 << 20))
    (tmp_path / "fine.png").write_bytes(b"x")
    names = [tmp_path / f"{name}.png" for name in ("missing", "empty", "large", "fine")]
    results = client.classify("m", names)
    kinds = [type(result.error) for result in results]
    assert kinds == [ImageFormatError, ImageFormatError, LimitError, type(None)]
    assert "does not exist" in str(results[0].error)
    assert "0 bytes" in str(results[1].error)
    assert "3 MiB" in str(results[2].error)
    assert results.errors == tuple(results[:3])
    with pytest.raises(ImageFormatError, match=r"missing\.png"):
        results.raise_for_errors()


def test_one_unreadable_picture_alone_is_a_result_too(client, tmp_path):
    (result,) = client.classify("m", tmp_path / "nothing.png")
    assert isinstance(result.error, ImageFormatError)
    (result,) = client.classify("m", b"not a picture")
    assert result.error.field == "image.encoded"
    assert result.model.id == "m"


def test_what_is_wrong_for_all_pictures_raises(client):
    for images in (b"x", [b"x"] * 10):
        with pytest.raises(UnknownModelError, match="no model of that name"):
            client.classify("mm", images)
    with pytest.raises(InvalidRequestError, match="stretch, pad, crop, center, refuse") as caught:
        client.classify("m", b"x", fit="squeeze")
    assert caught.value.field == "options.fit"


def test_the_servers_advice_to_wait_reaches_the_caller(client):
    for images in (b"busy", [b"busy", b"busy"]):
        with pytest.raises(OverloadedError) as caught:
            client.classify("m", images)
        assert caught.value.retry_after == 2.0


def test_regions_go_with_every_picture(client, script):
    regions = [(0, 1, 2, 3), "4,5,6,7", Region(-1, 0, 9, 1, id="cell", mask=np.eye(1, 9))]
    results = client.classify("m", [b"x", b"y"], regions=regions, planes="Z=0-2,T=1")
    assert [result.region for result in results] == ["0,1,2,3", "4,5,6,7", "cell"] * 2
    for request in script.seen:
        assert [region.box.x for region in request.regions] == [0, 4, -1]
        assert request.regions[2].mask == b"\x01\x00"
        assert {p.axis: list(p.indexes) for p in request.planes} == {"Z": [0, 1, 2], "T": [1]}


def test_an_impossible_region_is_refused_before_anything_is_sent(client, script):
    with pytest.raises(RegionError):
        client.classify("m", b"x", regions=[(0, 0, 0, 4)])
    with pytest.raises(RegionError, match="mask"):
        client.classify("m", b"x", regions=[Region(0, 0, 2, 2, mask=np.ones((3, 3)))])
    assert not script.seen


def test_an_endless_generator_is_read_only_as_far_as_is_useful(client, script):
    produced = itertools.count()
    images = (b"x" for _ in produced)
    stream = client.classify_iter("m", images)
    taken = [next(stream) for _ in range(10)]
    stream.close()
    assert len(taken) == 10
    assert next(produced) < 200


def test_closing_the_generator_cancels_the_call(client, script):
    stream = client.classify_iter("m", itertools.chain([b"single", b"silence"], []))
    next(stream)
    assert not script.cancelled.is_set()
    stream.close()
    assert script.cancelled.wait(10)


def test_pictures_are_produced_in_the_callers_thread(client):
    threads = set()

    def images():
        for _ in range(20):
            threads.add(threading.current_thread())
            yield b"x"

    client.classify("m", images())
    assert threads == {threading.current_thread()}


def test_results_do_not_wait_for_pictures_that_are_long_in_coming(client):
    seen = []

    def images():
        for _ in range(6):
            time.sleep(0.3)
            seen.append(None)
            yield b"single"

    known = [len(seen) for _ in client.classify_iter("m", images())]
    assert known[0] < 6


def test_a_failing_generator_raises_its_own_error(client):
    def images():
        yield b"single"
        raise RuntimeError("the microscope is off")

    with pytest.raises(RuntimeError, match="the microscope is off"):
        client.classify("m", images())


def test_progress_counts_pictures_items_and_failures(client, tmp_path):
    seen = []
    images = [b"x", b"not a picture", tmp_path / "missing.png", b"y"]
    client.classify("m", images, regions=[(0, 0, 1, 1), (1, 1, 1, 1)], on_progress=seen.append)
    last = seen[-1]
    assert (last.images, last.total, last.items, last.failed) == (4, 4, 6, 2)
    assert [step.images for step in seen] == sorted(step.images for step in seen)


def test_a_call_that_ends_early_says_so_and_keeps_what_came(client):
    stream = client.classify_iter("m", [b"single", b"die"])
    assert next(stream).label == "image-1"
    with pytest.raises(ServerError, match="the roof fell in"):
        next(stream)
    with pytest.raises(ServerError, match="before it had answered"):
        client.classify("m", [b"x", b"vanish"])


def test_a_deadline_is_kept(client):
    with pytest.raises(DeadlineError):
        client.classify("m", b"slow", timeout=0.2)
    with pytest.raises(DeadlineError):
        client.classify("m", [b"silence", b"x"], timeout=0.2)


def test_managing_takes_the_token_of_the_connection_file(server, script):
    script.token = "s3cret"
    with connect(server) as client, pytest.raises(ManagingPermissionError):
        client.load("m")
    connection = publish(server, "s3cret")
    try:
        with connect() as client, pytest.raises(TrustError) as caught:
            client.load("m")
    finally:
        connection.remove()
    assert caught.value.metadata["model"] == "m"
    with connect(server, token="s3cret") as client, pytest.raises(TrustError):
        client.load("m")


def test_environment_variables_stand_in_for_arguments(server, script, monkeypatch):
    script.token = "s3cret"
    monkeypatch.setenv("ZOOBRIDGE_ADDRESS", server)
    monkeypatch.setenv("ZOOBRIDGE_TOKEN", "s3cret")
    with connect() as client, pytest.raises(TrustError):
        client.load("m")


def test_without_a_server_the_error_names_the_command(server, monkeypatch):
    with pytest.raises(ServerUnavailableError, match="zoobridge serve ZOO"):
        connect()
    with pytest.raises(ServerUnavailableError, match=r"127\.0\.0\.1:1 .*zoobridge serve ZOO"):
        connect("127.0.0.1:1")
    with pytest.raises(InvalidRequestError, match="host:port"):
        connect("localhost")


def test_a_connection_file_whose_port_is_closed_is_passed_over(server):
    alive = publish(server, "a")
    dead = publish("127.0.0.1:1", "b")
    try:
        with connect() as client:
            assert client.address == server
    finally:
        alive.remove()
        dead.remove()


def test_a_proxy_is_not_asked_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with connect(server) as client:
        assert client.models()[0].reference == "m@1"


def test_a_closed_client_refuses(client):
    client.close()
    with pytest.raises(ValueError, match="closed channel"):
        client.models()


@pytest.mark.parametrize("count", [1, 3])
def test_what_folders_hold_besides_comes_with_the_results(client, tmp_path, count):
    for place in ("one", "two"):
        (tmp_path / place / ".hidden").mkdir(parents=True)
        (tmp_path / place / "notes.txt").write_bytes(b"x")
        for number in range(count):
            (tmp_path / place / f"{number}.png").write_bytes(b"x")
    results = client.classify("m", tmp_path / "one")
    assert len(results) == count
    assert [(one.path.name, one.why) for one in results.left_out] == [
        (".hidden", "a hidden folder"),
        ("notes.txt", "not a picture of a known format"),
    ]
    assert "2 files left out" in repr(results)
    assert results[:1].left_out == results.left_out
    for several in (
        [tmp_path / "one", tmp_path / "two"],
        iter([tmp_path / "one", tmp_path / "two"]),
    ):
        assert len(client.classify("m", several).left_out) == 4
    assert client.classify("m", tmp_path / "one" / "0.png").left_out == ()
