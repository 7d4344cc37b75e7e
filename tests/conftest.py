"""For all tests."""

import os

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

#: The rooms that take longest, those first: no worker is left with one of them at the end.
LONGEST = (
    "imagej", "training", "web", "benchmarks", "engine", "evaluation", "reliability", "security",
    "zoo", "backends", "cli", "examples", "docs", "deepclas4bio",
)  # fmt: skip

# Some tests fork this process to see what a confined child can do. gRPC, where another test has
# used it, would start threads in the child.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Machines that other work keeps busy are slow at times; that is no fault of what is tested.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


class Rooms(LoadScopeScheduling):
    """Gives each worker a whole folder of tests, which share servers, browsers and trained models."""

    def _split_scope(self, nodeid):
        return nodeid.partition("::")[0].rpartition("/")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Rooms(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    rank = {room: place for place, room in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(LONGEST)))
