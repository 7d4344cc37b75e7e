"""What napari's activity dock shows of work, in a real viewer."""

from napari.utils import progress

from napari_zoobridge.widgets._activity import Activity


def test_work_that_takes_longer_than_a_moment_is_shown_as_far_as_it_is(make_napari_viewer, qtbot):
    make_napari_viewer()
    activity = Activity("textures on stack")
    activity.advance(3, 7)
    assert len(progress._all_instances) == 0
    qtbot.waitUntil(lambda: len(progress._all_instances) == 1)
    (shown,) = progress._all_instances
    assert shown.desc.startswith("textures on stack")
    assert (shown.n, shown.total) == (3, 7)
    activity.advance(5, 7)
    assert (shown.n, shown.total) == (5, 7)
    activity.close()
    assert len(progress._all_instances) == 0


def test_work_that_is_done_at_once_is_never_shown(make_napari_viewer, qtbot):
    make_napari_viewer()
    activity = Activity("textures on stack")
    activity.advance(1, 1)
    activity.close()
    assert not activity._timer.isActive()
    assert len(progress._all_instances) == 0


def test_news_that_comes_while_news_is_shown_does_not_pile_up(make_napari_viewer, qtbot):
    make_napari_viewer()
    activity = Activity("textures on stack")
    qtbot.waitUntil(lambda: len(progress._all_instances) == 1)
    (shown,) = progress._all_instances
    news = iter(range(2, 2001))

    def more(_event):
        number = next(news, None)
        if number is not None:
            activity.advance(number, 2000)

    # As the events that napari lets pass while it shows an update.
    shown.events.value.connect(more)
    activity.advance(1, 2000)
    qtbot.waitUntil(lambda: (shown.n, shown.total) == (2000, 2000), timeout=60_000)
    activity.close()
