"""What is loaded stays within the budget: room is made before a load, and never at the cost of work."""

import contextlib
import logging
import threading
from dataclasses import dataclass, replace

import psutil
import pytest

from engine_asks import DAWDLES, HANGS, answer_of, ask, processes, request_for, work
from served import wait_until
from zoobridge.engine import EngineConfig, LocalEngine
from zoobridge.errors import BackendError, OverloadedError

MIB = 1 << 20


def _load(engine, model):
    return engine.load(model, model.weights[0])


def _ids(engine):
    return sorted(state.model.id for state in engine.loaded())


def _weighing(model, size_bytes):
    """The same model, its weights declared to be of a size."""
    return replace(model, weights=(replace(model.weights[0], size_bytes=size_bytes),))


@dataclass(frozen=True)
class Base:
    """What the faulty framework takes: a worker without a network to speak of, and its fork server."""

    worker: int
    standby: int

    @property
    def both(self) -> int:
        return self.worker + self.standby


@pytest.fixture
def base(faulty):
    engine = LocalEngine(EngineConfig(threads=2, device="cpu"))
    state = _load(engine, faulty("base"))
    base = Base(state.memory_bytes, engine.memory().standby_bytes)
    engine.close(grace=5)
    return base


def test_the_least_recently_used_model_goes_before_a_load_that_would_not_fit(
    make_engine, faulty, base, caplog
):
    caplog.set_level(logging.INFO)
    # Two of them fit beside each other, three do not.
    engine = make_engine(max_memory=3 * base.both + 2 * 200 * MIB)
    old, kept, new = (faulty(name, "hold 200") for name in ("old", "kept", "new"))
    _load(engine, new)
    engine.unload(new)
    _load(engine, old)
    _load(engine, kept)
    ask(engine, old, 1)
    ask(engine, kept, 1)
    caplog.clear()
    _load(engine, new)
    assert _ids(engine) == ["kept", "new"]
    # The line is written once the replica can be used, maybe after `load` has returned.
    wait_until(lambda: "loaded model=new" in caplog.text)
    events = [record.getMessage() for record in caplog.records]
    (unloaded,) = [n for n, event in enumerate(events) if "unloaded model=old" in event]
    (loaded,) = [n for n, event in enumerate(events) if "loaded model=new" in event]
    assert unloaded < loaded
    assert "why='memory'" in events[unloaded]


def test_where_both_fit_no_model_is_dropped(make_engine, faulty, base):
    engine = make_engine(max_memory=2 * base.both + 300 * MIB)
    first, second = faulty("first", "hold 100"), faulty("second", "hold 100")
    for model in (first, second, first, second):
        _load(engine, model)
    assert _ids(engine) == ["first", "second"]


def test_the_size_of_the_weights_counts_where_nothing_better_is_known(make_engine, faulty, base):
    engine = make_engine(max_memory=base.standby + base.worker // 2 + 300 * MIB)
    old, new = faulty("old"), _weighing(faulty("new"), 300 * MIB)
    _load(engine, old)
    _load(engine, new)
    assert _ids(engine) == ["new"]


def test_a_model_in_use_is_never_dropped_and_the_answer_names_the_option(make_engine, faulty, base):
    engine = make_engine(max_memory=base.standby + base.worker // 2 + 300 * MIB)
    used, new = faulty("used"), _weighing(faulty("new"), 300 * MIB)
    ask(engine, used, 1)
    hanging = engine.submit(work(used, request_for(HANGS)))
    try:
        with pytest.raises(OverloadedError, match="memory limit") as caught:
            ask(engine, new, 1)
        assert caught.value.code.name == "RESOURCE_EXHAUSTED"
        assert caught.value.retry_after > 0
        with pytest.raises(OverloadedError, match="cannot load model new"):
            _load(engine, new)
        assert _ids(engine) == ["used"]
    finally:
        hanging.cancel()
        for process in processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def test_a_model_larger_than_the_budget_is_refused_before_anything_starts(make_engine, faulty):
    engine = make_engine(max_memory=100 * MIB)
    with pytest.raises(OverloadedError, match="needs 200 MiB"):
        ask(engine, _weighing(faulty(), 200 * MIB), 1)
    assert processes() == []


def test_a_model_that_grew_beyond_the_budget_goes_once_it_is_unused(make_engine, faulty):
    # Nothing is known of it beforehand.
    engine = make_engine(max_memory=1)
    assert ask(engine, faulty(command="hold 50"), 1).results[0].prediction.top
    wait_until(lambda: engine.loaded() == [])


def test_sixty_four_first_calls_at_once_cause_one_load(make_engine, faulty, caplog):
    caplog.set_level(logging.INFO)
    engine = make_engine()
    model = faulty("slow", "slow")
    begin = threading.Barrier(64)
    answered = []

    def call():
        begin.wait()
        answered.append(ask(engine, model, 1).results[0].prediction.top)

    callers = [threading.Thread(target=call) for _ in range(64)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(answered) == 64
    assert all(answered)
    assert caplog.text.count("model loaded model=slow") == caplog.text.count("model loaded") == 1


def test_others_answer_while_room_is_made_and_a_model_loads(make_engine, faulty, base):
    engine = make_engine(max_memory=2 * base.both + 300 * MIB)
    quick, slow = faulty("quick"), faulty("slow", "slow")
    ask(engine, quick, 1)
    waiting = engine.submit(work(slow, request_for(1)))
    ask(engine, quick, 1)
    assert _ids(engine) == ["quick"]
    answer_of(waiting)


def test_a_model_that_is_not_used_goes_and_its_framework_later(make_engine, faulty, caplog):
    caplog.set_level(logging.INFO)
    engine = make_engine(keep_seconds=0.5, standby_seconds=0.5)
    model = faulty()
    ask(engine, model, 1)
    wait_until(lambda: engine.loaded() == [] and processes() == [])
    assert "framework let go framework=faulty why='unused'" in caplog.text
    assert engine.memory().standby_bytes == 0
    assert ask(engine, model, 1).results[0].prediction.top


def test_a_framework_is_kept_ready_while_its_time_lasts(make_engine, faulty):
    engine = make_engine(fork=True)
    model = faulty()
    ask(engine, model, 1)
    (fork_server,) = _fork_servers()
    engine.unload(model)
    assert engine.memory().standby_bytes > MIB
    ask(engine, model, 1)
    assert _fork_servers() == [fork_server]


def test_a_framework_without_models_goes_at_once_when_memory_is_short(
    make_engine, faulty, caplog, base
):
    caplog.set_level(logging.INFO)
    engine = make_engine(fork=True, max_memory=base.standby + base.worker // 2 + 300 * MIB)
    model = faulty()
    _load(engine, model)
    engine.unload(model)
    (fork_server,) = _fork_servers()
    # Its own framework would be needed; this model is of another, whose fork server is not started yet.
    other = faulty("other")
    other = replace(
        other,
        weights=(replace(other.weights[0], framework="onnx", size_bytes=300 * MIB + base.worker),),
    )
    with pytest.raises(BackendError, match="ONNX Runtime loads onnx"):
        ask(engine, other, 1)
    assert "framework let go framework=faulty why='memory'" in caplog.text
    assert fork_server not in _fork_servers()
    assert ask(engine, model, 1).results[0].prediction.top


def test_mothers_are_part_of_the_budget(make_engine, faulty, base):
    engine = make_engine(fork=True)
    model = faulty()
    worker = _load(engine, model).memory_bytes
    standby = engine.memory().standby_bytes
    assert standby > MIB
    tight = make_engine(fork=True, max_memory=worker + standby // 2)
    _load(tight, model)
    wait_until(lambda: tight.loaded() == [])


def test_no_listing_waits_for_a_measurement(make_engine, faulty, monkeypatch):
    engine = make_engine()
    model = faulty()
    _load(engine, model)
    asked = []
    real = psutil.Process.memory_full_info
    monkeypatch.setattr(
        psutil.Process,
        "memory_full_info",
        lambda self: asked.append(threading.current_thread().name) or real(self),
    )
    for _ in range(20):
        ask(engine, model, DAWDLES)
        engine.loaded()
        engine.statistics()
    wait_until(lambda: asked)
    assert set(asked) == {"zoobridge-maintenance"}


def _fork_servers():
    return [
        process.pid
        for process in processes()
        if any(word == "zoobridge.engine.launch._fork_server" for word in process.cmdline())
        and process.ppid() == psutil.Process().pid
    ]
