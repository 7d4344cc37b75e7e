"""A model that is loaded is ready: its network has run once, where that does no harm."""

import pytest

from engine_asks import ask


def _score(response):
    (result,) = response.results
    return {one.label: one.score for one in result.prediction.top}["bright"]


def test_the_first_request_is_not_the_network_s_first_call(engine, faulty):
    model = faulty(command="count")
    engine.load(model, model.weights[0])
    assert _score(ask(engine, model, 1)) == 2
    assert _score(ask(engine, model, 1)) == 3


def test_the_call_is_nobody_s_request(engine, faulty):
    model = faulty(command="count")
    assert engine.load(model, model.weights[0]).items == 0
    ((_, statistics),) = engine.statistics()
    assert (statistics.requests, dict(statistics.batches)) == (0, {})


@pytest.mark.parametrize("command", ["picky", "brittle"])
def test_a_network_that_does_not_take_zeros_is_loaded_all_the_same(engine, faulty, command):
    model = faulty(command=command)
    engine.load(model, model.weights[0])
    assert _score(ask(engine, model, 100)) == pytest.approx(100)
