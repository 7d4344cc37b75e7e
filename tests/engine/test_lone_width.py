"""A batch that runs alone takes all cores only where that is seen to pay."""

from zoobridge.engine.worker._lone_width import LoneWidth

MS = 1e-3


def _after(wide, narrow, *, rows=4):
    """Return the choice after as many runs as it wants, which take so many seconds."""
    width = LoneWidth()
    for _ in range(20):
        on_all = width.wide(rows)
        width.record(rows, wide if on_all else narrow, wide=on_all)
    return width.wide(rows)


def test_what_takes_long_runs_on_all_cores_and_is_never_tried_on_one():
    width = LoneWidth()
    for _ in range(20):
        assert width.wide(1)
        width.record(1, 8 * MS, wide=True)


def test_what_is_short_on_one_thread_leaves_the_other_cores_alone():
    assert not _after(wide=0.3 * MS, narrow=0.5 * MS)


def test_what_is_short_on_all_cores_only_runs_on_them():
    assert _after(wide=0.5 * MS, narrow=6 * MS)


def test_cores_that_gain_little_are_left_alone():
    assert not _after(wide=0.99 * MS, narrow=1.05 * MS)


def test_one_slow_run_on_a_busy_machine_decides_nothing():
    width = LoneWidth()
    for seconds in (0.3, 9.0, 0.3):
        assert width.wide(1)
        width.record(1, seconds * MS, wide=True)
    for seconds in (20.0, 0.4, 30.0):
        assert not width.wide(1)
        width.record(1, seconds * MS, wide=False)
    assert not width.wide(1)


def test_each_size_is_learnt_by_itself():
    width = LoneWidth()
    for _ in range(3):
        width.record(1, 0.1 * MS, wide=True)
    assert not width.wide(1)
    assert width.wide(256)
