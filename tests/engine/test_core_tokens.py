"""Workers that compute never have more threads together than there are cores."""

from __future__ import annotations

import os
import select
import signal
import threading
import time

import pytest

from engine_asks import DAWDLES, DIES, answer_of, ask, request_for, work
from zoobridge.engine import EngineConfig, LocalEngine
from zoobridge.engine.channel._core_tokens import CoreTokenClient, CoreTokens
from zoobridge.errors import ZooBridgeError


def _wait_until(condition) -> None:
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.fixture
def cores():
    cores = CoreTokens(2)
    yield cores
    cores.close()


def test_a_lone_worker_gets_all_cores(cores):
    share = CoreTokenClient(cores.join())
    with share.hold(2) as all_of_them:
        assert all_of_them
        assert cores.held == 2
    assert cores.held == 0


def test_a_worker_beside_another_gets_one_core(cores):
    one, other = CoreTokenClient(cores.join()), CoreTokenClient(cores.join())
    with one.hold(1), other.hold(2) as both:
        assert not both
        assert cores.held == 2
    assert cores.held == 0
    with other.hold(2) as both:
        assert both


def test_who_comes_last_waits_until_a_core_is_free(cores):
    shares = [CoreTokenClient(cores.join()) for _ in range(3)]
    began = threading.Event()

    def compute() -> None:
        with shares[2].hold(1):
            began.set()

    thread = threading.Thread(target=compute)
    with shares[0].hold(1):
        with shares[1].hold(1):
            thread.start()
            assert not began.wait(0.1)
        assert began.wait(60)
    thread.join()
    assert cores.held == 0


def test_a_worker_that_is_killed_loses_no_core(cores):
    handle = cores.join()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with CoreTokenClient(handle).hold(2):
            os.write(write, b"x")
            time.sleep(600)
    os.read(read, 1)
    os.close(read)
    os.close(write)
    assert cores.held == 2
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    cores.leave(handle.slot)
    assert cores.held == 0
    with CoreTokenClient(cores.join()).hold(2) as both:
        assert both


def test_tokens_that_were_lost_come_back(cores):
    handle = cores.join()
    assert len(os.read(handle.read, 2)) == 2
    cores.audit()
    assert not select.select([handle.read], [], [], 0)[0], "it may be noted a moment later"
    cores.audit()
    with CoreTokenClient(handle).hold(2) as both:
        assert both
        cores.audit()
        cores.audit()
        assert not select.select([handle.read], [], [], 0)[0], "nobody has lost these"


def test_bytes_that_are_no_tokens_grant_nothing(cores, monkeypatch):
    monkeypatch.setattr("zoobridge.engine.channel._core_tokens._PATIENCE_SECONDS", 0.2)
    handle = cores.join()
    one, other = CoreTokenClient(handle), CoreTokenClient(cores.join())
    with one.hold(2):
        os.write(handle.write, b"\xff\xfe")
        with other.hold(1):
            # It went on without a core, after its patience; it did not take these for one.
            assert cores.held == 2
    assert cores.held == 0


def test_more_workers_than_the_page_has_room_for_share_nothing(cores):
    handles = [cores.join() for _ in range(255)]
    assert all(handles)
    assert cores.join() is None
    cores.leave(handles[0].slot)
    assert cores.join() is not None


@pytest.mark.parametrize("fork", [True, False], ids=["fork", "spawn"])
def test_two_models_share_the_cores(faulty, fork):
    models = [faulty("one"), faulty("other")]
    engine = LocalEngine(EngineConfig(threads=2, fork=fork))
    try:
        for model in models:
            engine.load(model, model.weights[0])
        begun = time.monotonic()
        answers = [
            engine.submit(work(model, request_for(DAWDLES))) for _ in range(6) for model in models
        ]
        for answer in answers:
            answer_of(answer)
        # Each model runs at least five batches of 0.2 s: two at a time, not four.
        assert time.monotonic() - begun >= 0.8
        # A core is given back right after the answer is sent.
        _wait_until(lambda: engine._cores.held == 0)
    finally:
        engine.close(grace=0)


def test_a_worker_that_dies_while_it_computes_gives_its_cores_back(faulty):
    model, other = faulty("dies"), faulty("other")
    engine = LocalEngine(EngineConfig(threads=2))
    try:
        with pytest.raises(ZooBridgeError):
            ask(engine, model, DIES)
        assert ask(engine, other, 4)
        # A core is given back right after the answer is sent.
        _wait_until(lambda: engine._cores.held == 0)
    finally:
        engine.close(grace=0)
