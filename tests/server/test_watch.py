"""The zoo on disk changes while it is served."""

from __future__ import annotations

import shutil

import grpc
import pytest

from served import error_of, request, wait_until, write_package
from zoobridge.errors import UnknownModelError
from zoobridge.protocol.v1 import zoo_pb2


def names(caller) -> list[str]:
    models = caller.zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=90).models
    return [f"{model.id}@{model.version}" for model in models]


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own zoo ü"
    folder.mkdir()
    return folder


def add(folder, name, *, version="1.0.0"):
    """Put a package into a zoo in one step, as a program that copies carefully does."""
    scratch = folder.parent / "being-copied"
    write_package(scratch, name, version=version).rename(folder / f"{name}-{version}")


def test_a_package_is_classified_with_right_after_it_was_added(start, call, held, own):
    caller = call(start(engine=held, zoos=(own,)))
    assert names(caller) == []
    add(own, "new")
    future = caller.classification.Classify.future(request(model="new"), timeout=90)
    held.next().give()
    assert future.result().model.id == "new"


def test_a_newer_version_takes_the_place_of_the_older_under_the_bare_name(start, call, held, own):
    add(own, "grown")
    caller = call(start(engine=held, zoos=(own,)))
    assert names(caller) == ["grown@1.0.0"]
    add(own, "grown", version="1.10.0")
    wait_until(lambda: names(caller) == ["grown@1.10.0", "grown@1.0.0"])
    future = caller.classification.Classify.future(request(model="grown"), timeout=90)
    work = held.next()
    assert work.work.model.version == "1.10.0"
    work.give()
    future.result()


def test_a_package_that_was_taken_away_is_unknown_and_unloaded(start, call, held, own):
    add(own, "going")
    caller = call(start(engine=held, zoos=(own,)))
    assert names(caller) == ["going@1.0.0"]
    shutil.rmtree(own / "going-1.0.0")
    wait_until(lambda: names(caller) == [])
    with pytest.raises(grpc.RpcError) as caught:
        caller.classification.Classify(request(model="going"), timeout=90)
    assert isinstance(error_of(caught), UnknownModelError)
    wait_until(lambda: held.unloaded == ["going@1.0.0"])
