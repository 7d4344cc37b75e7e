"""Calls of a session in threads: steps, stopping, and what comes after the session's end."""

import threading

from napari_zoobridge.runs import StoppedError
from napari_zoobridge.training._calls import SessionCalls


def test_long_work_shows_its_steps_and_stops_at_the_next(qtbot):
    calls, steps, failed, go_on = SessionCalls(), [], [], threading.Event()
    calls.advanced.connect(lambda *step: steps.append(step))

    def work(on_step):
        on_step("features", 1, 2)
        go_on.wait(30)
        on_step("features", 2, 2)

    calls.ask_long("fit", work, then=steps.append, failed=failed.append)
    assert calls.awaits("fit")
    assert not calls.awaits("publish")
    qtbot.waitUntil(lambda: steps == [("features", 1, 2)], timeout=30_000)
    assert calls.stoppable
    calls.stop()
    go_on.set()
    qtbot.waitUntil(lambda: not calls.running, timeout=30_000)
    assert [type(one) for one in failed] == [StoppedError]
    assert not calls.stoppable
    assert steps == [("features", 1, 2)]


def test_an_answer_after_the_end_is_late_and_an_error_is_dropped(qtbot):
    calls, shown, late, go_on, done = SessionCalls(), [], [], threading.Event(), []

    def work(_on_step):
        go_on.wait(30)
        return "answer"

    def fault():
        go_on.wait(30)
        done.append(True)
        raise OSError("the connection is closed")

    calls.ask_long("add", work, then=shown.append, late=late.append)
    calls.ask("label", fault, then=shown.append, failed=shown.append)
    calls.drop()
    assert not calls.running
    go_on.set()
    qtbot.waitUntil(lambda: late == ["answer"] and done == [True], timeout=30_000)
    qtbot.wait(100)
    assert shown == []
