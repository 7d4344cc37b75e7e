"""The memory of the server process is held against a limit, and given back."""

from __future__ import annotations

import numpy as np

from zoobridge.server._own_memory import OwnMemory

MB = 1 << 20


def test_memory_is_short_while_more_than_the_limit_is_held():
    memory = OwnMemory(64 * MB)
    assert not memory.is_short()
    held = np.ones(128 * MB, np.uint8)
    assert memory.is_short()
    del held
    assert not memory.is_short()


def test_what_only_a_cycle_holds_is_given_back():
    memory = OwnMemory(1000 * MB)
    before = memory._private()
    cycle: list[object] = [np.ones(128 * MB, np.uint8)]
    cycle.append(cycle)
    del cycle
    memory.give_back()
    assert memory._private() < before + 64 * MB
