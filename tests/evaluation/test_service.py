"""EvaluationService over real gRPC: a server in a separate process, and the process of each run."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from served import SIZE, wait_until, write_package
from zoobridge.client import connect, connect_async, evaluation_request, evaluation_updates
from zoobridge.errors import (
    AuthenticationError,
    InvalidRequestError,
    PathPermissionError,
    ServerUnavailableError,
    UnknownModelError,
    WorkerError,
)
from zoobridge.evaluation import MEASURES, evaluate, read_dataset, readers

MODEL = "brightness@1.0.0"
MANY = 1500
# Pictures that a client sends ahead of the answers.
WINDOW = 64


def write_data(folder, each):
    """Pictures of two classes: bright ones, and dark ones of which one is mislabelled."""
    for label, level in (("bright", 200), ("dark", 50)):
        (folder / label).mkdir(parents=True)
        first = folder / label / "0000.png"
        Image.fromarray(np.full((SIZE, SIZE), level, np.uint8)).save(first)
        for number in range(1, each):
            os.link(first, folder / label / f"{number:04}.png")
    Image.fromarray(np.full((SIZE, SIZE), 210, np.uint8)).save(folder / "dark" / "wrong.png")
    return folder


@pytest.fixture(scope="module")
def allowed(tmp_path_factory):
    """What the administrator allowed: a little data, and much."""
    folder = tmp_path_factory.mktemp("allowed")
    write_data(folder / "few", 10)
    write_data(folder / "many", MANY // 2)
    return folder


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo")
    write_package(folder / "one", "brightness")
    write_package(folder / "two", "brightness", version="2.0.0")
    return folder


@pytest.fixture(scope="module")
def server(zoo, allowed, zoobridge_server):
    arguments = ("--device", "cpu", "--threads", "1", "--allow-path", str(allowed))
    return zoobridge_server(zoo, arguments=arguments)


@pytest.fixture(scope="module")
def client(server):
    return server.client


def asked(client, model=MODEL):
    """Number of items that the server has answered with a model."""
    return sum(copy.items for copy in client.model(model).loaded)


def processes(server):
    """The processes of evaluations that the server has started."""
    found = []
    for child in psutil.Process(server.process.pid).children():
        try:
            if "zoobridge.evaluation.service._process" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def cancelled_midway(client, server, data, run_id):
    """Begin a run, and close it once a few hundred pictures are answered."""
    with closing(client.evaluate_iter(MODEL, data, run_id=run_id)) as updates:
        for update in updates:
            assert update.result is None, "it was done before it could be cancelled"
            if update.progress is not None and update.progress.done >= 200:
                break
    wait_until(lambda: not processes(server))


def test_measures_and_readers_are_told_as_the_library_knows_them(client):
    told = client.measures()
    assert [one.name for one in told] == [one.name for one in MEASURES]
    for one, known in zip(told, MEASURES, strict=True):
        assert (one.description, one.applies, one.better) == (
            known.description, known.when, known.better,
        )  # fmt: skip
        assert (one.group, one.best, one.unit) == (known.group, known.best, known.unit)
    assert {one.name: dict(one.options) for one in client.dataset_readers()} == {
        name: dict(reader.options) for name, reader in readers().items()
    }


def test_a_service_measures_what_the_library_measures(client, allowed, tmp_path):
    quality = [one.name for one in MEASURES if one.group == "quality"]
    there = client.evaluate(MODEL, allowed / "few", measures=quality, seed=3)
    here = evaluate(
        client, [MODEL], read_dataset(allowed / "few"), folder=tmp_path, measures=quality, seed=3
    )
    (row,), (own,) = there.rows, here.rows
    assert row.name == own.run.name == f"{MODEL}:onnx"
    assert row.digest == own.run.digest
    assert list(row.values) == quality
    for name, value in row.values.items():
        assert (value.value, value.reason) == (own.measures[name].value, own.measures[name].reason)
        interval = own.intervals.get(name)
        assert (value.low, value.high) == (interval and interval.low, interval and interval.high)
    assert row.values["accuracy"].value == pytest.approx(20 / 21)
    assert row.labels == ("bright", "dark")
    assert row.confusion == ((10, 0), (1, 10))
    assert (row.items, row.failed) == (21, 0)
    assert list(there.conclusions) == list(here.conclusions)


def test_progress_and_tables_come_before_the_result(client, allowed):
    seen = []
    result = client.evaluate(
        [f"{MODEL}:onnx", "brightness@2.0.0"], allowed / "few", on_update=seen.append
    )
    assert {update.run_id for update in seen} == {result.run_id}
    assert {update.items for update in seen} == {21}
    assert [len(update.rows) for update in seen if update.result is None][-1] == 1
    done = [one.progress.models_done for one in seen if one.progress is not None]
    assert done == sorted(done)
    assert done[-1] == 2
    assert seen[-1].result == result
    assert {row.name for row in result.rows} == {f"{MODEL}:onnx", "brightness@2.0.0:onnx"}
    (pair,) = result.pairs
    assert (pair.only_first, pair.only_second, pair.adjusted) == (0, 0, 1)
    assert "does not prove them equal" in " ".join(result.conclusions)


def test_a_cancelled_run_goes_on_without_asking_again_what_is_answered(client, server, allowed):
    data = allowed / "many"
    cancelled_midway(client, server, data, "interrupted")
    (journal,) = server.folder.glob("cache/zoobridge/served-evaluations/interrupted/*.jsonl")
    kept = journal.read_bytes().count(b"\n") - 1
    assert 200 <= kept < MANY
    before = asked(client)
    seen = []
    result = client.evaluate(MODEL, data, run_id="interrupted", on_update=seen.append)
    assert min(one.progress.done for one in seen if one.progress and one.progress.done) >= kept
    total = MANY + 1
    assert result.rows[0].items == total
    # Beside what was left: a picture to warm up, those whose latency is measured, and what was on
    # its way when the first call was cancelled.
    assert total - kept <= asked(client) - before <= total - kept + 51 + WINDOW
    assert asked(client) - before < total
    again = asked(client)
    assert client.evaluate(MODEL, data, run_id="interrupted") == result
    assert asked(client) == again


def test_a_run_that_is_begun_anew_asks_everything_again(client, allowed):
    client.evaluate(MODEL, allowed / "few", run_id="anew")
    before = asked(client)
    client.evaluate(MODEL, allowed / "few", run_id="anew", restart=True)
    assert asked(client) - before >= 21


def test_a_call_waits_for_the_one_that_holds_its_run(client, server, allowed):
    found = []
    with closing(client.evaluate_iter(MODEL, allowed / "many", run_id="held")) as updates:
        next(updates)
        other = threading.Thread(
            target=lambda: found.append(client.evaluate(MODEL, allowed / "many", run_id="held"))
        )
        other.start()
        next(updates)
        assert len(processes(server)) == 1
    other.join(120)
    assert found[0].rows[0].items == MANY + 1


def test_a_run_whose_process_died_says_so_and_goes_on(client, server, allowed):
    with pytest.raises(WorkerError, match="continue where it stopped"):
        for update in client.evaluate_iter(MODEL, allowed / "many", run_id="died"):
            if update.progress is not None:
                processes(server)[0].kill()
    assert client.evaluate(MODEL, allowed / "many", run_id="died").rows[0].items == MANY + 1


def test_no_process_outlives_its_server(zoo, allowed, zoobridge_server):
    served = zoobridge_server(zoo, arguments=("--allow-path", str(allowed), "--grace", "0"))
    with (
        pytest.raises(ServerUnavailableError, match=f"no server answers at {served.address}"),
        closing(served.client.evaluate_iter(MODEL, allowed / "many")) as updates,
    ):
        next(updates)
        (process,) = processes(served)
        served.process.kill()
        for _ in updates:
            pass
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_the_server_itself_loads_no_statistics(client, server, allowed):
    client.evaluate(MODEL, allowed / "few")
    maps = psutil.Process(server.process.pid).memory_maps()
    mapped = {part for one in maps for part in Path(one.path).parts}
    assert "grpc" in mapped
    assert not mapped & {"scipy", "sklearn", "pandas", "pyarrow"}


def test_data_elsewhere_are_refused_whether_or_not_they_exist(client, allowed, tmp_path):
    write_data(tmp_path / "elsewhere", 2)
    (allowed / "link").symlink_to(tmp_path / "elsewhere")
    try:
        for data in (tmp_path / "elsewhere", tmp_path / "nothing", allowed / "link",
                     allowed / ".." / "elsewhere", "/"):  # fmt: skip
            with pytest.raises(PathPermissionError, match="administrator allow"):
                client.evaluate(MODEL, data)
    finally:
        (allowed / "link").unlink()
    with pytest.raises(InvalidRequestError, match="absolute path"):
        client.evaluate(MODEL, "few")


def test_nothing_that_the_data_name_elsewhere_is_read(client, allowed, tmp_path):
    write_data(tmp_path / "elsewhere", 2)
    secret = tmp_path / "elsewhere" / "bright" / "0000.png"
    table = allowed / "table.csv"
    table.write_text(f"path,label\nfew/bright/0000.png,bright\n{secret},bright\n")
    inside = allowed / "linked"
    write_data(inside, 2)
    (inside / "bright" / "more.png").symlink_to(secret)
    for data in (table, inside):
        with pytest.raises(PathPermissionError):
            client.evaluate(MODEL, data)
    labels = tmp_path / "labels.txt"
    labels.write_text("a secret line\n")
    for name in (labels, Path("../labels.txt")):
        with pytest.raises((PathPermissionError, InvalidRequestError)) as caught:
            client.evaluate(MODEL, allowed / "few", reader="folders", options={"labels": str(name)})
        assert "secret" not in str(caught.value)
        assert caught.value.field == "options.labels"


@pytest.mark.parametrize("way", ["absolute", "upwards", "link", "linked folder", "option"])
def test_a_label_image_elsewhere_is_refused_before_it_is_opened(client, allowed, tmp_path, way):
    # Anyone who opens it finds that it is none, and says so in another error.
    secret = tmp_path / "mask.png"
    secret.write_text("no label image")
    table = allowed / f"objects {way}" / "table.csv"
    table.parent.mkdir()
    link = table.parent / "link"
    link.symlink_to(tmp_path if way == "linked folder" else secret)
    named = {
        "absolute": secret,
        "upwards": os.path.relpath(secret, table.parent),
        "link": "link",
        "linked folder": "link/mask.png",
        "option": "",
    }[way]
    table.write_text(f"image,mask,object,label\n../few/bright/0000.png,{named},1,bright\n")
    options = {"mask": str(link)} if way == "option" else {}
    with pytest.raises(PathPermissionError, match="administrator allow") as caught:
        client.evaluate(MODEL, table, reader="objects", options=options)
    assert "not a label image" not in str(caught.value)


def test_an_allowed_label_image_is_read(client, allowed):
    folder = allowed / "objects"
    folder.mkdir()
    objects = np.zeros((SIZE, SIZE), np.uint8)
    objects[:2, :2] = 1
    Image.fromarray(objects).save(folder / "mask.png")
    picture = allowed / "few" / "bright" / "0000.png"
    table = folder / "table.csv"
    table.write_text(f"image,mask,object,label\n{picture},../objects/mask.png,1,bright\n")
    assert client.evaluate(MODEL, table).rows[0].items == 1


def test_a_server_without_allowed_folders_says_what_to_do(zoo, allowed, zoobridge_server):
    other = zoobridge_server(zoo, arguments=("--device", "cpu", "--threads", "1"))
    with pytest.raises(PathPermissionError, match=r"zoobridge evaluate.*administrator allow"):
        other.client.evaluate(MODEL, allowed / "few")


def test_an_allowed_label_file_is_read(client, allowed):
    labels = allowed / "labels.txt"
    labels.write_text("bright\n")
    result = client.evaluate(
        MODEL, allowed / "few", reader="folders", options={"labels": str(labels)}
    )
    assert result.rows[0].items == 10
    assert [Path(one.item).name for one in result.left_out] == ["dark"]


def test_what_nobody_knows_is_refused_with_the_names_that_are_known(client, allowed):
    data = allowed / "few"
    with pytest.raises(InvalidRequestError, match=r"acuracy.*accuracy"):
        client.evaluate(MODEL, data, measures=["acuracy"])
    with pytest.raises(InvalidRequestError, match=r"folder.*folders"):
        client.evaluate(MODEL, data, reader="folder")
    with pytest.raises(UnknownModelError, match="brightness"):
        client.evaluate("brightnes", data)
    with pytest.raises(InvalidRequestError, match=r"caffe.*onnx"):
        client.evaluate(f"{MODEL}:caffe", data)
    with pytest.raises(InvalidRequestError, match="at least one model"):
        client.evaluate([], data)
    with pytest.raises(InvalidRequestError, match="not a run id") as caught:
        client.evaluate(MODEL, data, run_id="../elsewhere")
    assert caught.value.field == "run_id"


def test_an_unreadable_picture_is_told_with_the_model_that_could_not_answer_it(client, allowed):
    data = write_data(allowed / "torn", 3)
    (data / "bright" / "torn.png").write_bytes(b"no picture")
    result = client.evaluate(MODEL, data)
    (failure,) = result.failures
    assert failure.item == str(data / "bright" / "torn.png")
    assert failure.model == f"{MODEL}:onnx"
    assert failure.reason
    assert (result.rows[0].items, result.rows[0].failed) == (7, 1)


def test_asyncio_has_the_same_calls(server, client, allowed):
    async def run():
        async with await connect_async(server.address) as there:
            assert await there.measures() == client.measures()
            assert await there.dataset_readers() == client.dataset_readers()
            seen = []
            found = await there.evaluate(MODEL, allowed / "few", on_update=seen.append)
            assert seen[-1].result == found
            updates = there.evaluate_iter(MODEL, allowed / "many", run_id="async")
            async for update in updates:
                if update.progress is not None:
                    break
            await updates.aclose()
            return found

    assert asyncio.run(run()).rows[0].values["accuracy"].value == pytest.approx(20 / 21)
    wait_until(lambda: not processes(server))


def test_credentials_of_another_kind_are_no_token(client, allowed):
    request = evaluation_request(MODEL, allowed / "few", measures=["accuracy"])
    call = client._evaluation.Evaluate(request, metadata=(("authorization", "Basic QTpi"),))
    *_, last = evaluation_updates(call)
    assert last.ended().rows[0].items == 21


def test_a_run_has_the_rights_of_its_caller(zoo, allowed, zoobridge_server):
    served = zoobridge_server(
        zoo,
        arguments=("--host", "0.0.0.0", "--expose-unencrypted", "--classification-token", "reader",
                   "--device", "cpu", "--threads", "1", "--allow-path", str(allowed)),
    )  # fmt: skip
    with connect(served.address, token="reader", tls=False) as reader:
        assert reader.evaluate(MODEL, allowed / "few").rows[0].items == 21
    with pytest.raises(AuthenticationError):
        connect(served.address, token="wrong", tls=False)
