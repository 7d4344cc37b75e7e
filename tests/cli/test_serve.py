"""What ``serve`` takes about memory and cores, seen to have its effect on a server that runs."""

import json

import psutil
import pytest

from served import wait_until


def _statistics(zb):
    return json.loads(zb("top", "--once", "--json").stdout)


def _workers(served):
    """The processes that run models: without children of their own, as fork servers have them."""
    family = psutil.Process(served.process.pid).children(recursive=True)
    return [process for process in family if not process.children()]


def test_instances_run_side_by_side(serve_with):
    served, zb = serve_with("--threads", "2", "--instances", "2")
    zb("load", "brightness")
    (model,) = _statistics(zb)["models"]
    assert model["instances"] == 2
    assert len(_workers(served)) == 2
    assert "2 copies" in zb("unload", "brightness").stdout


def test_a_model_may_have_its_own_number_of_instances(serve_with):
    _, zb = serve_with("--threads", "2", "--instances", "1", "--instances", "brightness=3")
    zb("load", "brightness")
    (model,) = _statistics(zb)["models"]
    assert model["instances"] == 3


@pytest.mark.parametrize("text", ["0", "-1", "many", "=2", "digits=", "digits=0"])
def test_a_number_of_instances_that_is_none_is_refused(command, zoo, text):
    assert "MODEL=2" in command("serve", zoo, f"--instances={text}", code=2).stderr


def test_what_would_pass_max_memory_is_not_loaded_and_the_option_is_named(serve_with):
    # Less than the weights' file has.
    served, zb = serve_with("--threads", "1", "--max-memory", "100")
    result = zb("load", "brightness", "--verbose", code=1)
    assert "--max-memory" in result.stderr
    assert "RESOURCE_EXHAUSTED" in result.stderr
    assert _workers(served) == []
    assert _statistics(zb)["memory_limit_bytes"] == 100


def test_keep_unloads_what_is_unused(serve_with):
    served, zb = serve_with("--threads", "1", "--keep", "0.5")
    zb("load", "brightness")
    wait_until(lambda: _statistics(zb)["models"] == [])
    wait_until(lambda: "model unloaded model=brightness@1.0.0 why='unused'" in served.log)


def test_standby_ends_a_framework_that_no_model_needs(serve_with):
    _, zb = serve_with("--threads", "1", "--standby", "0.5")
    zb("load", "brightness")
    assert _statistics(zb)["standby_memory_bytes"] > 0
    zb("unload", "brightness")
    wait_until(lambda: _statistics(zb)["standby_memory_bytes"] == 0)


def test_threads_are_what_a_model_gets(serve_with):
    served, zb = serve_with("--threads", "1")
    zb("load", "brightness")
    (worker,) = _workers(served)
    alone = worker.num_threads()
    served, zb = serve_with("--threads", "4")
    zb("load", "brightness")
    (worker,) = _workers(served)
    # ONNX Runtime's own, and the scheduler's, which start once the model is loaded.
    wait_until(lambda: worker.num_threads() >= alone + 3)
