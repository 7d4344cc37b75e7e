"""A replica loads its model once, starts its worker again when it dies, and leaves nothing behind."""

import errno
import os
import sys
import time

import psutil
import pytest

from engine_asks import DIES, HANGS, answer_of, request_for, work
from served import wait_until
from zoobridge.engine import EngineConfig
from zoobridge.engine.launch._launcher import make_launcher
from zoobridge.engine.supervisor._device_memory import DeviceMemory
from zoobridge.engine.supervisor._memory_budget import MemoryBudget
from zoobridge.engine.supervisor._replica import Replica
from zoobridge.errors import BackendError, OverloadedError, RefusedInputError


@pytest.fixture
def make(tmp_path):
    launcher = make_launcher(fork=sys.platform == "linux")
    folder = tmp_path / "workers"
    folder.mkdir()
    made = []

    def work(model, *, limit=1 << 40, expected=1, **settings):
        config = EngineConfig(device="cpu", threads=1, **settings)
        budget = MemoryBudget(limit, launcher, lambda _framework: False, DeviceMemory())
        ended = []
        replica = Replica(
            model,
            model.weights[0],
            config,
            launcher,
            budget,
            folder,
            number=0,
            expected_bytes=expected,
            refused={},
            ended=ended.append,
        )
        made.append((replica, ended))
        return replica

    yield work
    for replica, ended in made:
        replica.close(grace=5)
        assert ended == [replica]
    launcher.close()
    # A replica that failed by itself removes its folder last.
    wait_until(lambda: not list(folder.iterdir()))


def ask(replica, first=10):
    return answer_of(replica.submit(work(replica.model, request_for(first))))


def pid(replica):
    return replica._worker.pid


def test_it_is_ready_once_its_model_is_loaded(make, faulty):
    replica = make(faulty())
    replica.wait_ready()
    state = replica.state()
    assert replica.ready
    assert not replica.busy
    assert (state.device, state.framework_version) == ("cpu", "1.0")
    assert state.memory_bytes > 1 << 20
    assert state.load_seconds > 0


def test_what_is_submitted_while_it_loads_is_answered(make, faulty):
    replica = make(faulty())
    assert ask(replica).results[0].prediction.top
    assert replica.statistics().requests == 1


def test_a_worker_that_is_killed_is_started_again(make, faulty):
    replica = make(faulty())
    replica.wait_ready()
    first = pid(replica)
    psutil.Process(first).kill()
    assert ask(replica).results[0].prediction.top
    assert pid(replica) != first


def test_a_request_that_ends_two_workers_is_refused_and_the_next_answered(make, faulty):
    replica = make(faulty())
    with pytest.raises(RefusedInputError):
        ask(replica, DIES)
    with pytest.raises(RefusedInputError):
        replica.submit(work(replica.model, request_for(DIES)))
    assert ask(replica).results[0].prediction.top


def test_a_model_that_cannot_be_loaded_fails_who_waits_and_who_asks(make, faulty):
    replica = make(faulty(command="refuse"))
    with pytest.raises(BackendError, match="refused"):
        replica.wait_ready()
    with pytest.raises(BackendError, match="refused"):
        ask(replica)


def test_a_model_without_room_is_not_started(make, faulty):
    replica = make(faulty(), limit=1 << 20, expected=2 << 20)
    with pytest.raises(OverloadedError):
        replica.wait_ready()


def test_want_of_descriptors_names_the_limit_wherever_it_is_met(make, faulty, monkeypatch):
    def reserve(self, replica):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(MemoryBudget, "reserve", reserve)
    with pytest.raises(OverloadedError, match="raise the limit of open files"):
        make(faulty()).wait_ready()


def test_a_worker_that_says_nothing_over_its_work_is_ended(make, faulty):
    replica = make(faulty())
    replica.wait_ready()
    idle = pid(replica)
    later = replica._config.stall_seconds + 1
    replica.watch(time.monotonic() + later)
    assert pid(replica) == idle
    outcomes = []
    replica.submit(work(replica.model, request_for(HANGS), deliver=outcomes.append))
    wait_until(lambda: replica.watch(time.monotonic() + later) or outcomes)
    assert isinstance(outcomes[0], RefusedInputError)


def test_a_closed_replica_takes_no_work_and_has_no_process(make, faulty):
    replica = make(faulty())
    replica.wait_ready()
    worker = pid(replica)
    assert replica.close(grace=5)
    assert replica.submit(work(replica.model, request_for(1))) is None
    wait_until(lambda: not psutil.pid_exists(worker))
