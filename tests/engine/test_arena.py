"""The arena never gives the same bytes out twice, and gives back what it was given."""

import mmap
import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from zoobridge.engine.channel._arena import Arena, attach


@pytest.fixture(params=[True, False], ids=["anonymous", "file"])
def arena(request, tmp_path):
    arena = Arena(1 << 16, tmp_path / "arena", anonymous=request.param)
    yield arena
    arena.close()


def test_a_worker_sees_what_the_server_wrote(arena):
    start = arena.reserve(5)
    arena.fill(start, [b"hel", memoryview(b"lo")])
    descriptor = os.dup(arena.descriptor) if arena.descriptor >= 0 else -1
    view = attach(descriptor, str(arena.path), arena.capacity)
    assert bytes(view[start : start + 5]) == b"hello"
    with pytest.raises(TypeError, match="read-only"):
        view[start] = 0


def test_a_full_arena_says_so_and_has_room_again_later(arena):
    start = arena.reserve(1 << 16)
    assert arena.reserve(1) is None
    arena.free(start)
    assert arena.reserve(1) == 0


def test_freeing_twice_is_an_error(arena):
    start = arena.reserve(1)
    arena.free(start)
    with pytest.raises(ValueError, match="nothing was allocated"):
        arena.free(start)


@pytest.mark.parametrize("operation", ["shrink", "grow"])
def test_a_worker_cannot_resize_anonymous_memory_under_the_server(tmp_path, operation):
    if sys.platform != "linux":
        return  # the file of other systems is not writable by a worker's user alone
    arena = Arena(1 << 16, tmp_path / "arena", anonymous=True)
    with pytest.raises(PermissionError):
        os.ftruncate(arena.descriptor, 0 if operation == "shrink" else 1 << 20)
    arena.close()


@pytest.mark.parametrize("taken", [0, 1, 5000])
@pytest.mark.parametrize("lead", [0, 1, 37, 64, 5000])
def test_what_follows_the_lead_begins_a_page(arena, taken, lead):
    arena.reserve(taken)
    start = arena.reserve(lead + 10, lead=lead)
    assert (start + lead) % mmap.PAGESIZE == 0


class Allocations(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = __import__("tempfile").TemporaryDirectory()
        path = __import__("pathlib").Path(self.folder.name, "arena")
        self.arena = Arena(3 * mmap.PAGESIZE, path, anonymous=True)
        descriptor = os.dup(self.arena.descriptor) if self.arena.descriptor >= 0 else -1
        self.seen = attach(descriptor, str(self.arena.path), self.arena.capacity)
        self.live = {}

    @rule(data=st.binary(max_size=900), lead=st.none() | st.integers(0, 900))
    def allocate(self, data, lead):
        start = self.arena.reserve(len(data), lead=lead)
        if start is not None:
            assert start not in self.live
            self.arena.fill(start, [data])
            self.live[start] = data

    @precondition(lambda self: self.live)
    @rule(choice=st.data())
    def free(self, choice):
        start = choice.draw(st.sampled_from(sorted(self.live)))
        del self.live[start]
        self.arena.free(start)

    @invariant()
    def nothing_was_overwritten(self):
        for start, data in self.live.items():
            assert self.seen[start : start + len(data)] == data

    def teardown(self):
        self.arena.close()
        self.folder.cleanup()


TestAllocations = Allocations.TestCase
TestAllocations.settings = settings(max_examples=50, deadline=None)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=20))
def test_freed_room_is_found_again(tmp_path_factory, sizes):
    arena = Arena(1 << 17, tmp_path_factory.mktemp("a") / "arena", anonymous=True)
    for start in [arena.reserve(size) for size in sizes]:
        arena.free(start)
    assert arena.reserve(1 << 17) == 0
    arena.close()
