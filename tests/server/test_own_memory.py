"""The memory of the server process is held against a limit, and given back."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SETUP = """
import numpy as np
from zoobridge.server._own_memory import OwnMemory

MB = 1 << 20
"""


def run_alone(statements: str) -> None:
    """Run statements in a process of their own: what other tests left behind counts in this one."""
    done = subprocess.run(
        [sys.executable, "-c", SETUP + textwrap.dedent(statements)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.fail(done.stderr)


def test_memory_is_short_while_more_than_the_limit_is_held():
    run_alone("""
        memory = OwnMemory(64 * MB)
        assert not memory.is_short()
        held = np.ones(128 * MB, np.uint8)
        assert memory.is_short()
        del held
        assert not memory.is_short()
    """)


def test_what_only_a_cycle_holds_is_given_back():
    run_alone("""
        memory = OwnMemory(1000 * MB)
        before = memory._private()
        cycle = [np.ones(128 * MB, np.uint8)]
        cycle.append(cycle)
        del cycle
        memory.give_back()
        assert memory._private() < before + 64 * MB
    """)
