"""What ends the work of TrainingService early: nothing that was answered is lost, nobody else is harmed."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from contextlib import closing, suppress

import grpc
import numpy as np
import psutil
import pytest

from served import wait_until
from served_training import (
    annotate,
    arguments,
    process_of,
    processes,
    stopped,
    under_way,
    unread,
)
from training_examples import TEXTURES, patch
from zoobridge.client import connect
from zoobridge.client._remote_project import image_message
from zoobridge.errors import (
    CancelledError,
    InvalidRequestError,
    ServerError,
    ServerUnavailableError,
    WorkerError,
)
from zoobridge.protocol.v1 import training_pb2, training_pb2_grpc

pytestmark = pytest.mark.timeout(900)


def test_a_call_is_repeated_where_the_process_ended_unless_it_would_act_twice(server, project):
    annotate(project, range(1))
    name = project.name
    with stopped(server, name) as process, under_way(process, project.undo) as undone:
        process.kill()
        with pytest.raises(WorkerError, match="its annotations are kept"):
            undone.result()
    assert project.summary().annotated == 2
    with stopped(server, name) as process, under_way(process, project.summary) as summary:
        process.kill()
        assert summary.result().annotated == 2


def test_a_project_that_is_deleted_under_a_call_does_not_come_back(server, client, folder):
    project = client.training_project("Deleted")
    before = set(folder.iterdir())

    def add():
        project.annotate(patch("brick", 0, side=64), "brick")

    with stopped(server, "Deleted") as process, under_way(process, add) as added:
        project.delete()
        with pytest.raises(InvalidRequestError, match="no training project 'Deleted'"):
            added.result()
    with pytest.raises(InvalidRequestError, match="no training project 'Deleted'"):
        project.delete()
    assert "Deleted" not in client.training_projects()
    after = set(folder.iterdir())
    assert len(before - after) == 1
    assert not after - before


def test_a_project_without_a_readable_description_hides_no_other(client, folder, project):
    for number, text in enumerate(('{"name"', "[]", '"text"', "\xff")):
        broken = folder / f"broken-{number}"
        broken.mkdir()
        (broken / "project.json").write_text(text, "latin-1")
    assert project.name in client.training_projects()


def test_a_full_disk_while_publishing_is_a_sentence_and_leaves_nothing(server, zoo, project):
    annotate(project, range(3))
    project.fit()
    process = process_of(server, project.name)
    before = sorted(zoo.iterdir())
    # The weights of a package take more; the kernel refuses as a full disk does.
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    with pytest.raises(ServerError, match=r"cannot be written.*File too large"):
        project.publish("Full disk")
    assert sorted(zoo.iterdir()) == before
    assert project.summary().annotated == 6


def test_a_fit_outlives_its_process(server, project):
    annotate(project, range(3))
    project.fit(seed=5)
    before = project.report()
    process_of(server, project.name).kill()
    after = project.report()
    assert after.json == before.json
    assert after.figures.confusion == before.figures.confusion


def test_a_fit_cancelled_while_features_are_computed_computes_no_more(folder, project):
    noise = np.random.default_rng(0).integers(0, 255, (64, 3840), np.uint8)
    before = _features(folder)
    # In one call, so that few are computed ahead.
    project.add(
        noise,
        regions=[(64 * place, 0, 64, 64) for place in range(60)],
        labels=[TEXTURES[place % 2] for place in range(60)],
        groups=[str(place) for place in range(60)],
    )

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.fit(on_step=stop)
    # Runs on the thread where the fit ran: it waits for the fit's end, or for that of its process, which is
    # ended where a fit does not stop within a second.
    with suppress(WorkerError):
        assert project.suggest(count=1, random=True) == []
    # Had the fit continued, the features of all would be there.
    assert _features(folder) - before < 60
    assert project.summary().annotated == 60
    assert len(project.annotations) == 60


def _features(folder):
    """The number of items whose features are kept."""
    file = folder / ".cache" / "zoobridge" / "training" / "features.sqlite"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT COUNT(*) FROM features").fetchone()[0]


def test_the_server_killed_in_the_middle_of_a_fit_loses_no_annotation(
    zoo, tmp_path, folder, zoobridge_server
):
    shutil.copytree(folder / ".cache", tmp_path / "projects" / ".cache")
    words = arguments(tmp_path / "projects")
    first = zoobridge_server(zoo, arguments=words)
    with connect(first.address, token="trains") as connected:
        opened = connected.training_project("Cells")
        annotate(opened, range(4))
        (process,) = processes(first)

        def kill(*_):
            first.process.send_signal(signal.SIGKILL)

        with pytest.raises((ServerUnavailableError, CancelledError)):
            opened.fit(on_step=kill)
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    second = zoobridge_server(zoo, arguments=words)
    with connect(second.address, token="trains") as connected:
        assert connected.training_projects() == ["Cells"]
        again = connected.training_project("Cells", existing=True)
        assert again.summary().annotated == 8
        assert again.fit().balanced_accuracy > 0.5


def test_few_explanations_are_under_way_and_who_is_gone_makes_room_at_once(server):
    request = training_pb2.ExplainRequest(
        model="brightness", image=image_message(np.zeros((16, 16), np.uint8), "", ""), windows=2
    )
    metadata = (("authorization", "Bearer classifies"),)
    with grpc.insecure_channel(server.address) as channel:
        stub = training_pb2_grpc.TrainingServiceStub(channel)

        def begin():
            return stub.Explain(request, metadata=metadata)

        assert list(begin())[-1].explanation.height == 16
        with stopped(server, "") as process:
            waiting = [begin() for _ in range(4)]
            wait_until(lambda: unread(process) > 4 * request.ByteSize())
            refused = begin()
            assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "try again when one is done" in refused.details()
            for one in waiting:
                one.cancel()
            # The process still does nothing, and the next caller has a place all the same.
            later = begin()
            wait_until(lambda: unread(process) > 5 * request.ByteSize())
        assert list(later)[-1].explanation.height == 16
