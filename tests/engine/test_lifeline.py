"""A lifeline ends a group of processes with the process that holds it, whatever the group does."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from zoobridge.engine.channel._lifeline import Lifeline

#: It has a child, as a fork server has, and no thread of either runs: sleep() keeps the lock.
_GROUP = """
import ctypes, os
child = os.fork()
if child:
    print(child, flush=True)
ctypes.PyDLL(None).sleep(600)
"""


def start(lifeline):
    leader = subprocess.Popen(
        [sys.executable, "-c", _GROUP],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        pass_fds=lifeline.inherited,
    )
    lifeline.tie(leader.pid)
    child = psutil.Process(int(leader.stdout.readline()))
    return leader, child


def test_a_group_that_runs_nothing_ends_with_its_lifeline():
    lifeline = Lifeline()
    leader, child = start(lifeline)
    with leader:
        assert lifeline.holds
        begun = time.monotonic()
        lifeline.cut()
        assert leader.wait(30) == -signal.SIGIO
        psutil.wait_procs([child], timeout=30)
        assert not child.is_running()
        print(f"\nended after {1000 * (time.monotonic() - begun):.1f} ms")


def test_what_a_leader_leaves_behind_is_held_and_ended_too():
    lifeline = Lifeline()
    leader, child = start(lifeline)
    with leader:
        leader.kill()
        leader.wait(30)
        assert lifeline.holds
        assert child.is_running()
        lifeline.cut()
        psutil.wait_procs([child], timeout=30)
        assert not child.is_running()


def test_a_group_that_has_ended_is_not_held():
    lifeline = Lifeline()
    leader, child = start(lifeline)
    with leader:
        leader.kill()
        child.kill()
        leader.wait(30)
        psutil.wait_procs([child], timeout=30)
        assert not lifeline.holds
        lifeline.cut()


def test_a_group_that_cannot_be_started_leaves_no_descriptor():
    before = psutil.Process().num_fds()
    lifeline = Lifeline()
    with pytest.raises(OSError, match="nowhere"), lifeline.cut_on_failure():
        subprocess.Popen(["/nowhere/at/all"], pass_fds=lifeline.inherited)
    assert psutil.Process().num_fds() == before
