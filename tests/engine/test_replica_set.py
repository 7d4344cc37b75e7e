"""Several copies of a model side by side: work is spread, sums are told, one lost is replaced."""

import psutil
import pytest

from engine_asks import DAWDLES, DIES, answer_of, ask, request_for, work
from served import wait_until
from zoobridge.engine import EngineConfig
from zoobridge.errors import BackendError, RefusedInputError


def _workers(engine):
    """Process ids of the workers of an engine's models."""
    replicas = [replica for instances in engine._models.values() for replica in instances.replicas]
    return {replica._worker.pid for replica in replicas if replica._worker is not None}


@pytest.fixture(params=[True, False], ids=["fork", "spawn"])
def pair(request, make_engine, faulty):
    """An engine that runs two copies of a model, and that model, loaded."""
    engine = make_engine(fork=request.param, instances=2)
    model = faulty()
    state = engine.load(model, model.weights[0])
    assert state.instances == 2
    return engine, model


def test_each_copy_has_a_worker_of_its_own(pair):
    engine, model = pair
    workers = _workers(engine)
    assert len(workers) == 2
    assert all(map(psutil.pid_exists, workers))
    assert engine.unload(model) == 2
    assert not any(map(psutil.pid_exists, workers))


def test_work_goes_to_the_least_busy_copy(pair):
    engine, model = pair
    answers = [engine.submit(work(model, request_for(DAWDLES))) for _ in range(6)]
    waiting = [replica.waiting for replica in next(iter(engine._models.values())).replicas]
    assert sum(waiting) > 0
    assert abs(waiting[0] - waiting[1]) <= 1
    for answer in answers:
        assert answer_of(answer).results[0].prediction.top


def test_statistics_are_those_of_all_copies_together(pair):
    engine, model = pair
    answers = [engine.submit(work(model, request_for(DAWDLES))) for _ in range(10)]
    for answer in answers:
        answer_of(answer)
    ((state, statistics),) = engine.statistics()
    assert (state.instances, state.items, statistics.requests, statistics.items) == (2, 10, 10, 10)
    assert sum(size * one.count for size, one in statistics.batches.items()) == 10
    single = [
        replica.statistics().requests for replica in next(iter(engine._models.values())).replicas
    ]
    assert sum(single) == 10
    assert min(single) > 0


def test_memory_is_that_of_all_copies_together(pair):
    engine, _ = pair
    (state,) = engine.loaded()
    replicas = next(iter(engine._models.values())).replicas
    assert state.memory_bytes == sum(replica.memory_bytes for replica in replicas)
    assert all(replica.memory_bytes > 1 << 20 for replica in replicas)


def test_a_copy_that_dies_costs_the_other_nothing_and_comes_back(pair):
    engine, model = pair
    victim = min(_workers(engine))
    psutil.Process(victim).kill()
    for first in range(20):
        assert ask(engine, model, first).results[0].prediction.top
    wait_until(lambda: len(_workers(engine)) == 2 and victim not in _workers(engine))
    assert engine.loaded()[0].instances == 2


def test_a_copy_that_cannot_be_started_again_leaves_the_other_at_work(make_engine, faulty):
    engine = make_engine(instances=2)
    model = faulty()
    engine.load(model, model.weights[0])
    ask(engine, model, 1)
    (model.root / "weights").write_text("refuse")
    psutil.Process(min(_workers(engine))).kill()
    wait_until(lambda: engine.loaded()[0].instances == 1)
    for first in range(10):
        assert ask(engine, model, first).results[0].prediction.top
    ((state, statistics),) = engine.statistics()
    assert statistics.requests == state.items == 11


def test_what_ended_workers_is_refused_by_every_copy_and_after_loading_anew(
    make_engine, faulty, caplog
):
    engine = make_engine(instances=2)
    model = faulty()
    engine.load(model, model.weights[0])
    for _ in range(4):
        with pytest.raises(RefusedInputError):
            ask(engine, model, DIES)
    engine.unload(model)
    with pytest.raises(RefusedInputError):
        ask(engine, model, DIES)
    assert caplog.text.count("worker died") == 2
    assert ask(engine, model, 1).results[0].prediction.top


def test_weights_that_cannot_be_loaded_are_an_error_with_several_copies_too(make_engine, faulty):
    engine = make_engine(instances=3)
    model = faulty(command="refuse")
    for _ in range(2):
        with pytest.raises(BackendError, match="these weights are refused"):
            ask(engine, model, 1)


def test_copies_share_the_threads_and_a_model_may_have_its_own_number(make_engine, faulty):
    engine = make_engine(instances=1, instances_of={"many": 3}, threads=6)
    one, many = faulty("one"), faulty("many")
    assert engine.load(one, one.weights[0]).instances == 1
    assert engine.load(many, many.weights[0]).instances == 3
    threads = {
        instances.model.id: [replica._config.threads for replica in instances.replicas]
        for instances in engine._models.values()
    }
    assert threads == {"one": [6], "many": [2, 2, 2]}


def test_a_version_may_have_its_own_number(faulty):
    model = faulty("digits")
    config = EngineConfig(instances=2, instances_of={"digits": 3, model.reference: 4})
    assert config.instances_for(model) == 4
    assert EngineConfig(instances=2, instances_of={"digits": 3}).instances_for(model) == 3
    assert EngineConfig(instances=2).instances_for(model) == 2
