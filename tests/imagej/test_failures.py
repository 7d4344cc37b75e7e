"""What may go wrong around a run: servers that are not there, that die, a person who changes her mind."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import numpy as np
import psutil
import pytest

from screen import RESULTS, ZOO, wait_for
from zoobridge.imagej import ImageJError
from zoobridge.protocol import Limits

MANY = 'newImage("many", "8-bit ramp", 300, 300, 1);'
LONG_RUN = "model=textures target=Tiles tile_size=1 top=1"


def items(served) -> int:
    return sum(loaded.items for loaded in served.client.model("textures").loaded)


@contextmanager
def suspended(served) -> Iterator[None]:
    """Hold a server's workers, so that what is under way stays so."""
    workers = psutil.Process(served.process.pid).children(recursive=True)
    assert workers
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.resume()


def status(imagej) -> str:
    """What the status bar says."""
    bar = imagej.jvm.ij.IJ.getInstance().getStatusBar()
    return str(bar.getComponent(0).getText())


def test_without_a_server_it_says_how_to_start_one(start_imagej, tmp_path):
    (tmp_path / "empty").mkdir(mode=0o700)
    imagej = start_imagej(tmp_path / "empty")
    imagej.macro('newImage("a", "8-bit ramp", 32, 32, 1);')
    with pytest.raises(ImageJError, match="No ZooBridge server is running"):
        imagej.run("Classify...", "model=digits")


def test_a_server_that_is_killed_in_the_middle_is_reported_and_imagej_goes_on(
    start_imagej, zoobridge_server
):
    served = zoobridge_server(ZOO, arguments=("--threads", "1"))
    imagej = start_imagej(served.folder / "runtime")
    imagej.macro(MANY)
    imagej.run("Classify...", "model=textures top=1")
    with suspended(served), ThreadPoolExecutor() as pool:
        # No worker can answer, so the call is under way until the server dies.
        run = pool.submit(imagej.run, "Classify...", "model=textures top=1")
        wait_for(lambda: "Classifying" in status(imagej), "the call")
        served.process.kill()
        with pytest.raises(ImageJError, match=r"does not answer, or stopped"):
            run.result(60)
    assert len(imagej.table(RESULTS)) == 1
    again = zoobridge_server(ZOO, arguments=("--threads", "1"))
    (served.folder / "runtime" / "server-1-again.json").write_bytes(
        next((again.folder / "runtime").glob("server-*.json")).read_bytes()
    )
    imagej.run("Classify...", "model=textures top=1")
    table = imagej.table(RESULTS)
    assert list(table["score"]) == [table["score"][0]] * 2


def test_esc_cancels_here_and_on_the_server(imagej, served, display):
    imagej.macro(MANY)
    imagej.run("Classify...", "model=textures top=1")
    before = items(served)
    with suspended(served), ThreadPoolExecutor() as pool:
        run = pool.submit(imagej.run, "Classify...", LONG_RUN)
        wait_for(lambda: "Classifying" in status(imagej), "the call")
        display.key("many", "Escape")
        with pytest.raises(ImageJError, match="cancel"):
            run.result(60)
    assert len(imagej.table(RESULTS)) == 1
    # A new call is answered, and what was cancelled is not worked on.
    served.client.classify("textures", np.zeros((8, 8), np.uint8))
    assert items(served) < before + 300 * 300


@contextmanager
def stopped_halfway(imagej, served) -> Iterator[None]:
    """Hold a server's workers once the first items of a run are there, seen by the progress bar."""
    workers = psutil.Process(served.process.pid).children(recursive=True)
    wait_for(lambda: re.search(r"Classifying .* [1-9]", status(imagej)), "the first items")
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.resume()


def assert_kept(imagej, message: str, before: int, asked: int) -> None:
    """The rows that were there stay, and the message says how many that are."""
    found = re.search(r"(\d+) of (\d+) were done before that", message)
    assert found, message
    table = imagej.table(RESULTS)
    assert len(table) == before + int(found[1])
    assert int(found[2]) == asked
    assert 0 < int(found[1]) < asked
    assert table["label"].astype(bool).all()
    assert table["region"][before:].is_unique


def test_what_was_answered_before_the_server_died_stays_in_the_table(
    start_imagej, zoobridge_server
):
    served = zoobridge_server(ZOO, arguments=("--threads", "1", "--keep", "1000"))
    imagej = start_imagej(served.folder / "runtime")
    imagej.macro(MANY)
    imagej.run("Classify...", "model=textures top=1")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(imagej.run, "Classify...", LONG_RUN + " overlay")
        with stopped_halfway(imagej, served):
            served.process.kill()
            with pytest.raises(ImageJError, match="does not answer, or stopped") as caught:
                run.result(120)
    assert_kept(imagej, caught.value.message, 1, 300 * 300)
    labels = list(imagej.table(RESULTS)["label"])[1:]
    # Tiles of one pixel leave no room for texts: a legend with a background is drawn instead.
    legend = 1 + 2 * len(set(labels))
    assert imagej.jvm.ij.IJ.getImage().getOverlay().size() == len(labels) + legend


def test_what_was_answered_before_esc_stays_in_the_table(imagej, served, display):
    imagej.macro(MANY)
    imagej.run("Classify...", "model=textures top=1")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(imagej.run, "Classify...", LONG_RUN)
        with stopped_halfway(imagej, served):
            display.key("many", "Escape")
            with pytest.raises(ImageJError, match="Cancelled") as caught:
                run.result(120)
    assert_kept(imagej, caught.value.message, 1, 300 * 300)


def test_more_tiles_than_one_request_takes_are_all_answered(imagej, served):
    imagej.macro('newImage("tiles", "8-bit ramp", 350, 300, 1);')
    limit = Limits().items
    assert limit < 350 * 300
    imagej.run("Classify...", "model=digits target=Tiles tile_size=1 top=1")
    table = imagej.table(RESULTS)
    assert list(table["region"]) == [f"tile {number + 1}" for number in range(350 * 300)]
    # A ramp's rows are all alike, on either side of the limit.
    rows = table["score"].to_numpy().reshape(300, 350)
    assert (rows == rows[0]).all()


def test_two_imagejs_work_at_once(start_imagej, served):
    both = [start_imagej(served.folder / "runtime") for _ in range(2)]
    for number, imagej in enumerate(both):
        imagej.macro(f'newImage("image {number}", "8-bit ramp", {60 + number}, 50, 1);')
    start = threading.Barrier(2)

    def run(imagej):
        start.wait()
        imagej.run("Classify...", "model=textures target=Tiles tile_size=16 top=1 overlay")
        return imagej.table(RESULTS)

    with ThreadPoolExecutor(2) as pool:
        tables = list(pool.map(run, both))
    assert [set(table["image"]) for table in tables] == [{"image 0"}, {"image 1"}]
    assert [len(table) for table in tables] == [16, 16]


def test_batch_mode_classifies_without_a_window_and_ends_after_an_error(
    home, ij_jar, display, served, tmp_path
):
    macro = tmp_path / "batch.ijm"
    macro.write_text(
        'newImage("a", "8-bit ramp", 32, 32, 1);'
        'run("Classify...", "model=digits top=1 overlay");'
        f'label = Table.getString("label", 0, "{RESULTS}");'
        'print("label:" + label);'
        'run("Classify...", "model=nosuch");'
        'print("not reached");'
    )
    done = subprocess.run(
        [
            *("java", f"-Duser.home={home}", f"-Dplugins.dir={home}", "-jar", ij_jar),
            *("-batch", macro),
        ],
        env=served.environment | {"DISPLAY": display.name},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    ramp = np.tile((np.arange(32) * 8).astype(np.uint8), (32, 1))
    expected = served.client.classify("digits", ramp)[0].label
    assert f"label:{expected}" in done.stdout
    assert "nosuch" in done.stdout
    assert "not reached" not in done.stdout


def test_a_server_can_be_started_from_imagej(start_imagej, tmp_path, zoobridge_program):
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    imagej = start_imagej(runtime)
    command = f"start command=[{zoobridge_program}] zoo=[{ZOO}]"
    with pytest.raises(ImageJError, match="ended at once"):
        imagej.run("Servers and models...", f"start command=[{zoobridge_program}] zoo=[/no/zoo]")
    imagej.run("Servers and models...", command)
    try:
        imagej.run("Servers and models...", "list")
        assert "digits" in set(imagej.table("ZooBridge Models")["model"])
    finally:
        subprocess.run(
            [zoobridge_program, "stop"],
            env={"ZOOBRIDGE_RUNTIME_DIR": str(runtime), "PATH": ""},
            check=True,
        )


def test_a_program_that_is_not_there_is_named(start_imagej, tmp_path):
    (tmp_path / "empty").mkdir(mode=0o700)
    imagej = start_imagej(tmp_path / "empty")
    with pytest.raises(ImageJError, match="no-such-program"):
        imagej.run("Servers and models...", "start command=no-such-program zoo=[/zoo]")
